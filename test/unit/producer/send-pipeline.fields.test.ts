// Contracts that seal single fields, all the way: what is written, and what comes back of it with a real cipher.
import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent } from '../../../src/contract/define-event.js';
import { jsonSerde } from '../../../src/serde/json-serde.js';
import { ACME, Lettered, Noted } from '../../support/contracts.js';
import { PublishHarness } from '../../support/publish-harness.js';

const headerOf = (harness: PublishHarness, name: string, at = 0): Buffer | undefined =>
  harness.producer.taken[at]?.headers.find((header) => header.name === name)?.value;

it('writes the rest readable and the fields into the seal, in every record', async () => {
  const harness = new PublishHarness();
  for (const id of ['n1', 'n2']) {
    await harness.clock.advanceUntil(harness.publish({ id, note: 'secret-4711' }, { contract: Lettered }));
  }
  const values = harness.producer.taken.map(({ value }) => value?.toString());
  expect(values).toEqual(['{"id":"n1"}', '{"id":"n2"}']);
  for (const at of [0, 1]) expect(headerOf(harness, 'tenantry-seal', at)?.toString()).toContain('sealed:{"/note":');
});

it('writes a field that an event does not have nowhere', async () => {
  const harness = new PublishHarness();
  await harness.clock.advanceUntil(harness.publish({ id: 'n1' }, { contract: Lettered }));
  expect(harness.producer.taken[0]?.value?.toString()).toBe('{"id":"n1"}');
  expect(headerOf(harness, 'tenantry-seal')?.toString()).toContain('sealed:{}');
});

it('writes a tombstone with a seal that holds nothing', async () => {
  const harness = new PublishHarness();
  await harness.clock.advanceUntil(harness.pipeline.tombstone(ACME, Lettered, 'n1', {}));
  expect(harness.producer.taken[0]?.value).toBeNull();
  expect(headerOf(harness, 'tenantry-seal')?.toString()).not.toContain('sealed:');
});

it('threat 41: weighs the fields that go into the seal', async () => {
  const sizeOf = async (contract: typeof Noted | typeof Lettered): Promise<unknown> =>
    new PublishHarness({ maxRecordBytes: 200 })
      .publish({ id: 'n1', note: 'x'.repeat(200) }, { contract })
      .catch((error: unknown) => error);
  const plain = (await sizeOf(Noted)) as { sizeBytes: number };
  const sealed = (await sizeOf(Lettered)) as { sizeBytes: number };
  // `,"note":"…"` became `{"/note":"…"}` in a header with 20 bytes of overhead.
  const header = 6 + 'tenantry-seal'.length + 20;
  expect(sealed.sizeBytes - plain.sizeBytes).toBe(header + 2 + Lettered.eventType.length - Noted.eventType.length);
});

it('refuses data in which the place of a field is no object, and a serde that cannot take fields out', async () => {
  const Either = defineEvent({
    type: 'notes.either',
    version: 1,
    topic: 'notes',
    schema: z.object({ id: z.string(), card: z.union([z.string(), z.object({ number: z.string() })]) }),
    aggregateId: ({ id }) => id,
    protection: { fields: ['/card/number'] },
  });
  const harness = new PublishHarness();
  await expect(harness.publish({ id: 'n1', card: '4111' }, { contract: Either })).rejects.toMatchObject({
    code: 'SEALED_FIELDS_INVALID',
  });
  expect(harness.producer.taken).toEqual([]);
  const { encode, decode } = jsonSerde;
  const other = new PublishHarness({}, { encode, decode });
  await expect(other.publish({ id: 'n1' }, { contract: Lettered })).rejects.toMatchObject({ code: 'INVALID_CONTRACT' });
  await other.clock.advanceUntil(other.publish({ id: 'n1' }));
});
