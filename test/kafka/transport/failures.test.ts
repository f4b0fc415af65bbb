// What happens when brokers go away; each test has its own.
import { execFile } from 'node:child_process';
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { EmbeddedKafka } from 'tenantry/testing';
import { loadDriver } from '../../../src/transport/load-driver.js';
import type { Delivery } from '../../../src/transport/port.js';
import { cleanedUp, makeTransport, Member, produce, record, until } from './harness.js';

const NOBODY = ['127.0.0.1:1'];
const NO_TOPIC = { groupId: 'g', topics: ['t'], clientIdSuffix: '' };

describe('the transport without a broker', () => {
  const { cleanups } = cleanedUp();

  async function start(): Promise<EmbeddedKafka> {
    const kafka = await EmbeddedKafka.start();
    cleanups.push(() => kafka.stop());
    return kafka;
  }

  /** Takes connections and never says a word, as a port behind a wrong firewall rule does. */
  async function silentServer(): Promise<string[]> {
    const sockets = new Set<Socket>();
    const server: Server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    });
    return [`127.0.0.1:${(server.address() as AddressInfo).port}`];
  }

  it('threat 42: fails to connect within the time-out when nobody listens or answers', async () => {
    for (const brokers of [NOBODY, await silentServer()]) {
      const transport = makeTransport(brokers, { connectTimeoutMs: 1_000 });
      const consumer = transport.createGroupConsumer(NO_TOPIC);
      const producer = transport.createProducer();
      // librdkafka alone takes 30 s for each, which is longer than the test may.
      const attempts = [producer.connect(), consumer.connect(new Member(consumer)), transport.createAdmin().connect()];
      for (const outcome of await Promise.allSettled(attempts)) {
        expect(outcome).toMatchObject({ reason: { code: 'BROKER_UNREACHABLE' } });
      }
      await expect(producer.partitionCount('t')).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' });
      await producer.disconnect(100);
      await consumer.disconnect(100);
    }
  });

  it('can connect again after it failed', async () => {
    const kafka = await start();
    const port = Number(kafka.brokers[0]?.split(':')[1]);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const free = (server.address() as AddressInfo).port;
    server.close();
    await once(server, 'close');
    // The bootstrap address is a tunnel to the broker, opened after the first attempt.
    const producer = makeTransport([`127.0.0.1:${free}`], { connectTimeoutMs: 1_000 }).createProducer();
    await expect(producer.connect()).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' });
    const { connect } = await import('node:net');
    const tunnel = createServer((socket) => {
      const upstream = connect(port, '127.0.0.1');
      socket.pipe(upstream).pipe(socket);
      for (const end of [socket, upstream]) end.on('error', () => socket.destroy());
    }).listen(free, '127.0.0.1');
    await once(tunnel, 'listening');
    await producer.connect();
    await producer.disconnect(1_000);
    tunnel.close();
  });

  it('threat 42, 50: settles each record when the broker is gone: by the delivery time-out, or by disconnect', async () => {
    const kafka = await EmbeddedKafka.start();
    const patient = makeTransport(kafka.brokers).createProducer();
    const hasty = makeTransport(kafka.brokers, { deliveryTimeoutMs: 1_000 }).createProducer();
    const admin = makeTransport(kafka.brokers).createAdmin();
    await admin.connect();
    await admin.createTopics([{ topic: 't', partitions: 4, replicationFactor: 1, config: {} }], 5_000);
    await admin.disconnect();
    for (const producer of [patient, hasty]) {
      await producer.connect();
      // Within its second the hasty one may not even be connected to the partition's leader yet.
      await vi.waitFor(async () => {
        expect(await produce(producer, record('t', 0))).toMatchObject({ partition: 0 });
      }, 20_000);
    }
    await kafka.stop();

    expect(await produce(hasty, record('t', 0))).toMatchObject({ failure: { kind: 'unknown' } });
    const settled: Delivery[] = [];
    for (let i = 0; i < 5_000; i++) {
      expect(patient.produce(record('t', i % 4), (delivery) => settled.push(delivery))).toBe(true);
    }
    // Not after the two minutes that the patient one may take for a delivery.
    await Promise.all([patient.disconnect(300), hasty.disconnect(300)]);
    expect(settled).toHaveLength(5_000);
    expect(settled.every(({ failure }) => failure?.kind === 'unknown')).toBe(true);
  });

  it('ends a consumer in time when its broker is gone', async () => {
    const kafka = await EmbeddedKafka.start();
    const transport = makeTransport(kafka.brokers);
    const admin = transport.createAdmin();
    await admin.connect();
    await admin.createTopics([{ topic: 't', partitions: 4, replicationFactor: 1, config: {} }], 5_000);
    const member = await new Member(transport.createGroupConsumer({ ...NO_TOPIC })).start();
    await until(() => member.owned.size === 4);
    await kafka.stop();
    const answer = member.consumer.commit({
      topic: 't',
      partition: 0,
      offset: 0,
      metadata: '',
      leaderEpoch: undefined,
    });
    // Without its time it would wait for longer than the test may.
    await member.stop(2_000);
    expect(await answer).toMatchObject({ ok: false });
    await admin.disconnect();
  });

  it('refuses a record over the limit of the client for good', async () => {
    const kafka = await start();
    const transport = makeTransport(kafka.brokers, { maxRecordBytes: 1_000 });
    const admin = transport.createAdmin();
    await admin.connect();
    await admin.createTopics([{ topic: 't', partitions: 4, replicationFactor: 1, config: {} }], 5_000);
    await admin.disconnect();
    const producer = transport.createProducer();
    await producer.connect();
    let isLater = false;
    const large = new Promise<Delivery>((resolve) => {
      producer.produce(record('t', 0, { value: Buffer.alloc(2_000_000) }), (delivery) => {
        expect(isLater).toBe(true);
        resolve(delivery);
      });
      isLater = true;
    });
    expect(await large).toMatchObject({ failure: { kind: 'invalid', reason: 'Broker: Message size too large' } });
    await producer.disconnect(1_000);
  });

  it('names a setting that librdkafka does not know, and not its value', async () => {
    const librdkafka = { global: { 'no.such.setting': 'secret' } };
    const producer = makeTransport(NOBODY, { librdkafka }).createProducer();
    const error: unknown = await producer.connect().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'INVALID_OPTIONS', problems: [{ path: 'librdkafka' }] });
    expect(String(error)).toContain('no.such.setting');
    expect(JSON.stringify(error) + String(error)).not.toContain('secret');
  });

  it('threat 37: names the setting of a key that cannot be read, and not the key', async () => {
    const pem = '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n';
    const transport = makeTransport(NOBODY, { connection: { ssl: { cert: pem, key: pem } } });
    const consumer = transport.createGroupConsumer(NO_TOPIC);
    const attempts = [
      transport.createProducer().connect(),
      consumer.connect(new Member(consumer)),
      transport.createAdmin().connect(),
    ];
    const [producer, ...others] = await Promise.allSettled(attempts);
    expect(producer).toMatchObject({ reason: { code: 'INVALID_OPTIONS', problems: [{ path: 'connection' }] } });
    for (const outcome of [producer, ...others]) {
      expect(outcome).toMatchObject({ reason: { code: 'INVALID_OPTIONS' } });
      expect(JSON.stringify(outcome)).not.toContain('c2VjcmV0');
    }
  });

  it('says which brokers the embedded Kafka can have', async () => {
    await expect(EmbeddedKafka.start({ brokers: 0 })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await using kafka = await EmbeddedKafka.start({ brokers: 3 });
    expect(new Set(kafka.brokers).size).toBe(3);
    await kafka.stop();
    await kafka.stop();
  });

  it('loads the client once', () => {
    expect(loadDriver()).toBe(loadDriver());
  });

  it.each(['stopped', 'exit'])('lets the process end (%s)', async (how) => {
    const script = fileURLToPath(new URL('fixtures/ends.ts', import.meta.url));
    const tsx = fileURLToPath(import.meta.resolve('tsx/cli'));
    const { stdout } = await promisify(execFile)(process.execPath, [tsx, script, how], { timeout: 20_000 });
    expect(stdout).toBe(`${how}\n`);
  });
});
