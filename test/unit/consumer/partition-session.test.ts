import { expect, it } from 'vitest';
import { PartitionLedger } from '../../../src/consumer/ledger.js';
import { PartitionSession } from '../../../src/consumer/partition-session.js';
import { NOBODY } from '../../../src/consumer/record-owner.js';

const NOTES = { logicalTopic: 'notes', isDeadLetters: false };

it('a partition that was let go has nothing to commit any more, whatever is finished of it', () => {
  const place = { topic: 'notes', partition: 1 };
  const session = new PartitionSession(place, NOTES, new PartitionLedger(0), Buffer.alloc(8), undefined);
  session.ledger.receive(0, NOBODY);
  session.close();
  expect(session.beginCommit()).toBeUndefined();
});
