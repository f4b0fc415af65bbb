import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DedupeStore, Worker } from 'tenantry';
import { redisDedupe } from 'tenantry/redis';
import { EmbeddedKafka } from 'tenantry/testing';
import { startRedis, type RunningRedis } from '../../scripts/redis/start-redis.ts';
import { countedContract, testClient } from '../kafka/fixtures/sequence.js';
import { dedupeContract } from '../support/dedupe-contract.js';
import { RecordingLogger } from '../support/recording-logger.js';

let server: RunningRedis;
let nodeRedis: ReturnType<typeof connect>;
let ioRedis: Redis;
let stores = 0;

const connect = (): ReturnType<typeof createClient> => createClient({ url: server.url });

beforeAll(async () => {
  server = await startRedis();
  nodeRedis = connect();
  await nodeRedis.connect();
  ioRedis = new Redis(server.url);
});

afterAll(async () => {
  nodeRedis.destroy();
  ioRedis.disconnect();
  await server.stop();
});

const prefix = (): string => `test-${(stores += 1)}:`;

dedupeContract({
  name: 'Redis, by the package redis',
  store: () => redisDedupe({ client: nodeRedis, prefix: prefix() }),
  pass: sleep,
});

dedupeContract({
  name: 'Redis, by the package ioredis',
  store: () => redisDedupe({ client: ioRedis, prefix: prefix() }),
  pass: sleep,
});

describe('redisDedupe', () => {
  it('keeps a key under its prefix, and has the server drop it in time', async () => {
    await redisDedupe({ client: nodeRedis }).mark('k', 60_000);
    const leftMs = await nodeRedis.pTTL('tenantry:dedupe:k');
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(60_000);
  });

  it('is one store, whichever client asks', async () => {
    const shared = prefix();
    await redisDedupe({ client: nodeRedis, prefix: shared }).mark('k', 60_000);
    expect(await redisDedupe({ client: ioRedis, prefix: shared }).has('k')).toBe(true);
  });
});

describe('a worker with redisDedupe', () => {
  const Counted = countedContract('counted');
  const logger = new RecordingLogger();
  let kafka: EmbeddedKafka;
  let brokers: string;

  beforeAll(async () => {
    kafka = await EmbeddedKafka.start();
    brokers = kafka.brokers.join(',');
    await using client = testClient(brokers);
    await client.admin.createTopics([Counted], { partitions: 1, replicationFactor: 1, groups: ['once'] });
  });

  afterAll(async () => {
    await kafka.stop();
  });

  async function working(store: DedupeStore, run: (worker: Worker, handled: string[]) => Promise<void>): Promise<void> {
    const handled: string[] = [];
    await using client = testClient(brokers, { logger });
    const worker = client.worker('once', { dedupe: { store } }).on(Counted, (event) => {
      handled.push(event.id);
    });
    await worker.start();
    await run(worker, handled);
  }

  async function publish(eventId: string): Promise<void> {
    await using client = testClient(brokers);
    await client.tenant('acme').publish(Counted, { aggregate: 'a', sequence: 0 }, { eventId });
  }

  it('threat 20: handles an event once, also where another process meets it again', async () => {
    const shared = prefix();
    await publish('e1');
    await publish('e1');
    await working(redisDedupe({ client: nodeRedis, prefix: shared }), async (worker, handled) => {
      await worker.caughtUp();
      expect(handled).toEqual(['e1']);
      expect(worker.counts()).toMatchObject({ handled: 1, duplicates: 1, unmarked: 0 });
    });
    await publish('e1');
    await publish('e2');
    await working(redisDedupe({ client: ioRedis, prefix: shared }), async (worker, handled) => {
      await worker.caughtUp();
      expect(handled).toEqual(['e2']);
      expect(worker.counts()).toMatchObject({ handled: 1, duplicates: 1, unmarked: 0 });
    });
    expect(await nodeRedis.keys(`${shared}*`)).toHaveLength(2);
  });

  it('holds events while the server hangs, and handles them once it answers', async () => {
    await working(redisDedupe({ client: nodeRedis, prefix: prefix() }), async (worker, handled) => {
      await worker.caughtUp();
      const before = handled.length;
      server.pause();
      try {
        await publish('held');
        await expect.poll(() => logger.of('dedupeFailed').length, { timeout: 20_000 }).toBeGreaterThan(0);
        expect(handled.slice(before)).toEqual([]);
      } finally {
        server.resume();
      }
      await worker.caughtUp();
      expect(handled.slice(before)).toEqual(['held']);
      expect(logger.of('dedupeFailed')[0]).toMatchObject({ operation: 'has', error: 'TimeoutError' });
    });
  });
});
