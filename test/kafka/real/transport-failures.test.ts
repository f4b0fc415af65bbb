// What only a real broker does: it checks credentials and ACLs, and comes back with its data.
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin, AclOperations, AclPermissionTypes, ResourcePatternTypes, ResourceTypes } from '@platformatic/kafka';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type RunningKafka, startKafka } from '../../../scripts/kafka/start-kafka.ts';
import { freePort } from '../../../scripts/server-process.ts';
import type { Finding } from '../../../src/cli/doctor/finding.js';
import type { TransportOptions } from '../../../src/transport/options.js';
import type { Delivery } from '../../../src/transport/port.js';
import { run } from '../../unit/cli/run.js';
import { makeTransport, Member, produce, record, until } from '../transport/harness.js';

let kafka: RunningKafka;
let secured: string[];

beforeAll(async () => {
  const [port, controller, client] = await Promise.all([freePort(), freePort(), freePort()]);
  secured = [`127.0.0.1:${client}`];
  kafka = await startKafka({
    isShortLived: true,
    port,
    config: {
      listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller},CLIENT://127.0.0.1:${client}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},CLIENT://127.0.0.1:${client}`,
      'controller.quorum.voters': `1@127.0.0.1:${controller}`,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,CLIENT:SASL_PLAINTEXT',
      'inter.broker.listener.name': 'PLAINTEXT',
      'sasl.enabled.mechanisms': 'PLAIN',
      'listener.name.client.plain.sasl.jaas.config':
        'org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="wonderland";',
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
    },
  });
  const admin = makeTransport([kafka.brokers]).createAdmin();
  await admin.connect();
  await admin.createTopics([{ topic: 't', partitions: 4, replicationFactor: 1, config: {} }], 10_000);
  await admin.disconnect();
}, 120_000);
afterAll(() => kafka.stop());

function alice(password: string): Partial<TransportOptions> {
  return { connection: { sasl: { mechanism: 'plain', username: 'alice', password } } };
}

it('tells a wrong password from a broker that is away', async () => {
  const transport = makeTransport(secured, alice('looking-glass'));
  const consumer = transport.createGroupConsumer({ groupId: 'g', topics: ['t'], clientIdSuffix: '' });
  const outcomes = await Promise.allSettled([
    transport.createProducer().connect(),
    consumer.connect(new Member(consumer)),
    transport.createAdmin().connect(),
  ]);
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ reason: { code: 'BROKER_ACCESS_DENIED' } });
    expect(JSON.stringify(outcome)).not.toContain('looking-glass');
  }
});

it('reports what the ACLs refuse', async () => {
  const transport = makeTransport(secured, alice('wonderland'));
  const producer = transport.createProducer();
  const admin = transport.createAdmin();
  await Promise.all([producer.connect(), admin.connect()]);
  // Refused by the topic, or by the cluster that lets nobody without a permission to write be idempotent: then the
  // client ends with a fatal error and is replaced, and it is the same again.
  for (let i = 0; i < 3; i++) {
    expect((await produce(producer, record('t', 0))).failure).toBeDefined();
    await sleep(1_000);
  }
  await expect(producer.partitionCount('t')).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' });
  const topic = { topic: 'new', partitions: 1, replicationFactor: 1, config: {} };
  await expect(admin.createTopics([topic], 5_000)).rejects.toMatchObject({ code: 'BROKER_ACCESS_DENIED' });
  await Promise.all([producer.disconnect(1_000), admin.disconnect()]);
});

it('says at once that a group may not be read', async () => {
  const transport = makeTransport(secured, alice('wonderland'));
  const consumer = transport.createGroupConsumer({ groupId: 'g', topics: ['t'], clientIdSuffix: '' });
  await expect(consumer.connect(new Member(consumer))).rejects.toMatchObject({
    code: 'BROKER_ACCESS_DENIED',
    message: expect.stringContaining('group g') as unknown,
  });
});

it('says that the offsets of a group may not be read', async () => {
  const offsets = makeTransport(secured, alice('wonderland')).createGroupOffsets('g');
  await offsets.connect();
  // The client tells it once, at the beginning, and nobody asks then.
  await sleep(2_000);
  // To describe the group by its name would crash the process here.
  expect(await offsets.hasMembers(5_000)).toBe(false);
  await expect(offsets.committed([{ topic: 't', partition: 0 }], 5_000)).rejects.toMatchObject({
    code: 'BROKER_ACCESS_DENIED',
    message: expect.stringContaining('group g') as unknown,
  });
  await offsets.disconnect(5_000);
});

it('repeats what the broker says about a topic it will not create', async () => {
  const admin = makeTransport([kafka.brokers]).createAdmin();
  await admin.connect();
  const definition = { topic: 'three', partitions: 1, replicationFactor: 3, config: {} };
  const error: unknown = await admin.createTopics([definition], 5_000).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'ADMIN_FAILED' });
  expect(String(error)).toMatch(/replicat/i);
  await admin.disconnect();
});

it('threat 42: delivers in order what was produced while the broker was killed', { timeout: 120_000 }, async () => {
  const transport = makeTransport([kafka.brokers]);
  const producer = transport.createProducer();
  await producer.connect();
  await producer.partitionCount('t');
  const deliveries: Promise<Delivery>[] = [];
  const send = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      deliveries.push(produce(producer, record('t', 1, { value: Buffer.from(String(i)) })));
    }
  };
  send(0, 1_000);
  await kafka.kill();
  send(1_000, 2_000);
  await sleep(1_000);
  await kafka.restart();
  send(2_000, 3_000);
  const settled = await Promise.all(deliveries);
  expect(settled.filter(({ failure }) => failure !== undefined)).toEqual([]);

  const group = { groupId: 'after', topics: ['t'], clientIdSuffix: '' };
  const member = await new Member(transport.createGroupConsumer(group)).start();
  await until(() => member.records.length >= 3_000, 60_000);
  expect(member.records.map(({ value }) => Number(value?.toString()))).toEqual(
    Array.from({ length: 3_000 }, (_, i) => i),
  );
  await Promise.all([member.stop(), producer.disconnect(1_000)]);
});

it('tells what the ACLs allow, and `tenantry doctor` what is missing of it', async () => {
  const platform = makeTransport([kafka.brokers]).createAdmin();
  await platform.connect();
  await platform.createTopics([{ topic: 'orders', partitions: 1, replicationFactor: 1, config: {} }], 10_000);
  await platform.disconnect();
  const acls = new Admin({ clientId: 'acls', bootstrapBrokers: [kafka.brokers] });
  const rule = {
    resourceType: ResourceTypes.TOPIC,
    resourceName: 'orders',
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: 'User:alice',
    host: '*',
    operation: AclOperations.READ,
    permissionType: AclPermissionTypes.ALLOW,
  } as const;
  await acls.createAcls({ creations: [rule] });
  await acls.close();

  const admin = makeTransport(secured, alice('wonderland')).createAdmin();
  await admin.connect();
  await vi.waitFor(async () => {
    expect([...(await admin.describeCluster(5_000)).topics.keys()]).toEqual(['orders']);
  }, 10_000);
  expect(await admin.allowedOperations(['orders'], 5_000)).toEqual(
    new Map([['orders', new Set(['read', 'describe'])]]),
  );
  await admin.disconnect();

  vi.stubEnv('TENANTRY_SASL_MECHANISM', 'plain');
  vi.stubEnv('TENANTRY_SASL_USERNAME', 'alice');
  vi.stubEnv('TENANTRY_SASL_PASSWORD', 'wonderland');
  vi.stubEnv('TENANTRY_GROUPS', 'order-processor');
  const contracts = new URL('../fixtures/command-contracts.ts', import.meta.url).pathname;
  const args = ['doctor', '--brokers', secured.join(','), '--contracts', contracts, '--json'];
  const { exitCode, out, note } = await run(...args);
  expect(exitCode).toBe(1);
  expect(out + note).not.toContain('wonderland');
  const { findings } = JSON.parse(out) as { findings: Finding[] };
  const found = findings.map(({ check, subject, state, detail }) => `${check} ${subject} ${state}: ${detail}`);
  expect(found).toEqual(
    expect.arrayContaining([
      'topics orders ok: partitions: 1, replicas: 1',
      'topics _quarantine.orders error: is not there, or may not be described',
      'permissions orders warning: may describe, read, not write',
      expect.stringMatching(/^permissions _shared\.order-processor error: BROKER_ACCESS_DENIED/),
      expect.stringMatching(/^topics settings of topics not-made: cleanup\.policy/),
    ]),
  );
});

// In less than the 30 s after which it would find that nothing has come.
it('names at once a dead-letter topic that may not be read, and lists the others', { timeout: 25_000 }, async () => {
  const [topic, readable] = ['_shared.other.orders.dlq', '_shared.other.readable.dlq'];
  const platform = makeTransport([kafka.brokers]);
  const admin = platform.createAdmin();
  const producer = platform.createProducer();
  await Promise.all([admin.connect(), producer.connect()]);
  const shape = { partitions: 1, replicationFactor: 1, config: {} };
  await admin.createTopics(
    [topic, readable].map((name) => ({ topic: name, ...shape })),
    10_000,
  );
  for (const name of [topic, readable]) await produce(producer, record(name, 0));
  await Promise.all([admin.disconnect(), producer.disconnect(5_000)]);
  const acls = new Admin({ clientId: 'acls', bootstrapBrokers: [kafka.brokers] });
  const rule = {
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: 'User:alice',
    host: '*',
    permissionType: AclPermissionTypes.ALLOW,
  } as const;
  const [onTopic, onGroup] = [{ resourceType: ResourceTypes.TOPIC }, { resourceType: ResourceTypes.GROUP }] as const;
  await acls.createAcls({
    creations: [
      { ...rule, ...onTopic, resourceName: topic, operation: AclOperations.DESCRIBE },
      { ...rule, ...onTopic, resourceName: readable, operation: AclOperations.READ },
      { ...rule, ...onGroup, resourceName: '_shared.other', operation: AclOperations.READ },
    ],
  });
  await acls.close();
  vi.stubEnv('TENANTRY_SASL_MECHANISM', 'plain');
  vi.stubEnv('TENANTRY_SASL_USERNAME', 'alice');
  vi.stubEnv('TENANTRY_SASL_PASSWORD', 'wonderland');

  const args = ['--brokers', secured.join(',')];
  const { exitCode, out, note } = await run('dlq', 'list', '--json', ...args);
  expect([exitCode, note]).toEqual([4, '']);
  const needs = (name: string): string =>
    `"describe" and "read" on the topic ${name}, and "read" on the group _shared.other`;
  expect(JSON.parse(out)).toMatchObject({
    topics: [readable],
    notRead: [
      { topic, code: 'ADMIN_FAILED', message: expect.stringContaining('authorization') as string, needs: needs(topic) },
      { topic: '_control._shared.other', code: 'TOPIC_NOT_FOUND' },
    ],
    deadLetters: [{ topic: 'readable', records: 1, redriven: null }],
  });

  const only = await run('dlq', 'list', '--topic', 'orders', ...args);
  expect([only.exitCode, only.note.split('\n').at(-2)]).toEqual([
    1,
    expect.stringMatching(/^tenantry: ADMIN_FAILED: _shared\.other\.orders\.dlq cannot be read: /),
  ]);
});
