import { expect, it } from 'vitest';
import type { TenantryError } from '../../../src/core/errors.js';
import { cloudEventHeaders } from '../../../src/producer/cloud-event-headers.js';
import { validateEvent, validateTombstone } from '../../../src/producer/validate-stage.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { compileOptions } from '../../../src/client/client-options.js';
import { ACME, Lettered, Noted, Signed, Whispered } from '../../support/contracts.js';
import { PublishHarness } from '../../support/publish-harness.js';

const clock = new VirtualClock();
const describe = cloudEventHeaders('/shop', 'application/json');
const texts = (headers: ReturnType<typeof describe>): Record<string, string> =>
  Object.fromEntries(headers.map(({ name, value }) => [name, value.toString()]));

it('names the event as its own headers do', () => {
  const options = { eventId: 'id-1', timestamp: new Date('2026-01-31T10:00:00.123Z') };
  expect(texts(describe(validateEvent(ACME, Noted, { id: 'n1' }, options, clock)))).toEqual({
    ce_specversion: '1.0',
    ce_source: '/shop',
    ce_type: 'notes.noted.v1',
    ce_id: 'id-1',
    ce_time: '2026-01-31T10:00:00.123Z',
    'content-type': 'application/json',
  });
});

it.each([
  ['of readable values', Noted, 'application/json'],
  ['of authentic values', Signed, 'application/json'],
  ['of values without their sealed fields', Lettered, 'application/json'],
  ['of sealed values', Whispered, 'application/vnd.tenantry.sealed'],
])('tells the media type %s', (_what, contract, expected) => {
  expect(texts(describe(validateEvent(ACME, contract, { id: 'n1' }, {}, clock)))['content-type']).toBe(expected);
});

it('tells no media type of a tombstone, and octets where the serde does not say', () => {
  expect(texts(describe(validateTombstone(ACME, Signed, 'n1', {}, clock)))).not.toHaveProperty('content-type');
  const framed = cloudEventHeaders('/shop');
  expect(texts(framed(validateEvent(ACME, Noted, { id: 'n1' }, {}, clock)))['content-type']).toBe(
    'application/octet-stream',
  );
});

it('leaves out a time that RFC 3339 has no form for', () => {
  const timestamp = new Date(Date.UTC(10_000, 0, 1));
  expect(texts(describe(validateEvent(ACME, Noted, { id: 'n1' }, { timestamp }, clock)))).not.toHaveProperty('ce_time');
});

it("refuses an application's own media type, which would be a second one", () => {
  const headers = { 'Content-Type': 'text/plain' };
  expect(() => describe(validateEvent(ACME, Noted, { id: 'n1' }, { headers }, clock))).toThrow(
    expect.objectContaining({ code: 'INVALID_HEADER' }),
  );
});

it('stands before the headers of the application', async () => {
  const plain = new PublishHarness();
  const described = new PublishHarness({}, undefined, describe);
  const publish = (harness: PublishHarness) =>
    harness.clock.advanceUntil(harness.publish({ id: 'n1' }, { options: { eventId: 'id-1', headers: { own: 'x' } } }));
  await publish(plain);
  await publish(described);
  const names = (harness: PublishHarness) => harness.producer.taken[0]?.headers.map(({ name }) => name);
  expect(names(plain)).toEqual(['tenant-id', 'event-type', 'event-id', 'own']);
  expect(names(described)).toEqual([
    ...['tenant-id', 'event-type', 'event-id'],
    ...['ce_specversion', 'ce_source', 'ce_type', 'ce_id', 'ce_time', 'content-type'],
    'own',
  ]);
});

it('counts against the size of the record', async () => {
  const endings = [undefined, describe].map((described) => {
    const harness = new PublishHarness({ maxRecordBytes: 300 }, undefined, described);
    return harness.clock.advanceUntil(harness.ending({ id: 'n1' }));
  });
  expect(await Promise.all(endings)).toEqual([expect.objectContaining({ topic: 'notes' }), 'RECORD_TOO_LARGE']);
});

it.each(['', 'a b', 'http://[', 'x'.repeat(257), 'käse'])('takes no source %j', (source) => {
  let error: TenantryError | undefined;
  try {
    compileOptions({ clientId: 'shop', brokers: ['localhost:9092'], cloudEvents: { source } });
  } catch (thrown) {
    error = thrown as TenantryError;
  }
  expect(error).toMatchObject({ code: 'INVALID_OPTIONS', problems: [{ path: 'cloudEvents.source' }] });
});

it.each(['/shop', 'shop', 'https://example.com/shop?x#y', 'urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66'])(
  'takes the source %s',
  (source) => {
    const options = { clientId: 'shop', brokers: ['localhost:9092'], cloudEvents: { source } };
    expect(compileOptions(options).cloudEvents).toEqual({ source });
  },
);
