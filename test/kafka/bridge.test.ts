// examples/bridge: killed at any point it loses nothing, and each record becomes one event, in the order of its aggregate.
import { randomBytes } from 'node:crypto';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { envelopeEncryption, localKeyring, memoryDedupe, TenantKafka } from 'tenantry';
import { EmbeddedKafka } from 'tenantry/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { OrderPlaced } from '../../examples/bridge/contract.js';
import { oldPlaceOf } from '../../examples/bridge/translate.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = ['node_modules/tsx/dist/cli.mjs', 'examples/bridge/main.ts'];
const TENANTS = ['acme', 'globex', 'initech'];
const AGGREGATES = 10;
// Enough that no bridge comes to the end before it is killed.
const ROUNDS = 60;
const KILLS = 4;

vi.setConfig({ testTimeout: 120_000 });

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenantry-bridge-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

it('shows itself without a Kafka', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, MAIN, { cwd: root, timeout: 60_000 });
  expect(stdout).toContain('refused old-orders/0/2: it cannot be translated\n');
  expect(stdout).toMatch(/acme order 42: 950 cents .*\n(?:.*\n)*acme order 42: 1250 cents/);
  expect(stdout).toContain('3 handled, 3 known already\n');
});

describe('a bridge that is killed', () => {
  it('loses nothing, repeats nothing for who dedupes, and keeps the order of each aggregate', async () => {
    await using broker = await EmbeddedKafka.start();
    const unusable = await writeOldOrders(broker.brokers);
    const keys = Object.fromEntries(TENANTS.map((tenant) => [tenant, randomBytes(32).toString('base64')]));
    const keyFile = join(folder, 'keys.json');
    writeFileSync(keyFile, JSON.stringify(keys), { mode: 0o600 });
    await using kafka = new TenantKafka({
      clientId: 'test',
      brokers: broker.brokers,
      encryption: envelopeEncryption({ kms: localKeyring({ keyFile }) }),
    });
    await kafka.admin.createTopics([OrderPlaced], { replicationFactor: 1, groups: ['billing'] });

    const lines: string[] = [];
    const args = ['--brokers', broker.brokers.join(','), '--keys', keyFile, '--batch', '15', '--until-end'];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const bridge = start(args, lines);
      const closed = once(bridge, 'close');
      const commits = 1 + Math.floor(Math.random() * 3);
      await printed(bridge, lines, 'committed', commits);
      // Anywhere between this commit and one of the next.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
      bridge.kill('SIGKILL');
      await closed;
    }
    const last = start(args, lines);
    expect(await once(last, 'close')).toEqual([0, null]);

    const handled = new Map<string, number[]>();
    const places = new Set<string>();
    const worker = kafka
      .worker('billing', { dedupe: { store: memoryDedupe() } })
      .on(OrderPlaced, ({ tenantId, aggregateId, data, id }) => {
        const key = `${tenantId}:${aggregateId}`;
        handled.set(key, [...(handled.get(key) ?? []), data.totalCents]);
        places.add(JSON.stringify(oldPlaceOf(id)));
      });
    await worker.start();
    await worker.caughtUp();
    const counts = worker.counts();
    await worker.stop();
    const repeated = counts.duplicates;
    console.log(`${KILLS} kills, ${counts.handled} handled, ${repeated} bridged again`);

    const rounds = Array.from({ length: ROUNDS }, (_, round) => round * 100);
    const orders = TENANTS.flatMap((tenant) => Array.from({ length: AGGREGATES }, (_, n) => `${tenant}:o${n}`));
    expect(Object.fromEntries(handled)).toEqual(Object.fromEntries(orders.map((order) => [order, rounds])));
    expect(places.size).toBe(TENANTS.length * AGGREGATES * ROUNDS);
    expect({ deadLettered: counts.deadLettered, quarantined: counts.quarantined }).toEqual({
      deadLettered: 0,
      quarantined: {},
    });
    // What cannot be bridged is told of before it is committed, so none is missing here either.
    const refused = new Set(lines.flatMap((line) => /^refused (\S+): /.exec(line)?.[1] ?? []));
    expect(refused).toEqual(new Set(unusable));
  });
});

describe('a bridge that is told to end', () => {
  it('ends in its time where a publish keeps failing, with one line, and has committed nothing of it', async () => {
    await using broker = await EmbeddedKafka.start();
    await writeOldOrders(broker.brokers, 1);
    const keyFile = join(folder, 'ending.json');
    const keys = Object.fromEntries(TENANTS.map((tenant) => [tenant, randomBytes(32).toString('base64')]));
    writeFileSync(keyFile, JSON.stringify(keys), { mode: 0o600 });
    // Without the topic of the events: no publish gets through.
    const args = ['--brokers', broker.brokers.join(','), '--keys', keyFile, '--grace-ms', '500'];
    const bridge = spawn(
      process.execPath,
      ['--import', 'tsx', '--import', './test/kafka/fixtures/failing-publish.ts', MAIN[1] ?? '', ...args],
      {
        cwd: root,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let errors = '';
    bridge.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    const closed = once(bridge, 'close');
    await vi.waitFor(() => expect(errors).toContain('publish fails'), { timeout: 30_000 });
    bridge.kill('SIGTERM');
    expect(await closed).toEqual([1, null]);
    const told = errors.split('\n').filter((line) => line !== '' && line !== 'publish fails');
    expect(told).toEqual([
      'the bridge has ended: ended before the batch under way was published: nothing of it is committed, and it is bridged again',
    ]);
    const admin = new Kafka({ brokers: broker.brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const [found] = await admin.fetchOffsets({ groupId: 'bridge', topics: ['old-orders'] });
    await admin.disconnect();
    expect(found?.partitions.every(({ offset }) => offset === '-1')).toBe(true);
  });
});

function start(args: readonly string[], lines: string[]): ChildProcess {
  const bridge = spawn(process.execPath, ['--import', 'tsx', MAIN[1] ?? '', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let rest = '';
  bridge.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = `${rest}${text}`.split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  return bridge;
}

/** Until the bridge has printed so many more lines, or has ended. */
async function printed(bridge: ChildProcess, lines: readonly string[], start: string, count: number): Promise<void> {
  const printedNow = (): number => lines.filter((line) => line.startsWith(start)).length;
  const before = printedNow();
  while (bridge.exitCode === null && printedNow() < before + count) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  expect(bridge.exitCode, 'the bridge has ended before it was killed').toBeNull();
}

/** Orders of all tenants, keyed by the order alone; resolves with the places of those that are of no use. */
async function writeOldOrders(brokers: string[], rounds = ROUNDS): Promise<string[]> {
  const plain = new Kafka({ clientId: 'plain', brokers, logLevel: logLevel.NOTHING });
  const producer = plain.producer({ allowAutoTopicCreation: true });
  await producer.connect();
  const unusable: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const messages = TENANTS.flatMap((customer) =>
      Array.from({ length: AGGREGATES }, (_, n) => ({
        key: `o${n}`,
        value: JSON.stringify({ customer, order: `o${n}`, total: String(round) }),
      })),
    );
    await producer.send({ topic: 'old-orders', messages });
    if (round % 10 !== 0) continue;
    for (const message of [
      { value: 'no JSON' },
      { value: '{"order":"o1"}' },
      { value: '{"customer":"a.b","order":"o1","total":"1"}' },
      { value: '{"customer":"acme","order":"o1"}' },
      { value: '{"customer":"acme","order":"o1","total":""}' },
      { value: '{"customer":"acme","order":"o1","total":true}' },
      // In microseconds.
      { value: '{"customer":"acme","order":"o1","total":"1"}', timestamp: '1700000000000000' },
    ]) {
      const [sent] = await producer.send({ topic: 'old-orders', messages: [{ key: 'x', ...message }] });
      unusable.push(`old-orders/${sent?.partition ?? -1}/${sent?.baseOffset ?? ''}`);
    }
  }
  await producer.disconnect();
  return unusable;
}
