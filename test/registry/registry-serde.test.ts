// registrySerde against a real registry, Apicurio, and a broker in the process.
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';
import { defineEvent, isTenantryError, type AnyEventContract, type TenantKafka, type Worker } from 'tenantry';
import { registrySerde, type ContractSchema, type RegistrySerdeOptions } from 'tenantry/registry';
import { EmbeddedKafka } from 'tenantry/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startRegistry, type RunningRegistry } from '../../scripts/registry/start-registry.ts';
import { testClient } from '../kafka/fixtures/sequence.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { headerOf, readRaw, writeRaw, type RawRecord } from './raw-records.js';

// Apicurio wants to be told the draft.
const DRAFT = 'http://json-schema.org/draft-07/schema#';

let registry: RunningRegistry;
let broker: EmbeddedKafka;

beforeAll(async () => {
  [registry, broker] = await Promise.all([startRegistry(), EmbeddedKafka.start()]);
  // Nothing is compared before this is set.
  await ask('PUT', '/config', { compatibility: 'BACKWARD' });
});

afterAll(async () => {
  await broker.stop();
  await registry.stop();
});

async function ask(method: string, path: string, body?: object): Promise<unknown> {
  const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' };
  const response = await fetch(`${registry.url}${path}`, {
    method,
    ...(body && { headers, body: JSON.stringify(body) }),
  });
  return response.json();
}

function client(options: Partial<RegistrySerdeOptions> = {}, logger = new RecordingLogger()): TenantKafka {
  return testClient(broker.brokers.join(','), { serde: registrySerde({ url: registry.url, ...options }), logger });
}

/** Registers a JSON Schema as somebody else would. */
async function register(subject: string, schema: string): Promise<number> {
  const answer = await ask('POST', `/subjects/${subject}/versions`, { schemaType: 'JSON', schema });
  expect(answer).toEqual({ id: expect.any(Number) });
  return (answer as { id: number }).id;
}

function jsonText(properties: object, title = 'orders.placed.v1'): string {
  const ofOrders = { orderId: { type: 'string' }, total: { type: 'number' }, ...properties };
  const required = ['orderId', 'total'];
  return JSON.stringify({
    $schema: DRAFT,
    title,
    type: 'object',
    properties: ofOrders,
    required,
    additionalProperties: false,
  });
}

async function createTopics(contract: AnyEventContract): Promise<void> {
  await using kafka = testClient(broker.brokers.join(','));
  await kafka.admin.createTopics([contract], { partitions: 1, replicationFactor: 1, groups: ['readers'] });
}

/** Lets a worker handle all there is. */
async function handled(kafka: TenantKafka, contract: AnyEventContract): Promise<{ data: unknown[]; worker: Worker }> {
  const data: unknown[] = [];
  const worker = kafka.worker('readers').on(contract, (event) => void data.push(event.data));
  await worker.start();
  await worker.caughtUp();
  return { data, worker };
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'no error',
    (error: unknown) => error,
  );
}

function idOf({ value }: RawRecord): number {
  expect(value[0]).toBe(0);
  return value.readUInt32BE(1);
}

async function deadLetterCodes(topic: string, count: number): Promise<string[]> {
  const letters = await readRaw(broker.brokers, `_shared.readers.${topic}.dlq`, count);
  return letters.map((letter) => headerOf(letter, 'dlq-code') ?? '');
}

const orderSchema = z.object({ orderId: z.string(), total: z.number(), note: z.string().optional() });

function placed(topic: string, protection: 'none' | 'confidential' = 'none') {
  return defineEvent({
    type: 'orders.placed',
    version: 1,
    topic,
    schema: orderSchema,
    aggregateId: ({ orderId }) => orderId,
    protection,
  });
}

describe('JSON', () => {
  it('is framed under the schema of the contract, which only a client that may registers', async () => {
    const Placed = placed('json');
    await createTopics(Placed);
    {
      await using reading = client();
      const error = await failure(reading.tenant('acme').publish(Placed, { orderId: '1', total: 2 }));
      expect(error).toMatchObject({ code: 'SCHEMA_NOT_REGISTERED', retryable: false });
      expect(String(error)).toMatch(/orders\.placed\.v1.*json-orders\.placed\.v1/);
      expect(await ask('GET', '/subjects')).not.toContain('json-orders.placed.v1');
    }
    {
      await using writing = client({ mode: 'register', contracts: [Placed] });
      await writing.start();
      expect(await ask('GET', '/subjects')).toContain('json-orders.placed.v1');
      await writing.tenant('acme').publish(Placed, { orderId: '1', total: 2 });
    }
    await using reading = client({ contracts: [Placed] });
    await reading.start();
    await reading.tenant('acme').publish(Placed, { orderId: '1', total: 3, note: 'n' });
    const records = await readRaw(broker.brokers, 'json', 2);
    expect(records.map(({ value }) => value.subarray(5).toString())).toEqual([
      '{"orderId":"1","total":2}',
      '{"orderId":"1","total":3,"note":"n"}',
    ]);
    const [first] = records;
    expect(await ask('GET', `/schemas/ids/${idOf(first!)}`)).toMatchObject({
      schemaType: 'JSON',
      schema: expect.stringContaining('"title":"orders.placed.v1"'),
    });
    expect(await new SchemaRegistry({ host: registry.url }).decode(first!.value)).toEqual({ orderId: '1', total: 2 });
    const { data } = await handled(reading, Placed);
    expect(data).toEqual([
      { orderId: '1', total: 2 },
      { orderId: '1', total: 3, note: 'n' },
    ]);
  });

  it('is framed inside the envelope of a confidential event', async () => {
    const Secret = placed('sealed', 'confidential');
    await createTopics(Secret);
    await using kafka = client({ mode: 'register' });
    await kafka.tenant('acme').publish(Secret, { orderId: '1', total: 4711 });
    const [record] = await readRaw(broker.brokers, 'sealed', 1);
    expect(record!.value[0]).not.toBe(0);
    expect(record!.value.includes('4711')).toBe(false);
    const { data } = await handled(kafka, Secret);
    expect(data).toEqual([{ orderId: '1', total: 4711 }]);
  });
});

const paidSchema = z.object({
  orderId: z.string(),
  cents: z.int(),
  method: z.enum(['card', 'cash']),
  note: z.string().nullable().default(null),
  tags: z.array(z.string()),
});

const paid = defineEvent({
  type: 'orders.paid',
  version: 1,
  topic: 'avro',
  schema: paidSchema,
  aggregateId: ({ orderId }) => orderId,
  protection: 'none',
});

const avro = JSON.stringify({
  type: 'record',
  name: 'Paid',
  namespace: 'orders',
  fields: [
    { name: 'orderId', type: 'string' },
    { name: 'cents', type: 'long' },
    { name: 'method', type: { type: 'enum', name: 'Method', symbols: ['card', 'cash'] } },
    { name: 'note', type: ['null', 'string'], default: null },
    { name: 'tags', type: { type: 'array', items: 'string' } },
  ],
});

const shippedSchema = z.object({
  orderId: z.string(),
  grams: z.string(),
  carrier: z.enum(['POST', 'BIKE']),
  note: z.string().optional(),
  boxes: z.array(z.object({ label: z.string(), height: z.number() })),
});

const shipped = defineEvent({
  type: 'orders.shipped',
  version: 1,
  topic: 'protobuf',
  schema: shippedSchema,
  aggregateId: ({ orderId }) => orderId,
  protection: 'none',
});

const protobuf = `syntax = "proto3";
package orders;

message Shipped {
  string order_id = 1;
  int64 grams = 2;
  Carrier carrier = 3;
  optional string note = 4;
  repeated Box boxes = 5;

  message Box {
    string label = 1;
    double height = 2;
  }
}

enum Carrier {
  POST = 0;
  BIKE = 1;
}
`;

describe('Avro and Protobuf', () => {
  it('Avro is read and written by other clients too, and an older or newer schema is resolved', async () => {
    await createTopics(paid);
    const contracts = [{ contract: paid, avro }];
    await using kafka = client({ mode: 'register', subject: 'record', contracts });
    await kafka.start();
    expect(await ask('GET', '/subjects')).toContain('orders.Paid');
    const event = { orderId: '1', cents: 5, method: 'card', note: null, tags: ['a'] } satisfies z.input<
      typeof paidSchema
    >;
    await kafka.tenant('acme').publish(paid, event);
    const [record] = await readRaw(broker.brokers, 'avro', 1);
    const plain = new SchemaRegistry({ host: registry.url });
    expect(await plain.decode(record!.value)).toEqual(event);

    const older = JSON.parse(avro) as { fields: { name: string }[] };
    older.fields = older.fields.filter(({ name }) => name !== 'note');
    const request = { schema: JSON.stringify(older) };
    const { id } = (await ask('POST', '/subjects/older/versions', request)) as { id: number };
    const value = await plain.encode(id, { orderId: '2', cents: 6, method: 'cash', tags: [] });
    await writeRaw(broker.brokers, { ...record!, value });

    await using reading = client({ contracts });
    const { data } = await handled(reading, paid);
    expect(data).toEqual([event, { orderId: '2', cents: 6, method: 'cash', note: null, tags: [] }]);
  });

  it('Protobuf carries the index of its message, and is read by other clients too', async () => {
    await createTopics(shipped);
    await using kafka = client({ mode: 'register', contracts: [{ contract: shipped, protobuf }] });
    const event = {
      orderId: '1',
      grams: '9007199254740993',
      carrier: 'BIKE',
      boxes: [{ label: 'a', height: 0.1 }],
    } satisfies z.input<typeof shippedSchema>;
    await kafka.tenant('acme').publish(shipped, event);
    expect(await ask('GET', '/subjects')).toContain('protobuf-orders.Shipped');
    const [record] = await readRaw(broker.brokers, 'protobuf', 1);
    expect(record!.value[5]).toBe(0);
    const plain = new SchemaRegistry({ host: registry.url });
    expect(await plain.decode(record!.value)).toMatchObject({ orderId: '1', carrier: 1 });
    const { data } = await handled(kafka, shipped);
    expect(data).toEqual([event]);
  });

  it('an event that the schema would not carry whole is refused', async () => {
    const Rounded = defineEvent({
      type: 'orders.rounded',
      version: 1,
      topic: 'avro',
      schema: z.object({ orderId: z.string(), ratio: z.number(), extra: z.string().optional() }),
      aggregateId: ({ orderId }) => orderId,
      protection: 'none',
    });
    const fields = [
      { name: 'orderId', type: 'string' },
      { name: 'ratio', type: 'float' },
    ];
    const text = JSON.stringify({ type: 'record', name: 'orders.Rounded', fields });
    await using kafka = client({ mode: 'register', contracts: [{ contract: Rounded, avro: text }] });
    const acme = kafka.tenant('acme');
    await acme.publish(Rounded, { orderId: '1', ratio: 0.5 });
    for (const [data, place] of [
      [{ orderId: '1', ratio: 0.1 }, 'ratio'],
      [{ orderId: '1', ratio: 0.5, extra: 'x' }, 'extra'],
    ] as const) {
      const error = await failure(acme.publish(Rounded, data));
      expect(error).toMatchObject({ code: 'NOT_SERIALIZABLE', message: expect.stringContaining(place) });
    }
  });
});

describe('a schema that the registry refuses', () => {
  const both = z.object({ orderId: z.string(), total: z.number() });
  const record = (...fields: object[]): string =>
    JSON.stringify({ type: 'record', name: 'Placed', fields: [{ name: 'orderId', type: 'string' }, ...fields] });
  const message = (type: string): string =>
    `syntax = "proto3"; message Placed { string order_id = 1; ${type} total = 2; }`;

  function contractOf(topic: string, schema: z.ZodType<{ orderId: string }, { orderId: string }>): AnyEventContract {
    return defineEvent({
      type: 'orders.placed',
      version: 1,
      topic,
      schema,
      aggregateId: ({ orderId }) => orderId,
      protection: 'none',
    });
  }

  function expectRefusal(error: unknown, place: string): string {
    if (!isTenantryError(error, 'SCHEMA_REFUSED')) throw error;
    const { message: text, problems, subject } = error;
    expect(problems.map(({ path }) => path)).toEqual([place]);
    for (const named of ['orders.placed.v1', subject, place]) expect(text).toContain(named);
    return subject;
  }

  it.each<[string, (topic: string) => ContractSchema, (topic: string) => ContractSchema | AnyEventContract, string]>([
    [
      'json',
      (topic) => ({ contract: contractOf(topic, both), json: jsonText({ total: { type: 'string' } }) }),
      (topic) => contractOf(topic, both),
      'total',
    ],
    [
      'avro',
      (topic) => ({ contract: contractOf(topic, both), avro: record() }),
      (topic) => ({ contract: contractOf(topic, both), avro: record({ name: 'total', type: 'double' }) }),
      'total',
    ],
    [
      'protobuf',
      (topic) => ({ contract: contractOf(topic, both), protobuf: message('string') }),
      (topic) => ({ contract: contractOf(topic, both), protobuf: message('double') }),
      'Placed',
    ],
  ])('in %s is named with its field, and nothing is published under it', async (name, before, after, place) => {
    const topic = `refused-${name}`;
    {
      await using kafka = client({ mode: 'register', contracts: [before(topic)] });
      await kafka.start();
    }
    const changed = after(topic);
    const contract = 'contract' in changed ? changed.contract : changed;
    await createTopics(contract);
    await using kafka = client({ mode: 'register', contracts: [changed] });
    const subject = expectRefusal(await failure(kafka.start()), place);
    expectRefusal(await failure(kafka.tenant('acme').publish(contract, { orderId: '1', total: 1 })), place);
    expect(await ask('GET', `/subjects/${subject}/versions`)).toEqual([1]);
    const { worker } = await handled(kafka, contract);
    expect(worker.counts()).toMatchObject({ handled: 0, deadLettered: 0 });
  });

  it('because it cannot parse it, is told so', async () => {
    await using kafka = client({
      mode: 'register',
      contracts: [{ contract: contractOf('any', both), json: '{"type":7}' }],
    });
    const error = await failure(kafka.start());
    expect(error).toMatchObject({ code: 'SCHEMA_REFUSED', message: expect.stringContaining('not valid (42201)') });
  });
});

describe('mode latest', () => {
  it('publishes under the newest schema that the contract is compatible with, and under no other', async () => {
    const Placed = placed('latest');
    await createTopics(Placed);
    await using kafka = client({ mode: 'latest' });
    const acme = kafka.tenant('acme');
    const event = { orderId: '1', total: 2 };
    expect(await failure(acme.publish(Placed, event))).toMatchObject({ code: 'SCHEMA_NOT_REGISTERED' });
    const id = await register('latest-orders.placed.v1', jsonText({ note: { type: 'string' } }));
    await using later = client({ mode: 'latest' });
    await later.tenant('acme').publish(Placed, event);
    const [record] = await readRaw(broker.brokers, 'latest', 1);
    expect(idOf(record!)).toBe(id);

    await register('other', jsonText({ total: { type: 'string' } }));
    await using incompatible = client({ mode: 'latest', subject: () => 'other' });
    expect(await failure(incompatible.tenant('acme').publish(Placed, event))).toMatchObject({ code: 'SCHEMA_REFUSED' });
  });
});

describe('consuming', () => {
  it('threat 39: dead-letters what names an unknown schema or one of another event, is not framed or does not fit', async () => {
    const Placed = placed('strange');
    await createTopics(Placed);
    await using kafka = client({ mode: 'register', contracts: [{ contract: paid, avro }] });
    await kafka.tenant('acme').publish(Placed, { orderId: '1', total: 1 });
    await kafka.start();
    const [record] = await readRaw(broker.brokers, 'strange', 1);
    const { id: avroId } = (await ask('GET', '/subjects/avro-orders.Paid/versions/latest')) as { id: number };
    const otherId = await register('lost', jsonText({}, 'orders.lost.v1'));
    const framed = (id: number, text: string): RawRecord => {
      const value = Buffer.alloc(5 + text.length);
      value.writeUInt32BE(id, 1);
      value.write(text, 5);
      return { ...record!, value };
    };
    await writeRaw(
      broker.brokers,
      framed(4_000_000_000, '{}'),
      framed(otherId, '{"orderId":"1","total":1}'),
      framed(avroId, '{"orderId":"1","total":1}'),
      { ...record!, value: Buffer.from('{"orderId":"1","total":1}') },
      { ...record!, value: Buffer.from([0, 0, 1]) },
      framed(idOf(record!), '{"orderId":'),
      framed(idOf(record!), '{"orderId":"1"}'),
      framed(idOf(record!), '{"orderId":"2","total":2}'),
    );
    await using reading = client();
    const { data, worker } = await handled(reading, Placed);
    expect(data).toEqual([
      { orderId: '1', total: 1 },
      { orderId: '2', total: 2 },
    ]);
    expect(worker.counts()).toMatchObject({ deadLettered: 7, quarantined: {} });
    expect(await deadLetterCodes('strange', 7)).toEqual([
      'SCHEMA_UNKNOWN',
      'SCHEMA_MISMATCH',
      'SCHEMA_MISMATCH',
      'PAYLOAD_MALFORMED',
      'PAYLOAD_MALFORMED',
      'PAYLOAD_MALFORMED',
      'PAYLOAD_INVALID',
    ]);
  });

  it('holds what needs a registry that is away, handles what does not, and goes on by itself', async () => {
    const Placed = placed('held');
    const Other = defineEvent({
      type: 'orders.noted',
      version: 1,
      topic: 'held',
      schema: z.object({ orderId: z.string() }),
      aggregateId: ({ orderId }) => orderId,
      protection: 'none',
    });
    await createTopics(Placed);
    await using writing = client({ mode: 'register', contracts: [Placed, Other] });
    await writing.start();
    const logger = new RecordingLogger();
    await using reading = client({ timeoutMs: 300 }, logger);
    const seen: string[] = [];
    const worker = reading
      .worker('readers')
      .on(Placed, ({ tenantId }) => void seen.push(`placed ${tenantId}`))
      .on(Other, ({ tenantId }) => void seen.push(`noted ${tenantId}`));
    await worker.start();
    await writing.tenant('acme').publish(Other, { orderId: 'first' });
    await expect.poll(() => seen).toEqual(['noted acme']);

    registry.pause();
    try {
      await writing.tenant('acme').publish(Placed, { orderId: '1', total: 1 });
      await expect.poll(() => logger.of('recordHeld').length, { timeout: 20_000 }).toBeGreaterThan(0);
      await writing.tenant('globex').publish(Other, { orderId: '2' });
      await expect.poll(() => seen).toEqual(['noted acme', 'noted globex']);
      expect(logger.of('recordHeld')[0]).toMatchObject({ tenant: 'acme', code: 'SCHEMA_REGISTRY_AWAY' });
      expect(await failure(reading.tenant('acme').publish(Placed, { orderId: '3', total: 1 }))).toMatchObject({
        code: 'SCHEMA_REGISTRY_AWAY',
        retryable: true,
      });
    } finally {
      registry.resume();
    }
    await worker.caughtUp();
    expect(seen).toEqual(['noted acme', 'noted globex', 'placed acme']);
    expect(worker.counts()).toMatchObject({ handled: 3, deadLettered: 0 });
    expect(logger.of('schemaRegistryAway')).toHaveLength(1);
    expect(logger.of('schemaRegistryBack')).toHaveLength(1);
  });
});
