import { describe, expect, it, vi } from 'vitest';
import { tenantryError } from '../../../src/core/errors.js';
import { quarantineTopic } from '../../../src/routing/naming.js';
import { jsonSerde } from '../../../src/serde/json-serde.js';
import { Lettered, Noted, Signed, Whispered } from '../../support/contracts.js';
import { ConsumeHarness, ConsumerProcess, GROUP } from '../../support/consume-harness.js';
import { eventRecord } from '../../support/records.js';

const ignore = (): void => undefined;
const code = (expected: string): Error => expect.objectContaining({ code: expected }) as Error;

describe('a consumer', () => {
  it('registers handlers before it starts, one for each type and version', async () => {
    const harness = new ConsumeHarness();
    const { consumer } = new ConsumerProcess(harness.kafka);
    expect(consumer.on(Noted, ignore).on([Whispered, Signed], ignore)).toBe(consumer);
    expect(() => consumer.on(Noted, ignore)).toThrow(code('CONTRACT_CONFLICT'));
    expect(() => consumer.on({ ...Noted }, ignore)).toThrow();
    expect(() => consumer.on(Signed, 'x' as never)).toThrow(code('INVALID_CONTRACT'));
    await harness.clock.advanceUntil(consumer.start());
    expect(() => consumer.on(Signed, ignore)).toThrow(code('INVALID_STATE'));
    await harness.clock.advanceUntil(consumer.stop());
    await expect(consumer.start()).rejects.toThrow(code('NOT_RUNNING'));
  });

  it('without handlers does not start', async () => {
    const { consumer } = new ConsumerProcess(new ConsumeHarness().kafka);
    await expect(consumer.start()).rejects.toThrow(code('INVALID_STATE'));
  });

  it('does not start for a contract that seals fields where values have none', async () => {
    const { encode, decode } = jsonSerde;
    const { consumer } = new ConsumerProcess(new ConsumeHarness().kafka, { serde: { encode, decode } });
    consumer.on(Lettered, ignore);
    await expect(consumer.start()).rejects.toThrow(code('INVALID_CONTRACT'));
  });

  it.each(['notes', `${GROUP}.notes.dlq`, quarantineTopic('notes')])(
    'does not start without %s, and says so',
    async (topic) => {
      const harness = new ConsumeHarness();
      harness.kafka.dropTopic(topic);
      const { consumer } = new ConsumerProcess(harness.kafka);
      consumer.on(Noted, ignore);
      await expect(consumer.start()).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND', topics: [topic] });
      harness.kafka.createTopic(topic);
      await harness.clock.advanceUntil(consumer.start());
    },
  );

  it('starts once, however often it is asked, and again after it failed', async () => {
    const harness = new ConsumeHarness();
    let away = true;
    harness.kafka.faults.connect = () => (away ? tenantryError('BROKER_UNREACHABLE', 'away') : undefined);
    const process = new ConsumerProcess(harness.kafka);
    process.consumer.on(Noted, ignore);
    await expect(process.consumer.start()).rejects.toThrow(code('BROKER_UNREACHABLE'));
    expect(process.consumer.health().status).toBe('degraded');
    away = false;
    await harness.clock.advanceUntil(Promise.all([process.consumer.start(), process.consumer.start()]));
    expect(process.transport.consumers).toHaveLength(1);
  });

  it('stops once, however often it is asked, also where it never started', async () => {
    const harness = new ConsumeHarness();
    const { consumer } = new ConsumerProcess(harness.kafka);
    consumer.on(Noted, ignore);
    expect(await Promise.all([consumer.stop(), consumer.stop()])).toEqual([
      { timedOut: false, unfinished: 0, uncommitted: 0 },
      { timedOut: false, unfinished: 0, uncommitted: 0 },
    ]);
    await expect(consumer.start()).rejects.toThrow(code('NOT_RUNNING'));
  });

  it('that is stopped while it starts has stopped after it', async () => {
    const harness = new ConsumeHarness();
    const process = new ConsumerProcess(harness.kafka);
    process.consumer.on(Noted, ignore);
    const starting = process.consumer.start();
    await harness.clock.advanceUntil(process.consumer.stop());
    await starting;
    expect(process.member.disconnected).toBe(true);
  });

  it('is caught up once all that was there is finished and committed', async () => {
    const harness = new ConsumeHarness(2);
    for (let index = 0; index < 20; index += 1) harness.kafka.append(eventRecord({ aggregate: `n${index}` }));
    const slow = (): Promise<void> => new Promise((resolve) => harness.clock.setTimer(300, resolve));
    const process = await harness.start((consumer) => consumer.on(Noted, slow), { options: { concurrency: 2 } });
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(harness.committed(0)! + harness.committed(1)!).toBe(20);
    await harness.clock.advanceUntil(process.consumer.caughtUp());
  });

  it('is caught up in the end, also where a log did not tell its end at first', async () => {
    const harness = new ConsumeHarness();
    const handled = vi.fn();
    const process = await harness.start((consumer) => consumer.on(Noted, handled));
    await harness.clock.advance(1_000);
    harness.kafka.append(eventRecord());
    harness.kafka.faults.lookup = () => true;
    const caughtUp = process.consumer.caughtUp();
    await harness.clock.advance(1_000);
    harness.kafka.faults.lookup = () => false;
    await harness.clock.advanceUntil(caughtUp);
    expect([handled.mock.calls.length, harness.committed()]).toEqual([1, 1]);
  });

  it('threat 44: is not caught up while it has lost its partitions, and waits for what it gets again', async () => {
    const harness = new ConsumeHarness(2);
    const handled = vi.fn();
    const process = await harness.start((consumer) => consumer.on(Noted, handled));
    const group = harness.kafka.group(GROUP);
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    group.lose(process.member, undefined);
    await harness.clock.advance(100);
    for (let index = 0; index < 20; index += 1) harness.kafka.append(eventRecord({ aggregate: `n${index}` }));
    let isCaughtUp = false;
    const caughtUp = process.consumer.caughtUp().then(() => (isCaughtUp = true));
    await harness.clock.advance(2_000);
    expect(isCaughtUp).toBe(false);
    expect(process.consumer.health().status).toBe('degraded');
    for (const partition of [0, 1]) group.give({ topic: 'notes', partition }, process.member);
    await harness.clock.advanceUntil(caughtUp);
    expect(handled).toHaveBeenCalledTimes(20);

    // It loses them while it waits, too.
    for (let index = 0; index < 20; index += 1) harness.kafka.append(eventRecord({ aggregate: `n${index}` }));
    const again = process.consumer.caughtUp();
    group.lose(process.member, process.member);
    await harness.clock.advanceUntil(again);
    expect(handled).toHaveBeenCalledTimes(40);
  });

  it('that is not started, is stopped or is aborted is not caught up', async () => {
    const harness = new ConsumeHarness();
    const early = new ConsumerProcess(harness.kafka);
    await expect(early.consumer.caughtUp()).rejects.toThrow(code('INVALID_STATE'));
    harness.kafka.faults.lookup = () => true;
    const process = await harness.start((consumer) => consumer.on(Noted, ignore));
    const abort = new AbortController();
    const waiting = process.consumer.caughtUp({ signal: abort.signal }).catch((error: unknown) => error);
    const other = process.consumer.caughtUp().catch((error: unknown) => error);
    await harness.clock.advance(3_000);
    abort.abort();
    await harness.clock.advance(100);
    expect(await Promise.race([waiting, Promise.resolve('pending')])).toMatchObject({ code: 'ABORTED' });
    await harness.clock.advanceUntil(process.consumer.stop());
    expect(await harness.clock.advanceUntil(other)).toMatchObject({ code: 'NOT_RUNNING' });
  });

  it('leaves no timer behind when it has stopped', async () => {
    const harness = new ConsumeHarness();
    harness.kafka.append(eventRecord());
    const process = await harness.start((consumer) =>
      consumer.on(Noted, () => {
        throw new Error('again');
      }),
    );
    await harness.clock.advance(100);
    await harness.clock.advanceUntil(process.consumer.stop());
    await harness.clock.advance(200);
    expect(harness.clock.pendingTimers).toBe(0);
  });
});
