// `tenantry doctor` against a real Kafka: what is as it must be, and what is not.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Finding } from '../../../src/cli/doctor/finding.js';
import { run } from '../../unit/cli/run.js';
import { Placed } from '../fixtures/command-contracts.js';
import { testClient } from '../fixtures/sequence.js';
import { makeTransport, produce, record } from '../transport/harness.js';

const CONTRACTS = new URL('../fixtures/command-contracts.ts', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'tenantry-doctor-'));
const keyFile = join(folder, 'keys.json');
const group = `doctored-${randomUUID().slice(0, 8)}`;
const groupId = `_shared.${group}`;
const config = join(folder, 'tenantry.config.json');

beforeAll(async () => {
  await run('keys', 'generate', 'acme', '--file', keyFile);
  const settings = { brokers: inject('kafkaBrokers').split(','), contracts: CONTRACTS, groups: [group], keyFile };
  writeFileSync(config, JSON.stringify(settings));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Told {
  readonly errors: number;
  readonly findings: Finding[];
}

async function doctor(...args: string[]): Promise<Told & { exitCode: number; note: string }> {
  const { exitCode, out, note } = await run('doctor', '--config', config, '--json', ...args);
  return { ...(JSON.parse(out) as Told), exitCode, note };
}

const of = (findings: Finding[], check: string, subject?: string): Finding[] =>
  findings.filter((finding) => finding.check === check && (subject ?? finding.subject) === finding.subject);

describe('tenantry doctor', () => {
  it('names what is missing, and finds nothing wrong once it is there', async () => {
    const before = await doctor();
    expect(before.exitCode).toBe(1);
    expect(before.note).toMatch(/errors were found|one error was found/);
    expect(of(before.findings, 'topics', `_control.${groupId}`)).toEqual([
      expect.objectContaining({ state: 'error', todo: expect.stringContaining('kafka.admin.createTopics') as string }),
    ]);

    await using client = testClient(inject('kafkaBrokers'));
    await client.admin.createTopics([Placed], { partitions: 2, replicationFactor: 1, groups: [group] });
    const { exitCode, note, findings } = await doctor();
    expect(findings.filter(({ state }) => state === 'error')).toEqual([]);
    expect({ exitCode, note }).toEqual({ exitCode: 0, note: '' });
    const topics = ['orders', '_quarantine.orders', `${groupId}.orders.dlq`, `_control.${groupId}`];
    expect(of(findings, 'topics').map(({ subject, state }) => [subject, state])).toEqual(
      topics.map((topic) => [topic, 'ok']),
    );
    expect(of(findings, 'permissions').map(({ subject, state, detail }) => [subject, state, detail])).toEqual([
      ...topics.map((topic) => [topic, 'ok', 'may alter, describe, read, write']),
      [groupId, 'ok', 'its offsets may be read; it has no members'],
    ]);
    expect(of(findings, 'connection', 'group protocol consumer')).toMatchObject([{ state: 'ok' }]);
    // What scripts/kafka/pom.xml fetches is of that line.
    expect(of(findings, 'connection', 'Kafka')).toMatchObject([
      { state: 'ok', detail: expect.stringMatching(/^not told by the broker; .* Kafka 4\.0 or newer$/) as string },
    ]);
    expect(of(findings, 'keys')).toMatchObject([{ subject: 'acme', state: 'ok' }]);
    expect(of(findings, 'registry')).toMatchObject([{ state: 'not-made' }]);
  });

  it('names topics that are not as they must be', async () => {
    const transport = makeTransport(inject('kafkaBrokers').split(','));
    const admin = transport.createAdmin();
    await admin.connect();
    const other = `doctored-${randomUUID().slice(0, 8)}`;
    const [dlq, control] = [`_shared.${other}.orders.dlq`, `_control._shared.${other}`];
    const wrong = { partitions: 3, replicationFactor: 1 };
    const settings = { 'cleanup.policy': 'compact', 'max.message.bytes': '1000' };
    await admin.createTopics(
      [
        { topic: dlq, ...wrong, config: settings },
        { topic: control, ...wrong, config: {} },
      ],
      10_000,
    );
    await admin.disconnect();
    const path = join(folder, 'other.json');
    writeFileSync(
      path,
      JSON.stringify({ brokers: inject('kafkaBrokers').split(','), contracts: CONTRACTS, groups: [other] }),
    );
    const { out } = await run('doctor', '--config', path, '--json');
    const { findings } = JSON.parse(out) as Told;
    const details = (topic: string): string[] =>
      of(findings, 'topics', topic).map(({ state, detail }) => `${state} ${detail}`);
    expect(details(dlq)).toEqual([
      'error cleanup.policy is compact and must be delete: records get lost',
      'error max.message.bytes is 1000, and records of 1065536 must fit',
    ]);
    expect(details(control)).toEqual([
      'error has 3 partitions: members read the first only',
      'error cleanup.policy is delete and must be compact: records get lost',
    ]);
    const text = await run('doctor', '--config', path);
    expect(text.out).toContain(`  error     ${dlq}: max.message.bytes is 1000, and records of 1065536 must fit\n`);
    expect(text.out).toContain('            → set cleanup.policy=delete on the topic\n');
  });

  it('sees that a clock is ahead of this one', async () => {
    const transport = makeTransport(inject('kafkaBrokers').split(','));
    const producer = transport.createProducer();
    await producer.connect();
    await produce(producer, record('orders', 0, { timestampMs: Date.now() + 60_000 }));
    await producer.disconnect(10_000);
    const [clock] = of((await doctor()).findings, 'clocks');
    expect(clock).toMatchObject({
      state: 'warning',
      detail: expect.stringMatching(
        /^compared with the last records of \d+ of \d+ partitions .* written (59|60) s in its future/,
      ) as string,
    });
  });

  it('says of all that it could not look at that nobody looked', async () => {
    const { errors, findings, exitCode } = await doctor('--brokers', '127.0.0.1:1');
    expect([exitCode, errors]).toEqual([1, 1]);
    expect(of(findings, 'connection')).toMatchObject([
      {
        state: 'error',
        detail: expect.stringContaining('BROKER_UNREACHABLE') as string,
        todo: expect.stringContaining('not looked at') as string,
      },
    ]);
  });
});
