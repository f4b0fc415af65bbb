import { expect, it, vi } from 'vitest';
import { OldTopic } from '../../../examples/bridge/old-topic.js';

const commits = vi.hoisted(() => ({ errors: [] as (Error & { code: number })[], done: 0 }));

/** A client of one partition with one record, whose commits fail as they are told to. */
vi.mock('@confluentinc/kafka-javascript', () => {
  type Done = (error: null, value: unknown) => void;
  class KafkaConsumer {
    on = () => this;
    connect = (_: unknown, done: Done) => done(null, {});
    setDefaultConsumeTimeout = () => undefined;
    getMetadata = (_: unknown, done: Done) => done(null, { topics: [{ name: 'old', partitions: [{ id: 0 }] }] });
    committed = (_: unknown, _ms: number, done: Done) => done(null, []);
    queryWatermarkOffsets = (_: unknown, _partition: number, _ms: number, done: Done) =>
      done(null, { lowOffset: 0, highOffset: 1 });
    assign = () => undefined;
    consume = (_: number, done: Done) => done(null, [{ topic: 'old', partition: 0, offset: 0, value: null }]);
    commitSync = () => {
      const error = commits.errors.shift();
      if (error !== undefined) throw error;
      commits.done += 1;
    };
  }
  return { RdKafka: { KafkaConsumer } };
});

const failure = (code: number, message: string) => Object.assign(new Error(message), { code });
const NEVER = new AbortController().signal;

async function readOne(...errors: (Error & { code: number })[]): Promise<OldTopic> {
  commits.errors = errors;
  commits.done = 0;
  const topic = await OldTopic.open(['localhost:9092'], 'old', 'bridge');
  await topic.read(1);
  return topic;
}

it('commits again where the coordinator of its group moves', async () => {
  const topic = await readOne(failure(16, 'Broker: Not coordinator'), failure(15, 'Broker: Coordinator not available'));
  await topic.commit(NEVER);
  expect(commits.done).toBe(1);
});

it('says in one line what it could not commit', async () => {
  const topic = await readOne(failure(30, 'Broker: Group authorization failed'));
  await expect(topic.commit(NEVER)).rejects.toThrow(/^cannot commit old: Broker: Group authorization failed$/);
  expect(commits.done).toBe(0);
});

it('does not wait for a coordinator once it is told to end', async () => {
  const topic = await readOne(failure(16, 'Broker: Not coordinator'));
  await expect(topic.commit(AbortSignal.abort())).rejects.toThrow('cannot commit old: Broker: Not coordinator');
});
