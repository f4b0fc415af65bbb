// Needs a real Kafka too: other processes can read the embedded one, but not administer it.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startKafka, type RunningKafka } from '../../scripts/kafka/start-kafka.ts';
import { startRedis, type RunningRedis } from '../../scripts/redis/start-redis.ts';
import { judgeLog, type Judgement } from '../kafka/fixtures/judge-log.js';
import { countedContract, testClient } from '../kafka/fixtures/sequence.js';

const TOPIC = 'counted';
const AGGREGATES = 20;
const TOTAL = 600;
const CONCURRENCY = 4;
const KILL_AT = [200, 400];
const script = fileURLToPath(new URL('fixtures/once-consumer.ts', import.meta.url));

let kafka: RunningKafka;
let redis: RunningRedis;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tenantry-once-'));
  redis = await startRedis();
  kafka = await startKafka({
    isShortLived: true,
    config: { 'group.consumer.session.timeout.ms': 1_000, 'group.consumer.heartbeat.interval.ms': 200 },
  });
}, 120_000);

afterAll(async () => {
  await kafka.kill();
  await kafka.stop();
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('threat 20: what a killed worker has handled is not handled again, though it has committed nothing', async () => {
  const Counted = countedContract(TOPIC);
  await using client = testClient(kafka.brokers);
  await client.admin.createTopics([Counted], { groups: ['once'], partitions: 4, replicationFactor: 1 });
  const events = Array.from({ length: TOTAL }, (_, index) => ({
    aggregate: String(index % AGGREGATES),
    sequence: Math.floor(index / AGGREGATES),
  }));
  await client.tenant('acme').publishMany(Counted, events);

  const log = join(folder, 'handled.log');
  writeFileSync(log, '');
  const judged = (): Judgement => judgeLog(readFileSync(log, 'utf8').split('\n'));
  const start = (): ChildProcess =>
    spawn(process.execPath, ['--import', 'tsx', script, kafka.brokers, TOPIC, log, redis.url, String(CONCURRENCY)], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, TSX_TSCONFIG_PATH: 'tsconfig.json' },
    });
  for (const handled of [...KILL_AT, TOTAL]) {
    const worker = start();
    await expect.poll(() => judged().handled, { timeout: 60_000, interval: 10 }).toBeGreaterThanOrEqual(handled);
    worker.kill('SIGKILL');
    await once(worker, 'exit');
  }
  const { handled, repeated, outOfOrder } = judged();
  console.log(`${KILL_AT.length} kills, ${handled} handled, ${repeated} repeated`);
  expect({ handled, outOfOrder }).toEqual({ handled: TOTAL, outOfOrder: [] });
  // Those that had returned and were not marked yet.
  expect(repeated).toBeLessThanOrEqual(KILL_AT.length * CONCURRENCY);
}, 180_000);
