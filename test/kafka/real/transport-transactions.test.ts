// Markers of transactions lie in a log and are never delivered: only a real broker writes them.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { loadDriver } from '../../../src/transport/load-driver.js';
import { makeTransport, newTopic, Reading } from '../transport/harness.js';

/** The part of the client's producer that only this test uses. */
interface TransactionalProducer {
  connect(options: object, callback: (error: unknown) => void): void;
  initTransactions(timeoutMs: number, callback: (error: unknown) => void): void;
  beginTransaction(callback: (error: unknown) => void): void;
  commitTransaction(timeoutMs: number, callback: (error: unknown) => void): void;
  abortTransaction(timeoutMs: number, callback: (error: unknown) => void): void;
  flush(timeoutMs: number, callback: (error: unknown) => void): void;
  produce(topic: string, partition: number, value: Buffer): unknown;
  setPollInBackground(enabled: boolean): unknown;
  disconnect(callback: () => void): void;
}

const brokers = (): string[] => inject('kafkaBrokers').split(',');
let producer: TransactionalProducer;

function call(start: (callback: (error: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => {
      if (error instanceof Error) reject(error);
      else resolve();
    });
  });
}

async function produceTwo(topic: string): Promise<void> {
  await call((done) => {
    producer.beginTransaction(done);
  });
  for (let i = 0; i < 2; i++) producer.produce(topic, 0, Buffer.from('v'));
  await call((done) => {
    producer.flush(5_000, done);
  });
}

beforeAll(async () => {
  const config = { 'bootstrap.servers': inject('kafkaBrokers'), 'transactional.id': randomUUID() };
  producer = new (loadDriver().Producer)(config) as unknown as TransactionalProducer;
  await call((done) => {
    producer.connect({}, done);
  });
  producer.setPollInBackground(true);
  await call((done) => {
    producer.initTransactions(10_000, done);
  });
});

afterAll(() => new Promise<void>((resolve) => producer.disconnect(resolve)));

it('tells the end behind the markers of transactions, committed and aborted', async () => {
  const transport = makeTransport(brokers());
  const topic = await newTopic(transport, 1);
  const reader = transport.createReader({ groupId: 'g', clientIdSuffix: '' });
  const reading = new Reading(reader);
  await reader.connect(reading);
  const commit = (done: (error: unknown) => void): void => {
    producer.commitTransaction(5_000, done);
  };
  const abort = (done: (error: unknown) => void): void => {
    producer.abortTransaction(5_000, done);
  };
  const offsets: number[] = [];
  const untilEnd = async (offset: number): Promise<void> => {
    for (let polls = 0; !reading.ends.includes(`${topic}/0@${offset}`); polls++) {
      expect(polls, `polls until the end ${offset}; told were ${reading.ends.join(', ')}`).toBeLessThan(3_000);
      offsets.push(...(await reading.pollOnce()).map((received) => received.offset));
    }
  };

  await produceTwo(topic);
  await call(commit);
  await reader.read({ topic, partition: 0, offset: 0, leaderEpoch: undefined });
  await untilEnd(3);
  expect(offsets).toEqual([0, 1]);

  await produceTwo(topic);
  await call(abort);
  await untilEnd(6);
  expect(offsets).toEqual([0, 1]);

  // While a transaction is open the end is before it, also for one who begins there.
  await produceTwo(topic);
  reading.ends.length = 0;
  await reader.read({ topic, partition: 0, offset: 5, leaderEpoch: undefined });
  await untilEnd(6);
  expect(reading.ends).toEqual([`${topic}/0@6`]);
  await call(commit);
  await untilEnd(9);
  expect(offsets).toEqual([0, 1, 6, 7]);

  await produceTwo(topic);
  await call(abort);
  await untilEnd(12);
  // One that begins among what was aborted is told the end too.
  reading.ends.length = 0;
  await reader.read({ topic, partition: 0, offset: 10, leaderEpoch: undefined });
  await untilEnd(12);
  expect(offsets).toEqual([0, 1, 6, 7]);
  await reader.disconnect(5_000);
});
