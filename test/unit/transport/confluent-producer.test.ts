import { describe, expect, it, vi } from 'vitest';
import type { OutgoingRecord } from '../../../src/record/wire-record.js';
import { ConfluentProducer } from '../../../src/transport/confluent-producer.js';
import { transportOptionsSchema } from '../../../src/transport/options.js';
import type { Delivery } from '../../../src/transport/port.js';
import { driverError, FakeProducer, fakeDriver } from './fake-driver.js';
import { ManualClock, settle } from './manual-clock.js';

const RECORD: OutgoingRecord = {
  topic: 't',
  partition: 0,
  key: null,
  value: null,
  headers: [],
  timestampMs: undefined,
};
const options = transportOptionsSchema().parse({ brokers: ['localhost:9092'], clientId: 'test' });

async function connected(): Promise<{ producer: ConfluentProducer; clock: ManualClock; client: FakeProducer }> {
  const clock = new ManualClock();
  const driver = fakeDriver();
  const producer = new ConfluentProducer(options, { clock, telemetry: { log: () => undefined } }, () => driver);
  await producer.connect();
  return { producer, clock, client: FakeProducer.all[0]! };
}

describe('the producer', () => {
  it('reports each record once, whatever the client reports', async () => {
    const { producer, client } = await connected();
    const onDelivery = vi.fn();
    expect(producer.produce(RECORD, onDelivery)).toBe(true);
    const [id = -1] = client.taken;
    client.report(id);
    client.report(id);
    expect(onDelivery.mock.calls).toEqual([[{ partition: 0, offset: id }]]);
  });

  it('reports −1 for a record whose offset the client does not know: it was there already when it was sent again', async () => {
    const { producer, client } = await connected();
    const onDelivery = vi.fn();
    producer.produce(RECORD, onDelivery);
    client.report(client.taken[0] ?? 0, null, -1_001);
    expect(onDelivery.mock.calls).toEqual([[{ partition: 0, offset: -1 }]]);
  });

  it('takes nothing when the queue of the client is full', async () => {
    const { producer, client } = await connected();
    const onDelivery = vi.fn();
    client.refuse = driverError(-184, 'Local: Queue full');
    expect(producer.produce(RECORD, onDelivery)).toBe(false);
    await producer.disconnect(0);
    expect(onDelivery).not.toHaveBeenCalled();
  });

  it('reports a record that the client refuses later, as not written', async () => {
    const { producer, client } = await connected();
    const deliveries: Delivery[] = [];
    for (const [code, kind] of [
      [10, 'invalid'],
      [29, 'refused'],
      [-190, 'failed'],
      [-185, 'failed'],
    ] as const) {
      client.refuse = driverError(code, 'why');
      expect(producer.produce(RECORD, (delivery) => deliveries.push(delivery))).toBe(true);
      expect(deliveries).toEqual([]);
      await settle();
      expect(deliveries.splice(0)).toEqual([{ failure: { kind, reason: 'why' } }]);
    }
  });

  it('threat 50: waits for what is in flight, and reports the rest as unknown', async () => {
    const { producer, clock, client } = await connected();
    const deliveries: (Delivery | undefined)[] = [undefined, undefined];
    for (const index of [0, 1]) producer.produce(RECORD, (delivery) => (deliveries[index] = delivery));
    const disconnected = producer.disconnect(1_000);
    await settle();
    client.report(client.taken[0] ?? -1);
    await settle();
    expect(client.isDisconnected).toBe(false);
    await clock.advance(1_000);
    await disconnected;
    expect(client.isDisconnected).toBe(true);
    expect(deliveries).toMatchObject([{ partition: 0 }, { failure: { kind: 'unknown' } }]);
  });

  it('is replaced after a fatal error, and the records of the old client are settled', async () => {
    const { producer, clock, client } = await connected();
    const deliveries: Delivery[] = [];
    const keep = (delivery: Delivery): void => {
      deliveries.push(delivery);
    };
    producer.produce(RECORD, keep);
    client.emit('event.error', new Error('fatal error'));
    // While there is no client, a record is told so and may be sent again.
    expect(producer.produce(RECORD, keep)).toBe(true);
    await settle();
    expect(deliveries.splice(0)).toEqual([{ failure: { kind: 'failed', reason: 'the producer is not connected' } }]);

    // Not at once: the next client may fail in the same way.
    expect(FakeProducer.all).toHaveLength(1);
    await clock.advance(1_000);
    await vi.waitUntil(() => FakeProducer.all[1]?.isConnected === true);
    await settle();
    const next = FakeProducer.all[1]!;
    producer.produce(RECORD, keep);
    next.report(next.taken[0] ?? -1);
    expect(deliveries.splice(0)).toMatchObject([{ partition: 0 }]);
    await clock.advance(5_000);
    expect(deliveries).toMatchObject([{ failure: { kind: 'unknown' } }]);
    await producer.disconnect(0);
    expect(FakeProducer.all.map(({ isDisconnected }) => isDisconnected)).toEqual([true, true]);
  });

  it('settles the records of a replaced client no later than a stop allows', async () => {
    const { producer, clock, client } = await connected();
    const deliveries: Delivery[] = [];
    producer.produce(RECORD, (delivery) => deliveries.push(delivery));
    client.emit('event.error', new Error('fatal error'));
    producer.produce(RECORD, () => undefined);
    const onDisconnected = vi.fn();
    void producer.disconnect(2_000).then(onDisconnected);
    await clock.advance(1_999);
    expect(deliveries).toEqual([]);
    await clock.advance(1);
    await settle();
    expect(deliveries).toMatchObject([{ failure: { kind: 'unknown' } }]);
    expect(onDisconnected).toHaveBeenCalled();
  });

  it('connects with one client, however often it is asked', async () => {
    const driver = fakeDriver();
    const producer = new ConfluentProducer(
      options,
      { clock: new ManualClock(), telemetry: { log: () => undefined } },
      () => driver,
    );
    await Promise.all([producer.connect(), producer.connect()]);
    await producer.disconnect(0);
    await expect(producer.connect()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    expect(FakeProducer.all).toHaveLength(1);
    expect(FakeProducer.all[0]?.isDisconnected).toBe(true);
  });

  it('waits for a client that still connects no longer than it may, and closes it when it is there', async () => {
    const clock = new ManualClock();
    const driver = fakeDriver();
    const producer = new ConfluentProducer(options, { clock, telemetry: { log: () => undefined } }, () => driver);
    const connected = producer.connect();
    const refused = expect(connected).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    const client = FakeProducer.all[0]!;
    let answer: (() => void) | undefined;
    client.answer = (callback) => {
      answer = () => {
        callback(null, { brokers: [], topics: [] });
      };
    };
    await vi.waitUntil(() => answer !== undefined);
    const onDisconnected = vi.fn();
    const disconnected = producer.disconnect(2_000).then(onDisconnected);
    await clock.advance(1_999);
    expect(onDisconnected).not.toHaveBeenCalled();
    await clock.advance(1);
    expect(onDisconnected).toHaveBeenCalled();
    await disconnected;
    expect(client.isDisconnected).toBe(false);
    answer?.();
    await refused;
    expect(client.isDisconnected).toBe(true);
  });

  it('waits for a native client that does not end no longer than it may', async () => {
    const { producer, clock, client } = await connected();
    client.disconnect = () => undefined;
    const onDisconnected = vi.fn();
    void producer.disconnect(3_000).then(onDisconnected);
    await settle();
    await clock.advance(2_999);
    expect(onDisconnected).not.toHaveBeenCalled();
    await clock.advance(1);
    expect(onDisconnected).toHaveBeenCalled();
  });
});
