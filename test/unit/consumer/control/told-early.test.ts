// Controls that are told before the group has opened a partition for the first time, or between two of its owners.
import { describe, expect, it } from 'vitest';
import type { ConsumerOptions } from '../../../../src/api/consumer.js';
import { delay } from '../../../../src/core/clock.js';
import { controlTopic } from '../../../../src/routing/naming.js';
import { Noted } from '../../../support/contracts.js';
import { ConsumeHarness, GROUP, type ConsumerProcess } from '../../../support/consume-harness.js';
import { eventRecord } from '../../../support/records.js';

async function reading(
  harness: ConsumeHarness,
  handlerMs: number,
  options: ConsumerOptions = {},
): Promise<{ readonly process: ConsumerProcess; readonly begun: string[] }> {
  const begun: string[] = [];
  const process: ConsumerProcess = await harness.start(
    (consumer) =>
      consumer.on(Noted, async (event, { replay }) => {
        begun.push(replay ? `${event.id}*` : event.id);
        await delay(process.clock, handlerMs);
      }),
    { options: { commitIntervalMs: 100, ...options } },
  );
  return { process, begun };
}

function write(harness: ConsumeHarness, count: number): void {
  for (let index = 0; index < count; index += 1) {
    harness.kafka.append(eventRecord({ aggregate: `n${index}`, eventId: `acme-${index}` }));
  }
}

const NOTES = { topic: 'notes', partition: 0 };

describe('what is told of a partition that the group opens for the first time', () => {
  it('a skip is obeyed once it is confirmed', async () => {
    const harness = new ConsumeHarness();
    write(harness, 50);
    const { process, begun } = await reading(harness, 100, { concurrency: 1 });
    await harness.clock.advanceUntil(process.consumer.skipTenant('acme', { to: 'end' }));
    const before = begun.length;
    expect(before).toBeLessThan(50);
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(begun.length).toBe(before);
  });

  it('a replay is obeyed once it is confirmed', async () => {
    const harness = new ConsumeHarness();
    write(harness, 5);
    const { process, begun } = await reading(harness, 1, { startFrom: 'latest' });
    await harness.clock.advanceUntil(process.consumer.replayTenant('acme', { from: new Date(0) }));
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(begun.sort()).toEqual(['acme-0*', 'acme-1*', 'acme-2*', 'acme-3*', 'acme-4*']);
  });

  it('is told all the same, and not confirmed, where the group does not open it in time', async () => {
    const harness = new ConsumeHarness();
    const { process } = await reading(harness, 1);
    harness.kafka.faults.commit = () => 'refuse';
    const skip = process.consumer.skipTenant('acme', { to: 'end' }, { timeoutMs: 2_000 });
    await expect(harness.clock.advanceUntil(skip)).rejects.toMatchObject({ code: 'CONTROL_UNCONFIRMED' });
    expect(harness.kafka.log(controlTopic(GROUP)).records.length).toBe(1);
  });
});

it('a call whose signal is aborted before tells nothing', async () => {
  const harness = new ConsumeHarness();
  const { process } = await reading(harness, 1);
  await harness.clock.advance(1_000);
  const pause = process.consumer.pauseTenant('acme', { signal: AbortSignal.abort() });
  await expect(harness.clock.advanceUntil(pause)).rejects.toMatchObject({ code: 'ABORTED' });
  expect(harness.kafka.log(controlTopic(GROUP)).records).toEqual([]);
});

it('a skip between two owners passes over what the first had taken', async () => {
  const harness = new ConsumeHarness();
  write(harness, 3);
  const first = await reading(harness, 3_600_000, { handlerTimeoutMs: 7_200_000 });
  await harness.clock.advance(1_000);
  expect(first.begun.length).toBe(3);
  const second = await reading(harness, 1);
  await harness.clock.advance(1_000);
  first.process.kill();
  const skip = second.process.consumer.skipTenant('acme', { to: [{ ...NOTES, offset: 2 }] }, { timeoutMs: 60_000 });
  await harness.clock.advance(500);
  harness.kafka.group(GROUP).give(NOTES, second.process.member);
  harness.kafka.group(GROUP).give({ topic: `${GROUP}.notes.dlq`, partition: 0 }, second.process.member);
  await harness.clock.advanceUntil(skip);
  await harness.clock.advanceUntil(second.process.consumer.caughtUp());
  expect(second.begun).toEqual(['acme-2']);
});

it('a skip reaches a record whose handler runs: where it fails, it is not tried again', async () => {
  const harness = new ConsumeHarness();
  let tries = 0;
  const process: ConsumerProcess = await harness.start(
    (consumer) =>
      consumer.on(Noted, async ({ id }) => {
        if (id !== 'acme-0') return;
        tries += 1;
        await delay(process.clock, 5_000);
        throw new Error('not yet');
      }),
    { options: { retry: { attempts: 100 } } },
  );
  await harness.clock.advance(1_000);
  write(harness, 2);
  await harness.clock.advance(1_000);
  await harness.clock.advanceUntil(process.consumer.skipTenant('acme', { to: [{ ...NOTES, offset: 1 }] }));
  await harness.clock.advanceUntil(process.consumer.caughtUp());
  expect([tries, process.consumer.counts().deadLettered]).toEqual([1, 0]);
});

it('health tells of a member that what the group is told does not reach', async () => {
  const harness = new ConsumeHarness();
  const { process } = await reading(harness, 1);
  await harness.clock.advance(1_000);
  expect(process.consumer.health()).toEqual({ status: 'live', reasons: [] });
  harness.kafka.faults.connect = () => new Error('Broker: Topic authorization failed');
  process.transport.readers[0]?.die();
  await harness.clock.advance(5_000);
  expect(process.consumer.health()).toMatchObject({
    status: 'degraded',
    reasons: [expect.stringContaining('Broker: Topic authorization failed')],
  });
  expect(process.logger.of('controlFailed').length).toBeGreaterThan(1);
  harness.kafka.faults.connect = () => undefined;
  await harness.clock.advance(5_000);
  expect(process.consumer.health()).toEqual({ status: 'live', reasons: [] });
});
