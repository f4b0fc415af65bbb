// What only a real broker does: it checks credentials and ACLs, and comes back with its data.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningKafka, startKafka } from '../../../scripts/kafka/start-kafka.ts';
import { freePort } from '../../../scripts/server-process.ts';
import type { TransportOptions } from '../../../src/transport/options.js';
import type { Delivery } from '../../../src/transport/port.js';
import { makeTransport, Member, produce, record, until } from '../transport/harness.js';

let kafka: RunningKafka;
let secured: string[];

beforeAll(async () => {
  const [port, controller, client] = await Promise.all([freePort(), freePort(), freePort()]);
  secured = [`127.0.0.1:${client}`];
  kafka = await startKafka({
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
