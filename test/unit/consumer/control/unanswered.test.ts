// Controls whose writing, or whose confirmation, the broker does not answer for.
import { describe, expect, it } from 'vitest';
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

/** How a call ends, and after how many milliseconds. */
async function endOf(harness: ConsumeHarness, call: Promise<unknown>): Promise<{ error: unknown; afterMs: number }> {
  const startMs = harness.clock.monotonicMs();
  const error = await harness.clock.advanceUntil(call.catch((reason: unknown) => reason));
  return { error, afterMs: harness.clock.monotonicMs() - startMs };
}

describe('while the writing is not answered', () => {
  it('the call ends with its time, and says that it may be in force', async () => {
    const { harness, process } = await reading();
    harness.kafka.faults.produce = () => 'never';
    const { error, afterMs } = await endOf(harness, process.consumer.pauseTenant('acme', { timeoutMs: 1_000 }));
    expect(error).toMatchObject({ code: 'CONTROL_UNCONFIRMED', message: expect.stringContaining('may be written') });
    expect(afterMs).toBe(1_000);
  });

  it('the call ends with its signal', async () => {
    const { harness, process } = await reading();
    harness.kafka.faults.produce = () => 'never';
    const abort = new AbortController();
    harness.clock.setTimer(100, () => {
      abort.abort();
    });
    const { error, afterMs } = await endOf(harness, process.consumer.pauseTenant('acme', { signal: abort.signal }));
    expect(error).toMatchObject({ code: 'ABORTED', message: expect.stringContaining('may be in force') });
    expect(afterMs).toBe(100);
  });
});

describe('while look-ups', () => {
  it.each([
    ['hang', () => new Promise<never>(() => undefined), 'the broker has not answered'],
    ['fail', () => Promise.reject(new Error('Local: Timed out')), 'Local: Timed out'],
  ])('%s, the call ends with its time, says so, and names the partitions', async (_what, committed, reason) => {
    const { harness, process } = await reading();
    process.member.committed = committed;
    const { error, afterMs } = await endOf(harness, process.consumer.pauseTenant('acme', { timeoutMs: 1_000 }));
    expect(error).toMatchObject({
      code: 'CONTROL_UNCONFIRMED',
      message: expect.stringContaining(`could not be looked up (${reason}); not known to have confirmed it: notes/0, `),
      partitions: ['notes/0', `${GROUP}.notes.dlq/0`],
    });
    expect(afterMs).toBe(1_000);
  });

  it('of the partitions fail, the message names none and says why', async () => {
    const { harness, process } = await reading();
    harness.kafka.faults.lookup = () => true;
    const { error } = await endOf(harness, process.consumer.pauseTenant('acme', { timeoutMs: 1_000 }));
    expect(error).toMatchObject({
      message: expect.stringMatching(/could not be looked up \(Local: Timed out\)$/),
      partitions: [],
    });
  });

  it('hang, the call ends with its signal', async () => {
    const { harness, process } = await reading();
    process.member.committed = () => new Promise<never>(() => undefined);
    const abort = new AbortController();
    harness.clock.setTimer(100, () => {
      abort.abort();
    });
    const { error, afterMs } = await endOf(harness, process.consumer.pauseTenant('acme', { signal: abort.signal }));
    expect(error).toMatchObject({ code: 'ABORTED' });
    expect(afterMs).toBe(100);
  });

  it('hang, a skip that waits for the group to begin is told in time all the same', async () => {
    const { harness, process } = await reading();
    process.member.committed = () => new Promise<never>(() => undefined);
    const skip = process.consumer.skipTenant(
      'acme',
      { to: [{ topic: 'notes', partition: 0, offset: 0 }] },
      { timeoutMs: 1_000 },
    );
    const { error } = await endOf(harness, skip);
    expect(error).toMatchObject({ code: 'CONTROL_UNCONFIRMED', message: expect.stringContaining('it is written') });
    expect(harness.kafka.log(controlTopic(GROUP)).records.length).toBe(1);
  });
});
