import { expect, it } from 'vitest';
import { PartitionLedger } from '../../../../src/consumer/ledger/ledger.js';
import { PartitionSession } from '../../../../src/consumer/ledger/partition-session.js';
import { NOBODY } from '../../../../src/consumer/ledger/record-owner.js';

const NOTES = { logicalTopic: 'notes', isDeadLetters: false };

it('a partition that was let go has nothing to commit any more, whatever is finished of it', () => {
  const place = { topic: 'notes', partition: 1 };
  const session = new PartitionSession(place, NOTES, new PartitionLedger(0), Buffer.alloc(8), undefined);
  session.ledger.receive(0, NOBODY);
  session.close();
  expect(session.beginCommit()).toBeUndefined();
});

it('a commit without an answer may have been taken: what was committed before it is committed again', () => {
  const place = { topic: 'notes', partition: 1 };
  const session = new PartitionSession(place, NOTES, new PartitionLedger(5), Buffer.alloc(8), undefined);
  const commit = (ok: boolean): number | undefined => {
    const request = session.beginCommit();
    if (request === undefined) return undefined;
    session.endCommit(request, ok ? { ok } : { ok, reason: 'no answer in time', metadataTooLarge: false });
    return request.offset;
  };
  expect([commit(true), commit(true)]).toEqual([5, undefined]);
  session.ledger.take(3);
  expect(commit(false)).toBe(3);
  session.ledger.finish(3);
  expect([commit(true), commit(true)]).toEqual([5, undefined]);
});
