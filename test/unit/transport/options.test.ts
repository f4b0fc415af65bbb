import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.js';
import {
  adminConfig,
  groupConsumerConfig,
  readerConfig,
  producerConfig,
} from '../../../src/transport/client-config.js';
import { type TransportOptions, transportOptionsSchema } from '../../../src/transport/options.js';

const telemetry = { log: (): void => undefined };
const context = { clock: systemClock, telemetry };
const group = { groupId: 'acme.orders', topics: ['orders'], clientIdSuffix: 'head' };

function options(extra: Partial<TransportOptions> = {}): TransportOptions {
  return { brokers: ['localhost:9092'], clientId: 'shop', ...extra };
}

function problems(input: unknown): string[] {
  const result = transportOptionsSchema().safeParse(input);
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('the options of the connection', () => {
  it('have defaults', () => {
    expect(transportOptionsSchema().parse(options())).toEqual({
      brokers: ['localhost:9092'],
      clientId: 'shop',
      connection: { ssl: false },
      librdkafka: { global: {}, producer: {}, consumer: {} },
      groupProtocol: 'consumer',
      maxRecordBytes: 1_000_000,
      deliveryTimeoutMs: 120_000,
      connectTimeoutMs: 10_000,
    });
  });

  it.each([
    'localhost',
    'localhost:',
    ':9092',
    'localhost:0',
    'localhost:65536',
    'a b:1',
    'PLAINTEXT://a:1',
    'a:1,b:1',
  ])('refuse the broker %j', (broker) => {
    expect(problems(options({ brokers: [broker] }))).toEqual(['brokers.0: must be host:port']);
  });

  it.each(['localhost:9092', '10.0.0.1:1', '[::1]:9092', 'kafka-1.internal:65535'])('take the broker %j', (broker) => {
    expect(problems(options({ brokers: [broker] }))).toEqual([]);
  });

  it('refuse each setting that the library owns, by name', () => {
    const found = problems(
      options({
        librdkafka: {
          global: { 'bootstrap.servers': 'x:1', 'client.rack': 'a' },
          producer: { acks: 1, 'linger.ms': 20, 'enable.idempotence': false },
          consumer: { 'group.id': 'other', 'auto.offset.reset': 'latest', 'max.poll.interval.ms': 60_000 },
        },
      }),
    );
    expect(found.map((problem) => problem.split(':')[0])).toEqual([
      'librdkafka.global.bootstrap.servers',
      'librdkafka.producer.acks',
      'librdkafka.producer.enable.idempotence',
      'librdkafka.consumer.group.id',
      'librdkafka.consumer.auto.offset.reset',
    ]);
  });

  it('refuse what the broker decides under the protocol of KIP-848 only', () => {
    const librdkafka = { consumer: { 'session.timeout.ms': 6_000, 'max.poll.interval.ms': 60_000 } };
    expect(problems(options({ librdkafka }))).toEqual([
      expect.stringMatching(/^librdkafka\.consumer\.session\.timeout\.ms: /),
    ]);
    expect(problems(options({ librdkafka, groupProtocol: 'classic' }))).toEqual([]);
  });

  it('threat 37: name no secret in a problem', () => {
    const secret = 'hunter2hunter2';
    const found = problems({
      ...options(),
      connection: { ssl: { key: secret, passphrase: 7 }, sasl: { mechanism: 'plain', username: '', password: secret } },
      librdkafka: { global: { 'sasl.password': secret } },
    });
    expect(found.length).toBeGreaterThan(2);
    expect(found.join()).not.toContain(secret);
  });
});

describe('the configuration of the clients', () => {
  it('is not overruled by what is passed through', () => {
    const resolved = transportOptionsSchema().parse(
      options({
        librdkafka: { global: { 'client.rack': 'a' }, producer: { 'compression.codec': 'zstd', 'linger.ms': 50 } },
      }),
    );
    expect(producerConfig(resolved, context)).toMatchObject({
      'bootstrap.servers': 'localhost:9092',
      'client.id': 'shop',
      'client.rack': 'a',
      'compression.codec': 'zstd',
      'linger.ms': '50',
      'enable.idempotence': true,
      acks: -1,
      'allow.auto.create.topics': false,
      'security.protocol': 'plaintext',
    });
    expect(groupConsumerConfig(resolved, group, context)).toMatchObject({
      'client.id': 'shop-head',
      'group.id': 'acme.orders',
      'group.protocol': 'consumer',
      'enable.auto.commit': false,
      'auto.offset.reset': 'error',
    });
    expect(groupConsumerConfig(resolved, group, context)).not.toHaveProperty('compression.codec');
    expect(groupConsumerConfig(resolved, group, context)).not.toHaveProperty(['partition.assignment.strategy']);
    expect(adminConfig(resolved, context)).toMatchObject({ 'client.id': 'shop-admin' });
  });

  it('has a reader fetch little, and never decide where to read', () => {
    const consumer = { 'queued.min.messages': 50_000, 'fetch.wait.max.ms': 20, 'client.rack': 'b' };
    const resolved = transportOptionsSchema().parse(options({ librdkafka: { consumer } }));
    expect(readerConfig(resolved, group, context)).toMatchObject({
      'client.id': 'shop-head-reader',
      'group.id': 'acme.orders',
      'client.rack': 'b',
      'queued.min.messages': 1_000,
      'fetch.wait.max.ms': '20',
      'enable.auto.commit': false,
      'enable.partition.eof': true,
      'auto.offset.reset': 'error',
      'isolation.level': 'read_committed',
    });
  });

  it('is cooperative with the classic protocol', () => {
    const resolved = transportOptionsSchema().parse(options({ groupProtocol: 'classic' }));
    expect(groupConsumerConfig(resolved, group, context)).toMatchObject({
      'group.protocol': 'classic',
      'partition.assignment.strategy': 'cooperative-sticky',
    });
  });

  it('holds the credentials', () => {
    const sasl = { mechanism: 'scram-sha-512', username: 'u', password: 'p' } as const;
    const ca = '-----BEGIN CERTIFICATE-----';
    expect(
      producerConfig(transportOptionsSchema().parse(options({ connection: { ssl: { ca }, sasl } })), context),
    ).toMatchObject({
      'security.protocol': 'sasl_ssl',
      'sasl.mechanisms': 'SCRAM-SHA-512',
      'sasl.username': 'u',
      'sasl.password': 'p',
      'ssl.ca.pem': ca,
    });
  });

  it('turns the token of a provider into what the client takes, and hides why one failed', async () => {
    const token = (): Promise<never> => Promise.reject(new Error('secret body'));
    const refresh = (provider: () => Promise<never>): unknown => {
      const connection = { sasl: { mechanism: 'oauthbearer', token: provider } } as const;
      const config = producerConfig(transportOptionsSchema().parse(options({ connection })), {
        clock: { ...systemClock, nowMs: () => 1_000 },
        telemetry,
      });
      expect(config).toMatchObject({ 'security.protocol': 'sasl_plaintext', 'sasl.mechanisms': 'OAUTHBEARER' });
      return (config['oauthbearer_token_refresh_cb'] as () => unknown)();
    };
    await expect(refresh(token)).rejects.toThrow('the token provider failed');
    const value = { value: 'v', principal: 'p', lifetimeMs: 500 };
    await expect(refresh(() => Promise.resolve(value) as Promise<never>)).resolves.toEqual({
      tokenValue: 'v',
      principal: 'p',
      lifetime: 1_500,
      extensions: {},
    });
  });
});
