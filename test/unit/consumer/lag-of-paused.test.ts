import { expect, it } from 'vitest';
import { delay } from '../../../src/core/clock.js';
import { Noted } from '../../support/contracts.js';
import { ConsumeHarness, type ConsumerProcess } from '../../support/consume-harness.js';
import { eventRecord } from '../../support/records.js';

it('the lag of a tenant that is paused with a queue goes on from its oldest record', async () => {
  const harness = new ConsumeHarness();
  const process: ConsumerProcess = await harness.start(
    (consumer) => consumer.on(Noted, () => delay(process.clock, 1_000)),
    { options: { concurrency: 1 } },
  );
  await harness.clock.advance(1_000);
  for (let index = 0; index < 50; index += 1)
    harness.kafka.append(eventRecord({ aggregate: `n${index}`, eventId: `e${index}` }));
  await harness.clock.advance(10_500);
  const [before] = process.consumer.lag();
  expect(before?.records).toBe(40);
  await harness.clock.advanceUntil(process.consumer.pauseTenant('acme'));
  await harness.clock.advance(600_000);
  const [paused] = process.consumer.lag();
  expect(paused).toMatchObject({ tenantId: 'acme', paused: true, parked: true, atLeast: true, records: 39 });
  expect(paused?.seconds).toBeGreaterThan(600);
});

it('the lag of a paused tenant goes on over a restart, and does not begin at zero', async () => {
  const harness = new ConsumeHarness();
  const start = (): Promise<ConsumerProcess> =>
    harness.start((consumer) => consumer.on(Noted, () => undefined), { options: { commitIntervalMs: 100 } });
  const first = await start();
  await harness.clock.advance(1_000);
  await harness.clock.advanceUntil(first.consumer.pauseTenant('acme'));
  harness.kafka.append(eventRecord());
  await harness.clock.advance(600_000);
  first.kill();
  const second = await start();
  await harness.clock.advance(60_000);
  expect(second.consumer.lag()[0]?.seconds).toBeGreaterThan(600);
});
