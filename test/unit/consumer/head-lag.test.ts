import { expect, it } from 'vitest';
import { Noted } from '../../support/contracts.js';
import { ConsumeHarness } from '../../support/consume-harness.js';
import { eventRecord } from '../../support/records.js';

it('the lag of the head counts what nobody has read, and nothing of a tenant that is behind', async () => {
  const harness = new ConsumeHarness(2);
  const process = await harness.start((consumer) => consumer.on(Noted, () => new Promise(() => undefined)), {
    options: { maxBufferedRecords: 20, handlerTimeoutMs: 86_400_000 },
  });
  expect(process.consumer.headLag()).toEqual([]);
  await harness.clock.advance(1_000);
  for (let index = 0; index < 100; index += 1)
    harness.kafka.append(eventRecord({ partition: 0, eventId: `e${index}`, aggregate: `n${index}` }));
  await harness.clock.advance(5_000);
  // One tenant holds half of the buffer, and is parked.
  expect(process.consumer.lag()).toMatchObject([{ tenantId: 'acme', records: 100, parked: true }]);
  const all = [
    { topic: 'notes', partition: 0, unread: 0 },
    { topic: 'notes', partition: 1, unread: 0 },
  ];
  expect(process.consumer.headLag()).toEqual(all);
  harness.kafka.faults.holdBack = (client) => client === 'group';
  for (let index = 0; index < 7; index += 1)
    harness.kafka.append(eventRecord({ partition: 1, eventId: `f${index}`, tenant: 'globex' }));
  await harness.clock.advance(1_000);
  expect(process.consumer.headLag()).toEqual([all[0], { ...all[1], unread: 7 }]);
  harness.kafka.faults.holdBack = () => false;
  await harness.clock.advance(1_000);
  expect(process.consumer.headLag()).toEqual(all);
});

it('the lag of the head is not known where the client has not heard of the end of a log', async () => {
  const harness = new ConsumeHarness();
  const process = await harness.start((consumer) => consumer.on(Noted, () => undefined));
  await harness.clock.advance(1_000);
  process.member.knownEnd = () => undefined;
  expect(process.consumer.headLag()).toEqual([{ topic: 'notes', partition: 0, unread: undefined }]);
});

it('the lag of the head grows also while reading waits, and the client hears of no end', async () => {
  const harness = new ConsumeHarness();
  const process = await harness.start((consumer) => consumer.on(Noted, () => new Promise(() => undefined)), {
    options: { maxBufferedRecords: 10, handlerTimeoutMs: 86_400_000 },
  });
  await harness.clock.advance(1_000);
  for (let index = 0; index < 30; index += 1)
    harness.kafka.append(eventRecord({ tenant: `t${index}`, eventId: `e${index}` }));
  await harness.clock.advance(5_000);
  expect(process.member.paused.length).toBeGreaterThan(0);
  const heard = harness.kafka.log('notes').range.highOffset;
  process.member.knownEnd = () => heard;
  const [before] = process.consumer.headLag();
  for (let index = 0; index < 500; index += 1)
    harness.kafka.append(eventRecord({ tenant: `t${index}`, eventId: `f${index}` }));
  await harness.clock.advance(61_000);
  expect(process.consumer.headLag()[0]?.unread).toBe((before?.unread ?? 0) + 500);
});
