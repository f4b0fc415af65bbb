import { describe, expect, it } from 'vitest';
import { recordSizeBytes } from '../../../src/record/wire-record.js';
import { ACME, Noted, Signed, Whispered } from '../../support/contracts.js';
import { PublishHarness } from '../../support/publish-harness.js';
import type { OutgoingRecord } from '../../../src/record/wire-record.js';
import type { AnyEventContract } from '../../../src/contract/event-contract.js';
import type { PublishOptions } from '../../../src/api/publisher.js';

const EVENT_ID = 'e-1';

async function recordOf(contract: AnyEventContract, options: PublishOptions = {}): Promise<OutgoingRecord> {
  const harness = new PublishHarness();
  await harness.clock.advanceUntil(
    harness.publish({ id: 'x' }, { contract, options: { eventId: EVENT_ID, ...options } }),
  );
  return harness.producer.taken[0]!;
}

const named = (record: OutgoingRecord): Record<string, string> =>
  Object.fromEntries(record.headers.map(({ name, value }) => [name, value.toString()]));

describe('the record of an event', () => {
  it('has its key and three headers, and no other', async () => {
    const record = await recordOf(Noted);
    expect(named(record)).toEqual({ 'tenant-id': 'acme', 'event-type': 'notes.noted.v1', 'event-id': EVENT_ID });
    expect(record).toMatchObject({
      topic: 'notes',
      key: Buffer.from('acme:x'),
      value: Buffer.from('{"id":"x"}'),
      timestampMs: Date.UTC(2026, 0, 1),
    });
  });

  it('carries the event time in a header only where nothing else does', async () => {
    const timestamp = new Date(1_234);
    expect(named(await recordOf(Noted, { timestamp }))['event-time']).toBe('1234');
    expect(named(await recordOf(Noted, { timestamp: new Date(Date.UTC(2026, 0, 1)) }))).not.toHaveProperty(
      'event-time',
    );
    expect(named(await recordOf(Whispered, { timestamp }))).not.toHaveProperty('event-time');
    expect(named(await recordOf(Signed, { timestamp }))).not.toHaveProperty('event-time');
    expect((await recordOf(Noted, { timestamp })).timestampMs).toBe(Date.UTC(2026, 0, 1));
  });

  it("puts the application's headers last, whatever they are called", async () => {
    const headers = JSON.parse('{"__proto__":"p","zeta":"z"}') as Record<string, string>;
    const record = await recordOf(Signed, { headers });
    expect(record.headers.map(({ name }) => name)).toEqual([
      'tenant-id',
      'event-type',
      'event-id',
      'tenantry-seal',
      '__proto__',
      'zeta',
    ]);
  });

  it.each([
    ['none', Noted],
    ['confidential', Whispered],
  ] as const)('weighs what was charged for it (%s)', async (_protection, contract) => {
    const harness = new PublishHarness({ onLimit: 'reject' });
    harness.limitOf.set(ACME, { bytesPerSecond: 1_000 });
    const publish = harness.publish({ id: 'x', note: 'n'.repeat(400) }, { contract });
    const record = harness.producer.taken[0]!;
    await harness.clock.advanceUntil(publish);
    // The fake envelope is 7 bytes where the cipher promised at most 20.
    const slack = contract === Whispered ? 13 : 0;
    const charged = recordSizeBytes(record) + slack;
    await harness.clock.advance(10_000);
    expect(harness.limiter.tryAdmit(ACME, { bytes: 1_000 - charged })).toBe(0);
    expect(harness.limiter.tryAdmit(ACME, { bytes: charged })).toBe(0);
    expect(harness.limiter.tryAdmit(ACME, { bytes: 1 })).toBeGreaterThan(0);
  });
});
