import { expect, it } from 'vitest';
import type { ConsumerOptions } from '../../../src/api/consumer.js';
import { Noted } from '../../support/contracts.js';
import { ConsumeHarness, type ConsumerProcess } from '../../support/consume-harness.js';
import { eventRecord } from '../../support/records.js';

const RECORDS = 400;
const BYTES = 10_000;

/** A process that is killed while handlers hold all of its records, and the one that inherits them, of which none ends either. */
async function inherited(options: ConsumerOptions): Promise<{
  harness: ConsumeHarness;
  heir: ConsumerProcess;
  handled: Set<string>;
  release: () => void;
}> {
  const harness = new ConsumeHarness();
  const handled = new Set<string>();
  for (let index = 0; index < RECORDS; index += 1)
    harness.kafka.append(
      eventRecord({
        eventId: `e${index}`,
        aggregate: `n${index}`,
        tenant: `tenant${index % 4}`,
        data: { id: 'n', text: 'x'.repeat(BYTES) },
      }),
    );
  const first = await harness.start((consumer) => consumer.on(Noted, () => new Promise(() => undefined)), {
    options: { handlerTimeoutMs: 86_400_000 },
  });
  await harness.clock.advance(3_000);
  first.kill();
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const heir = await harness.start(
    (consumer) =>
      consumer.on(Noted, async ({ id }) => {
        await released;
        handled.add(id);
      }),
    { options: { handlerTimeoutMs: 86_400_000, ...options } },
  );
  await harness.clock.advance(5_000);
  return { harness, heir, handled, release };
}

it('holds of what predecessors had taken no more than its own bytes, and one small chunk', async () => {
  const maxBufferedBytes = 205 * BYTES;
  const { harness, heir, handled, release } = await inherited({ maxBufferedBytes });
  const read = heir.member.position({ topic: 'notes', partition: 0 }) ?? 0;
  expect(read).toBeGreaterThanOrEqual(190);
  expect(read * BYTES).toBeLessThanOrEqual(maxBufferedBytes + 8 * BYTES);
  release();
  await harness.clock.advance(60_000);
  expect(handled.size).toBe(RECORDS);
  expect(harness.committed()).toBe(RECORDS);
  expect(heir.consumer.counts().handled).toBe(RECORDS);
});

it('comes to an end where not one of the records fits into its bytes', async () => {
  const { harness, heir, handled, release } = await inherited({ maxBufferedBytes: 1_024, maxBufferedRecords: 1 });
  expect(heir.member.position({ topic: 'notes', partition: 0 })).toBeLessThanOrEqual(8);
  release();
  await harness.clock.advance(200_000);
  expect(handled.size).toBe(RECORDS);
  expect(heir.consumer.counts().handled).toBe(RECORDS);
});
