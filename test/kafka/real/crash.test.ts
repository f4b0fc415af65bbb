import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKafka, type RunningKafka } from '../../../scripts/kafka/start-kafka.ts';
import { judgeLog } from '../fixtures/judge-log.js';
import { countedContract, TENANTS, testClient } from '../fixtures/sequence.js';

// A dead member's partitions are free once its session is over: with the default of 45 s every kill would cost that.
const SHORT_SESSIONS = {
  'group.consumer.min.session.timeout.ms': 500,
  'group.consumer.session.timeout.ms': 1_000,
  'group.consumer.min.heartbeat.interval.ms': 100,
  'group.consumer.heartbeat.interval.ms': 200,
  'group.min.session.timeout.ms': 500,
};
const AGGREGATES = 20;
/** CI runs this file with more. */
const KILLS = Number(process.env['TENANTRY_CRASH_KILLS'] ?? 6);
const script = fileURLToPath(new URL('../fixtures/crash-consumer.ts', import.meta.url));

let kafka: RunningKafka;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tenantry-crash-'));
  kafka = await startKafka({ isShortLived: true, config: SHORT_SESSIONS });
}, 120_000);

afterAll(async () => {
  await kafka.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Publishes an event of each aggregate again and again, and once more after the end; resolves with how many events. */
async function publishUntil(topic: string, end: AbortSignal): Promise<number> {
  const Counted = countedContract(topic);
  await using client = testClient(kafka.brokers);
  for (let sequence = 0; ; sequence += 1) {
    const isLast = end.aborted;
    const events = Array.from({ length: AGGREGATES }, (_, index) => ({ aggregate: String(index), sequence }));
    await Promise.all(TENANTS.map((tenant) => client.tenant(tenant).publishMany(Counted, events)));
    if (isLast) return TENANTS.length * AGGREGATES * (sequence + 1);
    await sleep(150);
  }
}

describe.each(['consumer', 'classic'] as const)('group protocol %s', (protocol) => {
  it('threats 43, 44: consumers killed with SIGKILL again and again lose nothing and keep the order of each key', async () => {
    const topic = `counted-${protocol}`;
    const log = join(folder, `${protocol}.log`);
    writeFileSync(log, '');
    await using admin = testClient(kafka.brokers);
    await admin.admin.createTopics([countedContract(topic)], {
      groups: ['crash'],
      partitions: 4,
      replicationFactor: 1,
    });

    const startConsumer = (): ChildProcess =>
      spawn(process.execPath, ['--import', 'tsx', script, kafka.brokers, topic, log, protocol], {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, TSX_TSCONFIG_PATH: 'tsconfig.json' },
      });
    const consumers: [ChildProcess, ChildProcess] = [startConsumer(), startConsumer()];
    const enough = new AbortController();
    const publishing = publishUntil(topic, enough.signal);
    const lines = (): string[] => readFileSync(log, 'utf8').split('\n');
    let handledAtLastKill = 0;
    for (let kills = 0; kills < KILLS;) {
      await sleep(200 + Math.random() * 500);
      // Only a kill in the middle of handling says anything.
      if (judgeLog(lines()).handled === handledAtLastKill) continue;
      const victim = kills % 2 === 0 ? 0 : 1;
      consumers[victim].kill('SIGKILL');
      await once(consumers[victim], 'exit');
      consumers[victim] = startConsumer();
      kills += 1;
      handledAtLastKill = judgeLog(lines()).handled;
    }
    enough.abort();
    const total = await publishing;
    while (judgeLog(lines()).handled < total) await sleep(100);
    await sleep(500);
    for (const consumer of consumers) {
      const exited = once(consumer, 'exit');
      consumer.kill('SIGTERM');
      await exited;
    }

    const judgement = judgeLog(lines());
    console.log(`${protocol}: ${KILLS} kills, ${judgement.handled} handled, ${judgement.repeated} repeated`);
    expect(judgement.outOfOrder).toEqual([]);
    expect(judgement.handled).toBe(total);
    // A crash repeats what was finished since the last commit, never the whole log.
    expect(judgement.repeated).toBeLessThan(total);
  }, 180_000);
});
