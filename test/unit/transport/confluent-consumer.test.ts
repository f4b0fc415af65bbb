import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { ConfluentConsumer } from '../../../src/transport/confluent-consumer.js';
import type { Driver, DriverCallback, DriverMetadata } from '../../../src/transport/driver-types.js';
import { transportOptionsSchema } from '../../../src/transport/options.js';
import { driverError } from './fake-driver.js';
import { ManualClock, settle } from './manual-clock.js';

const options = transportOptionsSchema().parse({ brokers: ['localhost:9092'], clientId: 'test' });
const LISTENER = { onAssigned: vi.fn(), onRevoked: vi.fn(), onReadable: vi.fn(), onEnd: vi.fn(), onError: vi.fn() };

/** A native consumer whose broker can be taken away. */
class FakeConsumer extends EventEmitter {
  isAway = false;
  readonly commit = vi.fn();
  readonly disconnect = vi.fn((callback: () => void) => setImmediate(callback));
  readonly subscribe = vi.fn();
  readonly setDefaultConsumeTimeout = vi.fn();

  connect(_options: object, callback: DriverCallback<unknown>): void {
    this.getMetadata({}, callback);
  }

  consume(_max: number, callback: DriverCallback<readonly never[]>): void {
    setImmediate(callback, null, []);
  }

  committed(_partitions: unknown, _timeoutMs: number, callback: DriverCallback<readonly never[]>): void {
    if (this.isAway) setImmediate(callback, driverError(-195, 'Local: Broker transport failure'), undefined as never);
    else setImmediate(callback, null, []);
  }

  getMetadata({ topic = 't' }: { topic?: string }, callback: DriverCallback<DriverMetadata>): void {
    setImmediate(() => {
      if (this.isAway) callback(driverError(-195, 'Local: Broker transport failure'), undefined as never);
      else callback(null, { brokers: [], topics: [{ name: topic, partitions: [{}] }] });
    });
  }
}

async function connected(): Promise<{ consumer: ConfluentConsumer; client: FakeConsumer; clock: ManualClock }> {
  const clock = new ManualClock();
  const client = new FakeConsumer();
  const driver = {
    KafkaConsumer: function KafkaConsumer(): FakeConsumer {
      return client;
    },
  } as unknown as Driver;
  const group = { groupId: 'g', topics: ['t'], clientIdSuffix: '' };
  const context = { clock, telemetry: { log: (): void => undefined } };
  const consumer = new ConfluentConsumer(options, group, context, () => driver);
  await consumer.connect(LISTENER);
  return { consumer, client, clock };
}

describe('threat 44: a member that the broker has told nothing', () => {
  const secondsPass = async (clock: ManualClock, seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      await clock.advance(1_000);
      await settle();
    }
  };

  it('is told of no partitions once the coordinator has answered what was asked after joining', async () => {
    LISTENER.onAssigned.mockClear();
    const { consumer, clock } = await connected();
    await secondsPass(clock, 2);
    expect(LISTENER.onAssigned).toHaveBeenCalledExactlyOnceWith([]);
    await consumer.disconnect(1_000);
  });

  it('waits longer behind a connection that broke, for joining is asked for again later', async () => {
    LISTENER.onAssigned.mockClear();
    const { consumer, client, clock } = await connected();
    client.isAway = true;
    await secondsPass(clock, 3);
    client.isAway = false;
    await secondsPass(clock, 8);
    client.isAway = true;
    await secondsPass(clock, 1);
    client.isAway = false;
    await secondsPass(clock, 8);
    expect(LISTENER.onAssigned).not.toHaveBeenCalled();
    await secondsPass(clock, 10);
    expect(LISTENER.onAssigned).toHaveBeenCalledExactlyOnceWith([]);
    await consumer.disconnect(1_000);
  });
});

describe('the end of a consumer', () => {
  it('is at once while brokers answer', async () => {
    const { consumer, client } = await connected();
    await consumer.disconnect(1_000);
    expect(client.disconnect).toHaveBeenCalledOnce();
  });

  it('leaves the native client alone while no broker answers, and ends it when one does', async () => {
    const { consumer, client, clock } = await connected();
    client.isAway = true;
    const onDisconnected = vi.fn();
    void consumer.disconnect(2_000).then(onDisconnected);
    await settle();
    await clock.advance(2_000);
    expect(onDisconnected).toHaveBeenCalled();
    for (let second = 0; second < 20; second++) {
      await clock.advance(1_000);
      await settle();
    }
    expect(client.disconnect).not.toHaveBeenCalled();
    client.isAway = false;
    await clock.advance(4_000);
    await vi.waitUntil(() => client.disconnect.mock.calls.length > 0);
  });

  it('is not put off for more than a minute', async () => {
    const { consumer, client, clock } = await connected();
    client.isAway = true;
    void consumer.disconnect(0);
    for (let second = 0; second < 70; second++) {
      await clock.advance(1_000);
      await settle();
    }
    expect(client.disconnect).toHaveBeenCalledOnce();
  });
});

describe('a commit', () => {
  it('is waited for as long as the client may still deliver it, or it could arrive after the next one', async () => {
    const { consumer, client, clock } = await connected();
    const onAnswer = vi.fn();
    const request = { topic: 't', partition: 0, offset: 5, metadata: '~', leaderEpoch: undefined };
    void consumer.commit(request).then(onAnswer);
    await clock.advance(100_000);
    await settle();
    expect(onAnswer).not.toHaveBeenCalled();
    client.emit('offset.commit', undefined, [request]);
    await settle();
    expect(onAnswer).toHaveBeenCalledWith({ ok: true });
  });
});
