// What doctor makes of what it is told; test/kafka/real/doctor-cli.test.ts asks a real Kafka.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { commandClock } from '../../../src/cli/command-clock.js';
import { openBrokerDetails, type BrokerDetails } from '../../../src/cli/doctor/broker-details.js';
import { checkKafka } from '../../../src/cli/doctor/check-kafka.js';
import { clockFinding } from '../../../src/cli/doctor/check-clocks.js';
import { checkRegistry } from '../../../src/cli/doctor/check-registry.js';
import { checkTopics, type TopicFacts } from '../../../src/cli/doctor/check-topics.js';
import { nodeFinding } from '../../../src/cli/doctor/check-versions.js';
import type { Finding } from '../../../src/cli/doctor/finding.js';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import { registeredJsonSchema } from '../../../src/serde/registry/registered-json-schema.js';
import { FakeRegistry } from '../integrations/registry/fake-registry.js';
import { useTransport } from '../../support/client-transport.js';
import { Signed } from '../../support/contracts.js';
import { FakeKafka } from '../../support/fake-kafka.js';
import { service } from './fixtures/tenantry.config.js';
import { run } from './run.js';

vi.mock('../../../src/transport/confluent-transport.js', async () => {
  const { clientTransport } = await import('../../support/client-transport.js');
  return { createConfluentTransport: clientTransport };
});
vi.mock('../../../src/cli/doctor/broker-details.js', async (original) => ({
  ...(await original<object>()),
  openBrokerDetails: vi.fn(),
}));

const CONFIG = fileURLToPath(new URL('./fixtures/tenantry.config.ts', import.meta.url));
const TOPIC = Signed.topic;
const TOPICS = [TOPIC, `_quarantine.${TOPIC}`, `_shared.archive.${TOPIC}.dlq`, '_control._shared.archive'];

describe('checkRegistry', () => {
  it('does not take a registry that refuses to answer for one that knows no schema', async () => {
    const server = createServer(({ url }, response) => {
      response.writeHead(url === '/subjects' ? 200 : 403).end('{}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const findings = await checkRegistry(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, [Signed]);
    server.close();
    expect(findings.map(({ subject, state }) => [subject, state])).toContainEqual([Signed.eventType, 'not-made']);
  });

  it('says why a registry does not answer', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const [away] = await checkRegistry(`http://127.0.0.1:${port}`, []);
    expect(away).toMatchObject({ state: 'error', detail: 'does not answer: Error ECONNREFUSED' });
  });
});

describe('checkRegistry, with credentials', () => {
  it.each(['http://user:secret@registry.example:8081', 'http://:secret@10.0.0.7:8081/path'])(
    'sends none over http to another machine: %s',
    async (url) => {
      const sent = vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('sent'));
      const findings = await checkRegistry(url, [Signed]);
      expect(sent).not.toHaveBeenCalled();
      sent.mockRestore();
      expect(findings).toMatchObject([{ state: 'error', detail: expect.stringContaining('over http') as unknown }]);
      expect(JSON.stringify(findings)).not.toContain('secret');
    },
  );

  it('sends them to this machine, and asks as publishing does', async () => {
    const registry = await new FakeRegistry().start();
    registry.register(`${Signed.topic}-value`, '{"title":"other.v1"}');
    registry.register(Signed.eventType, registeredJsonSchema(Signed));
    const findings = await checkRegistry(registry.url.replace('//', '//u:p%40ss@'), [Signed]);
    await registry[Symbol.asyncDispose]();
    expect(findings.map(({ state, detail }) => [state, detail])).toEqual([
      ['ok', 'answers'],
      ['ok', `registered under ${Signed.eventType}`],
    ]);
    const expected = `Basic ${Buffer.from('u:p@ss').toString('base64')}`;
    expect(new Set(registry.requests.map(({ headers }) => headers.authorization))).toEqual(new Set([expected]));
  });
});

describe('checkTopics', () => {
  const needed = (config: Record<string, string>, topic = 'orders') => [
    { topic, partitions: 1, replicationFactor: 1, config },
  ];
  const facts = (
    settings: Record<string, string> | undefined,
    more: Partial<TopicFacts> = {},
    topic = 'orders',
  ): TopicFacts => ({
    shapes: new Map([[topic, { partitions: 1, replicationFactor: 3 }]]),
    brokers: 3,
    settingsOf: () => settings && new Map(Object.entries(settings)),
    ...more,
  });
  const told = (config: Record<string, string>, known: TopicFacts): string[] =>
    checkTopics(needed(config), known, 1_000_000).map(({ state, detail }) => `${state} ${detail}`);
  const fine = { 'cleanup.policy': 'delete', 'max.message.bytes': '1048588', 'min.insync.replicas': '2' };

  it('finds nothing where all is as it must be', () => {
    expect(told({}, facts(fine))).toEqual(['ok partitions: 1, replicas: 3']);
    expect(told({ 'cleanup.policy': 'compact' }, facts({ ...fine, 'cleanup.policy': 'compact' }))).toHaveLength(1);
  });

  it('finds a topic whose records would be compacted away, or deleted', () => {
    expect(told({}, facts({ ...fine, 'cleanup.policy': 'compact,delete' }))).toEqual([
      'error cleanup.policy is compact,delete and must be delete: records get lost',
    ]);
    expect(told({ 'cleanup.policy': 'compact' }, facts(fine))).toEqual([
      'error cleanup.policy is delete and must be compact: records get lost',
    ]);
    expect(told({ 'cleanup.policy': 'compact' }, facts({ ...fine, 'cleanup.policy': 'compact,delete' }))).toEqual([
      'error cleanup.policy is compact,delete and must be compact: old keys get lost',
    ]);
  });

  it('finds a topic that takes no record of the largest size, or no copy of one', () => {
    expect(told({}, facts({ ...fine, 'max.message.bytes': '999999' }))).toEqual([
      'error max.message.bytes is 999999, and records of 1000000 must fit',
    ]);
    expect(told({ 'max.message.bytes': '1065536' }, facts(fine))).toEqual([
      'error max.message.bytes is 1048588, and records of 1065536 must fit',
    ]);
  });

  it('warns of a topic that may lose what was acknowledged', () => {
    const shapes = new Map([['orders', { partitions: 1, replicationFactor: 2 }]]);
    expect(told({}, facts(fine, { shapes }))).toEqual(['warning has 2 replicas on 3 brokers']);
    expect(told({}, facts(fine, { shapes, brokers: 2 }))).toHaveLength(1);
    expect(told({}, facts({ ...fine, 'min.insync.replicas': '1' }))).toEqual([
      'warning min.insync.replicas is 1: one broker alone may acknowledge a record, and be lost',
    ]);
  });

  it('finds a control topic of which members would read a part', () => {
    const topic = '_control._shared.archive';
    const shapes = new Map([[topic, { partitions: 2, replicationFactor: 3 }]]);
    const [finding] = checkTopics(needed({}, topic), facts(undefined, { shapes }), 1_000_000);
    expect(finding).toMatchObject({ state: 'error', detail: 'has 2 partitions: members read the first only' });
  });

  it('says what is not there, and says nothing of settings that nobody could tell', () => {
    expect(told({}, facts(fine, { shapes: new Map() }))).toEqual(['error is not there, or may not be described']);
    expect(told({}, facts(undefined))).toEqual(['ok partitions: 1, replicas: 3']);
  });
});

it.each([
  ['18.20.0', 'error'],
  ['20.18.3', 'error'],
  ['20.19.0', 'ok'],
  ['22.0.0', 'ok'],
])('Node.js %s: %s', (version, state) => {
  expect(nodeFinding(version).state).toBe(state);
});

it.each([
  [-100_000, 'ok'],
  [1_900, 'ok'],
  [5_000, 'warning'],
])('a record that is %d ms ahead: %s, with how many partitions were compared', (aheadMs, state) => {
  const found = clockFinding({ newestMs: 1_000_000 + aheadMs, partitions: 50, of: 120 }, 1_000_000);
  expect(found).toMatchObject({
    state,
    detail: expect.stringMatching(/^compared with the last records of 50 of 120 partitions with events, at most 50: /),
  });
});

describe('checkKafka', () => {
  const api = (apiKey: number, minVersion: number) => ({ apiKey, minVersion, maxVersion: 99 });
  const told = async (groupProtocol: 'consumer' | 'classic', ...apis: ReturnType<typeof api>[]): Promise<string[]> => {
    const findings = await checkKafka({ groupProtocol }, { apis: () => Promise.resolve(apis) });
    return findings.map(({ subject, state, detail }) => `${subject} ${state}: ${detail}`);
  };
  const version = (line: string): string =>
    `Kafka ok: not told by the broker; the one that was asked knows the requests of ${line}`;

  it.each([
    ['Kafka 4.0 or newer', [api(1, 4), api(68, 0)], 'ok: the brokers know it'],
    ['Kafka 4.0 or newer', [api(1, 4)], 'error: the brokers do not know it'],
    [
      'Kafka 3.7 to 3.9',
      [api(1, 0), api(68, 0)],
      'warning: the brokers know it as a preview, which may be switched off',
    ],
    ['Kafka before 4.0', [api(1, 0)], 'error: the brokers do not know it'],
    ['Kafka before 4.0', [], 'error: the brokers do not know it'],
  ])('concludes %s from the requests %j', async (line, apis, protocol) => {
    expect(await told('consumer', ...apis)).toEqual([version(line), `group protocol consumer ${protocol}`]);
  });

  it('says of the classic protocol whether there is a newer one', async () => {
    const [, older] = await told('classic', api(1, 0), api(68, 0));
    expect(older).toBe('group protocol classic ok: all brokers know it');
    const [, newer] = await told('classic', api(1, 4), api(68, 0));
    expect(newer).toContain("these know groupProtocol: 'consumer' (KIP-848) too");
  });

  it('says that nobody tells the version where nobody could be asked, or did not answer', async () => {
    const failing = { apis: () => Promise.reject(new Error('hunter2')) };
    for (const details of [undefined, failing]) {
      const findings = await checkKafka({ groupProtocol: 'consumer' }, details);
      expect(findings.map(({ state }) => state)).toEqual(['not-made', 'not-made']);
      expect(findings[0]?.detail).toMatch(/^its version is not told by the broker, and nothing else tells it: /);
      expect(JSON.stringify(findings)).not.toContain('hunter2');
    }
  });
});

describe('tenantry doctor', () => {
  let kafka: FakeKafka;
  beforeEach(() => {
    kafka = new FakeKafka(commandClock);
    for (const topic of TOPICS) kafka.createTopic(topic, 1);
    useTransport(kafka.transport());
  });
  afterEach(() => {
    vi.mocked(openBrokerDetails).mockReset();
  });

  async function doctor(...args: string[]): Promise<{ exitCode: number; note: string; findings: Finding[] }> {
    const { exitCode, out, note } = await run('doctor', '--config', CONFIG, '--json', ...args);
    return { exitCode, note, ...(JSON.parse(out) as { findings: Finding[] }) };
  }
  const shown = (findings: readonly Finding[], check: string): string[] =>
    findings.filter((finding) => finding.check === check).map(({ subject, state }) => `${subject} ${state}`);

  it('says of what needs the optional package that nobody looked, and how to get it', async () => {
    const { exitCode, findings } = await doctor();
    expect(exitCode).toBe(0);
    expect(shown(findings, 'topics')).toEqual([...TOPICS.map((topic) => `${topic} ok`), 'settings of topics not-made']);
    expect(shown(findings, 'connection')).toEqual(['brokers ok', 'Kafka not-made', 'group protocol consumer not-made']);
    const notMade = findings.filter(({ todo }) => todo?.includes('install @platformatic/kafka'));
    expect(notMade).toHaveLength(3);
  });

  it('closes what it has opened, and says why settings could not be read', async () => {
    const close = vi.fn<BrokerDetails['close']>(() => Promise.resolve());
    vi.mocked(openBrokerDetails).mockResolvedValue({
      topicSettings: () => Promise.reject(new Error('hunter2')),
      apis: () => Promise.resolve([]),
      close,
    });
    const { exitCode, findings, note } = await doctor();
    expect(exitCode).toBe(1);
    expect(JSON.parse(note)).toEqual({ code: 'INVALID_STATE', message: 'one error was found', retryable: false });
    expect(shown(findings, 'connection')).toEqual(['brokers ok', 'Kafka ok', 'group protocol consumer error']);
    expect(shown(findings, 'topics')).toContain('settings of topics not-made');
    expect(JSON.stringify(findings)).not.toContain('hunter2');
    expect(close).toHaveBeenCalledOnce();
  });

  it('says that nobody looked at what groups need where no group is named', async () => {
    const config = { brokers: ['localhost:9092'] };
    const folder = mkdtempSync(join(tmpdir(), 'tenantry-doctor-'));
    const file = join(folder, 'tenantry.config.json');
    writeFileSync(file, JSON.stringify(config));
    const contracts = fileURLToPath(new URL('../../support/contracts.ts', import.meta.url));
    const { out } = await run('doctor', '--config', file, '--contracts', contracts, '--json');
    rmSync(folder, { recursive: true });
    const { findings } = JSON.parse(out) as { findings: Finding[] };
    expect(shown(findings, 'topics')).toContain('groups not-made');
  });

  it('warns of what the credentials may not do', async () => {
    kafka.operationsOn = (topic) => new Set(topic === TOPIC ? ['read', 'describe'] : ['read', 'write', 'describe']);
    const { findings } = await doctor();
    const [first] = findings.filter(({ check }) => check === 'permissions');
    expect(first).toMatchObject({ subject: TOPIC, state: 'warning', detail: 'may describe, read, not write' });
  });

  it('finds keys that do not serve', async () => {
    const [kekId] = service.kekIds(parseTenantId('globex'));
    service.destroyKek(parseTenantId('globex'), kekId!, { exclusive: true });
    const { exitCode, findings } = await doctor('--tenant', 'globex', '--tenant', 'nobody');
    expect(exitCode).toBe(1);
    expect(shown(findings, 'keys')).toEqual(['globex error', 'nobody error']);
    const text = await run('doctor', '--config', CONFIG, '--tenant', 'globex');
    expect(text.out).toMatch(
      / {2}error {5}globex: current key [0-9a-f]{16} gone \(destroyed\)\n {12}→ look whether its name is right/,
    );
  });

  it('sees a record of the future', async () => {
    const key = Buffer.from('acme:1');
    kafka.append({ topic: TOPIC, partition: 0, key, value: null, headers: [], timestampMs: Date.now() + 60_000 });
    const { findings } = await doctor();
    expect(shown(findings, 'clocks')).toEqual(['this machine warning']);
  });
});
