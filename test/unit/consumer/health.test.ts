import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/core/error-codes.js';
import { consumerHealth } from '../../../src/consumer/health.js';
import { PartitionLedger } from '../../../src/consumer/ledger/ledger.js';
import { PartitionSession } from '../../../src/consumer/ledger/partition-session.js';
import { NOBODY } from '../../../src/consumer/ledger/record-owner.js';

const NOTES = { logicalTopic: 'notes', isDeadLetters: false };

const place = { topic: 'notes', partition: 1 };
const session = (): PartitionSession =>
  new PartitionSession(place, NOTES, new PartitionLedger(0), Buffer.alloc(8), undefined);
const well = {
  fault: undefined,
  isAssigned: true,
  overdue: [],
  failingCopies: 0,
  controlFault: undefined,
  catchUpFault: undefined,
  isDedupeAway: false,
  isErasureNoticeFailing: false,
  sessions: [session()],
  delayed: [],
  endangered: [],
  stalled: [],
  unanswered: [],
  held: new Map<ErrorCode, number>(),
};

describe('health', () => {
  it('is live where nothing is wrong, also where the group has no partition for this member', () => {
    expect(consumerHealth(well)).toEqual({ status: 'live', reasons: [] });
    expect(consumerHealth({ ...well, sessions: [] })).toEqual({ status: 'live', reasons: [] });
  });

  it('is stuck for a fault of the client, for handlers beyond their time, and for a partition that cannot be read', () => {
    expect(consumerHealth({ ...well, fault: { kind: 'fatal', reason: 'Local: fatal error' } })).toEqual({
      status: 'stuck',
      reasons: ['fatal: Local: fatal error'],
    });
    const overdue = Array.from({ length: 7 }, (_, offset) => ({
      record: { topic: 'notes', partition: 1, offset },
      payer: 'acme',
    }));
    const { status, reasons } = consumerHealth({ ...well, overdue, failingCopies: 1 });
    expect(status).toBe('stuck');
    expect(reasons.slice(0, 6)).toEqual([
      ...[0, 1, 2, 3, 4].map(
        (offset) => `notes/1: the handler for tenant acme at offset ${offset} has not settled though its time is over`,
      ),
      '2 more handlers have not settled though their time is over',
    ]);
    expect(consumerHealth({ ...well, stalled: [{ ...place, position: 7, isDeadLetters: false }] })).toMatchObject({
      status: 'stuck',
      reasons: [expect.stringMatching(/^notes\/1: there are records at offset 7/)],
    });
    // No event waits behind a dead letter.
    expect(consumerHealth({ ...well, stalled: [{ ...place, position: 7, isDeadLetters: true }] }).status).toBe(
      'degraded',
    );
  });

  it('is degraded until the group has told the partitions, and for those that the broker cannot be asked about', () => {
    expect(consumerHealth({ ...well, sessions: [], isAssigned: false }).status).toBe('degraded');
    expect(consumerHealth({ ...well, endangered: [place] }).status).toBe('degraded');
    expect(consumerHealth({ ...well, unanswered: [place] })).toEqual({
      status: 'degraded',
      reasons: ['notes/1: the broker does not answer'],
    });
    expect(consumerHealth({ ...well, isDedupeAway: true })).toMatchObject({ status: 'degraded' });
    expect(consumerHealth({ ...well, isErasureNoticeFailing: true })).toMatchObject({ status: 'degraded' });
    expect(consumerHealth({ ...well, catchUpFault: 'Local: Fatal error' })).toMatchObject({
      status: 'degraded',
      reasons: [expect.stringContaining('Local: Fatal error')],
    });
    expect(consumerHealth({ ...well, controlFault: 'Broker: Topic authorization failed' })).toMatchObject({
      status: 'degraded',
      reasons: [expect.stringContaining('Broker: Topic authorization failed')],
    });
    expect(consumerHealth({ ...well, delayed: [place] })).toMatchObject({
      status: 'degraded',
      reasons: [expect.stringMatching(/^notes\/1: /)],
    });
  });

  it('is degraded while records are held, by what they wait for; of keys the tenants are told in its place', () => {
    const held = new Map<ErrorCode, number>([
      ['SCHEMA_REGISTRY_AWAY', 3],
      ['KEY_SERVICE_AWAY', 1],
    ]);
    expect(consumerHealth({ ...well, held })).toEqual({
      status: 'degraded',
      reasons: ['3 records are held, and asked about again: SCHEMA_REGISTRY_AWAY'],
    });
  });

  it('is degraded for copies that are not taken, for the third refused commit, and for progress that does not fit', () => {
    expect(consumerHealth({ ...well, failingCopies: 1 }).status).toBe('degraded');
    const refused = session();
    for (let count = 1; count <= 3; count += 1) {
      refused.ledger.receive(count, NOBODY);
      refused.endCommit(refused.beginCommit()!, { ok: false, reason: 'x', metadataTooLarge: false });
      expect(consumerHealth({ ...well, sessions: [refused] }).status).toBe(count < 3 ? 'live' : 'degraded');
    }
    const full = session();
    for (let offset = 0; offset < 210_000; offset += 1) {
      full.ledger.receive(offset, NOBODY);
      if (offset % 2 === 0 && offset <= 10_000) full.ledger.take(offset);
    }
    full.beginCommit();
    expect(consumerHealth({ ...well, sessions: [full] })).toMatchObject({ status: 'degraded' });
  });
});
