// Controls whose writing, or whose confirmation, the broker does not answer for.
import { expect, it } from 'vitest';
import { controlTopic } from '../../../../src/routing/naming.js';
import type { DeliveryFailure } from '../../../../src/transport/port.js';
import { Noted } from '../../../support/contracts.js';
import { ConsumeHarness, GROUP, type ConsumerProcess } from '../../../support/consume-harness.js';
import { eventRecord } from '../../../support/records.js';
import type { FakeProducer } from '../../../support/fake-producer.js';

interface Reading {
  readonly harness: ConsumeHarness;
  readonly process: ConsumerProcess;
  readonly producer: FakeProducer;
  readonly begun: string[];
}

/** A worker whose group has begun to read all its partitions. */
async function reading(): Promise<Reading> {
  const harness = new ConsumeHarness();
  const begun: string[] = [];
  const process = await harness.start((consumer) => consumer.on(Noted, ({ id }) => begun.push(id)), {
    options: { commitIntervalMs: 100 },
  });
  await harness.clock.advance(1_000);
  const [producer] = process.transport.producers;
  if (producer === undefined) throw new Error('no producer');
  return { harness, process, producer, begun };
}

it('a pause whose delivery report is lost may be in force, and the error says so', async () => {
  const { harness, process, producer, begun } = await reading();
  producer.manual = true;
  const pause = process.consumer.pauseTenant('acme').catch((error: unknown) => error);
  await harness.clock.advance(10);
  const [inFlight] = producer.inFlight;
  if (inFlight === undefined) throw new Error('nothing was written');
  harness.kafka.append(inFlight.record);
  inFlight.report({ failure: { kind: 'unknown', reason: 'Local: Message timed out' } });
  expect(await harness.clock.advanceUntil(pause)).toMatchObject({
    code: 'CONTROL_UNCONFIRMED',
    message: expect.stringMatching(/may be written.*Local: Message timed out/),
    partitions: [],
    retryable: true,
  });
  await harness.clock.advance(1_000);
  harness.kafka.append(eventRecord({ tenant: 'acme' }));
  await harness.clock.advance(1_000);
  expect(begun).toEqual([]);
});

it.each<DeliveryFailure['kind']>(['failed', 'refused', 'invalid'])(
  'one of which the broker says that it is not written (%s) fails so',
  async (kind) => {
    const { harness, process } = await reading();
    harness.kafka.faults.produce = () => ({ kind, reason: 'Broker: No' });
    await expect(harness.clock.advanceUntil(process.consumer.pauseTenant('acme'))).rejects.toMatchObject({
      code: 'PUBLISH_FAILED',
      message: expect.stringContaining('was not written: Broker: No'),
    });
    expect(harness.kafka.log(controlTopic(GROUP)).records).toEqual([]);
  },
);
