import { describe, expect, it } from 'vitest';
import { consumerHealth } from '../../../src/consumer/health.js';
import { PartitionLedger } from '../../../src/consumer/ledger.js';
import { PartitionSession } from '../../../src/consumer/partition-session.js';

const session = (): PartitionSession =>
  new PartitionSession({ topic: 'notes', partition: 1 }, 'notes', new PartitionLedger(0), Buffer.alloc(8), undefined);
const well = { fault: undefined, overdue: 0, failingCopies: 0, sessions: [session()] };

describe('health', () => {
  it('is live where nothing is wrong', () => {
    expect(consumerHealth(well)).toEqual({ status: 'live', reasons: [] });
  });

  it('is stuck for a fault of the client, and for handlers beyond their time', () => {
    expect(consumerHealth({ ...well, fault: { kind: 'unreadable', reason: 'Local: bad compression' } })).toEqual({
      status: 'stuck',
      reasons: ['unreadable: Local: bad compression'],
    });
    expect(consumerHealth({ ...well, overdue: 2, failingCopies: 1 })).toMatchObject({ status: 'stuck' });
  });

  it('is degraded for copies that are not taken, for the third refused commit, and for progress that does not fit', () => {
    expect(consumerHealth({ ...well, failingCopies: 1 }).status).toBe('degraded');
    const refused = session();
    for (let count = 1; count <= 3; count += 1) {
      const ledger = refused.ledger;
      ledger.finish(ledger.receive(count) === 'take' ? count : -1);
      refused.endCommit(refused.beginCommit()!, { ok: false, reason: 'x', metadataTooLarge: false });
      expect(consumerHealth({ ...well, sessions: [refused] }).status).toBe(count < 3 ? 'live' : 'degraded');
    }
    const full = session();
    for (let offset = 0; offset < 210_000; offset += 1) {
      if (full.ledger.receive(offset) === 'take' && (offset % 2 === 1 || offset > 10_000)) full.ledger.finish(offset);
    }
    full.beginCommit();
    expect(consumerHealth({ ...well, sessions: [full] })).toMatchObject({ status: 'degraded' });
  });
});
