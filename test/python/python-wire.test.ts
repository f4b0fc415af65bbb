// Key, headers and partition, by a program that was written from docs/wire-format.md alone and shares no code with
// this library; between the two there is another Kafka client, with a partitioner of its own.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { Kafka, logLevel, Partitioners, type IHeaders } from 'kafkajs';
import { defineEvent, TenantKafka } from 'tenantry';
import { EmbeddedKafka } from 'tenantry/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { TenantGuard } from '../../src/consumer/handling/tenant-guard.js';
import { partitionFor } from '../../src/routing/murmur2.js';
import { openDirectory } from '../../src/tenant/directory.js';
import { receivedRecord } from '../support/records.js';
import { keyBytes, wireHeaders, wireVectors, type HexHeader, type HexRecord } from '../support/wire-vectors.js';

const RECORDS = 3_000;
/** What the embedded broker gives every topic. */
const PARTITIONS = 4;
const script = fileURLToPath(new URL('../../examples/python-wire/wire_format.py', import.meta.url));
const isCi = Boolean(process.env['CI']);
const hasPython = isCi || spawnSync('python3', ['--version']).status === 0;
if (!hasPython) console.warn('Skipping test/python/python-wire.test.ts: no python3. Install it.\n');

type Answer = Readonly<Record<string, unknown>>;

/** One answer for each line. */
function python(mode: 'read' | 'write', lines: readonly object[]): Answer[] {
  const { status, stdout, stderr } = spawnSync('python3', [script, mode], {
    input: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    env: { ...process.env, PYTHONUTF8: '1' },
  });
  if (status !== 0) throw new Error(`wire_format.py ended with ${status ?? 'a signal'}: ${stderr}`);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
}

const guard = new TenantGuard(undefined, openDirectory);

/** What this library says of a record, in the words of the script. */
function verdictOf({ key, headers }: HexRecord): Answer {
  const bytes = keyBytes(key);
  const verdict = guard.check(receivedRecord({ key: bytes, headers: wireHeaders(headers) }));
  if (verdict.kind === 'violation') return { error: verdict.code };
  if (verdict.kind === 'foreign') throw new Error('a worker knows no foreign records');
  const { tenantId, aggregateId, eventType, eventId, eventTimeMs = null } = verdict.record;
  const at = eventType.lastIndexOf('.v');
  return {
    tenant: tenantId,
    aggregateId,
    type: eventType.slice(0, at),
    version: Number(eventType.slice(at + 2)),
    eventId,
    eventTimeMs,
    partition: partitionFor(bytes ?? Buffer.alloc(0), PARTITIONS),
  };
}

describe.skipIf(!hasPython)('the Python of the wire format', () => {
  it('makes the keys, partitions and headers of the vectors', () => {
    const { keys, partitionCounts, records, refusedIdentities } = wireVectors;
    const rest = { type: 'a.b', version: 1, eventId: 'e', eventTimeMs: 1, publishTimeMs: 1 };
    for (const [index, partitions] of partitionCounts.entries()) {
      const answers = python(
        'write',
        keys.map(({ tenant, aggregateId }) => ({ ...rest, tenant, aggregateId, partitions })),
      );
      expect(answers).toMatchObject(keys.map((one) => ({ key: one.key, partition: one.partitions[index] })));
    }
    expect(
      python(
        'write',
        refusedIdentities.map(({ tenant, aggregateId }) => ({ ...rest, tenant, aggregateId, partitions: 1 })),
      ),
    ).toEqual(refusedIdentities.map(({ code }) => ({ error: code })));
    expect(
      python(
        'write',
        records.map(({ event }) => ({ ...event, partitions: 1 })),
      ),
    ).toEqual(records.map(({ key, headers }) => ({ key, headers, partition: 0 })));
  });

  it('reads the records of the vectors, and refuses what is refused', () => {
    const { readOnly, records, refusedRecords } = wireVectors;
    const all = [...records, ...readOnly, ...refusedRecords].map(({ key, headers }) => ({ key, headers }));
    const answers = python('read', all.map(asked));
    expect(answers).toEqual(all.map(verdictOf));
    expect(answers.slice(-refusedRecords.length)).toEqual(refusedRecords.map(({ code }) => ({ error: code })));
  });

  it('says of thousands of records what tenantry says', () => {
    const seed = fc.readConfigureGlobal().seed ?? Math.floor(Math.random() * 2 ** 31);
    const records = fc.sample(anyRecord, { numRuns: RECORDS, seed });
    const expected = records.map(verdictOf);
    expect(python('read', records.map(asked)), `seed ${seed}`).toEqual(expected);
    // All kinds are among them, or this says nothing.
    expect(new Set(expected.map(({ error }) => error))).toEqual(
      new Set([undefined, 'RECORD_KEY_INVALID', 'RECORD_HEADER_INVALID', 'TENANT_MISMATCH']),
    );
  });

  it('writes what a worker handles, and reads what tenantry publishes', async () => {
    const Placed = defineEvent({
      type: 'orders.placed',
      version: 1,
      topic: 'orders',
      schema: z.object({ orderId: z.string() }),
      aggregateId: ({ orderId }) => orderId,
      protection: 'none',
    });
    await using broker = await EmbeddedKafka.start();
    await using kafka = new TenantKafka({ clientId: 'shop', brokers: broker.brokers });
    await kafka.admin.createTopics([Placed], { replicationFactor: 1, groups: ['orders'] });
    const events = ['acme', 'globex', 'a'].flatMap((tenant) =>
      ['42', 'b:c', 'Größe', '🛒'].map((aggregateId) => ({ tenant, aggregateId })),
    );

    const written = python(
      'write',
      events.map((event, index) => ({
        ...event,
        type: 'orders.placed',
        version: 1,
        eventId: `py-${index}`,
        eventTimeMs: 1,
        publishTimeMs: 2,
        partitions: PARTITIONS,
      })),
    ) as unknown as (HexRecord & { readonly partition: number })[];
    const plain = new Kafka({ clientId: 'plain', brokers: broker.brokers, logLevel: logLevel.NOTHING });
    const producer = plain.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    for (const [index, { key, headers, partition }] of written.entries()) {
      const [sent] = await producer.send({
        topic: 'orders',
        messages: [
          {
            key: keyBytes(key),
            value: JSON.stringify({ orderId: events[index]?.aggregateId }),
            headers: Object.fromEntries(wireHeaders(headers).map(({ name, value }) => [name, value])),
          },
        ],
      });
      expect(sent?.partition).toBe(partition);
    }
    await producer.disconnect();

    const handled: object[] = [];
    const worker = kafka.worker('orders').on(Placed, ({ tenantId, aggregateId, id, timestamp }) => {
      handled.push({ tenant: tenantId, aggregateId, id, at: timestamp.getTime() });
    });
    await worker.start();
    await worker.caughtUp();
    expect(handled).toHaveLength(events.length);
    expect(handled).toEqual(
      expect.arrayContaining(events.map((event, index) => ({ ...event, id: `py-${index}`, at: 1 }))),
    );
    expect(worker.counts().quarantined).toEqual({});
    await worker.stop();

    const receipts = await Promise.all(
      events.map(({ tenant, aggregateId }) => kafka.tenant(tenant).publish(Placed, { orderId: aggregateId })),
    );
    const read = await readWith(plain, events.length * 2);
    const ours = python('read', read.map(asked)).filter(({ eventId }) => !String(eventId).startsWith('py-'));
    expect(ours).toHaveLength(events.length);
    expect(ours).toEqual(
      expect.arrayContaining(
        events.map((event, index) => ({
          ...event,
          type: 'orders.placed',
          version: 1,
          eventId: receipts[index]?.eventId,
          eventTimeMs: null,
          partition: receipts[index]?.partition,
        })),
      ),
    );
  });
});

const asked = (record: HexRecord): object => ({ ...record, partitions: PARTITIONS });

/** Records as they may be, most of them a little wrong. */
const anyRecord: fc.Arbitrary<HexRecord> = (() => {
  const tenant = fc.constantFrom(
    'acme',
    'acme2',
    'a',
    'ACME',
    'x'.repeat(63),
    'x'.repeat(64),
    '_a',
    'a.b',
    '',
    '\u0661',
  );
  const aggregate = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 4 }),
    fc.constantFrom('42', ':', '', 'y'.repeat(512)),
  );
  const hex = (text: string): string => Buffer.from(text).toString('hex');
  const text = fc.string({ unit: fc.constantFrom('a', '1', '.', '-', '_', ' ', '\n', 'v', 'ä', 'A'), maxLength: 5 });
  const type = fc.oneof(
    fc.constantFrom(
      'orders.placed.v1',
      'a.v9007199254740991',
      'a.v9007199254740992',
      '.v1',
      'a..b.v1',
      `${'t'.repeat(300)}.v1`,
    ),
    text.map((inside) => `a${inside}.v1`),
    text.map((version) => `a.v${version}`),
  );
  const id = fc.oneof(fc.constantFrom('e-1', '', 'x'.repeat(128), 'x'.repeat(129)), text);
  const time = fc.oneof(fc.constantFrom('0', '1234', '1'.repeat(15), '1'.repeat(16)), text);
  const own: fc.Arbitrary<HexHeader>[] = [
    fc.tuple(fc.constant('tenant-id'), fc.oneof({ weight: 6, arbitrary: fc.constant('acme') }, tenant).map(hex)),
    fc.tuple(fc.constant('event-type'), fc.oneof({ weight: 6, arbitrary: fc.constant('a.b.v1') }, type).map(hex)),
    fc.tuple(fc.constant('event-id'), fc.oneof({ weight: 6, arbitrary: fc.constant('e-2') }, id).map(hex)),
  ];
  const more = fc.array(
    fc.oneof(
      fc.tuple(fc.constant('event-time'), time.map(hex)),
      fc.tuple(fc.constantFrom('source', 'Tenant-Id', 'event-type', '__proto__', 'tenantry-seal'), text.map(hex)),
    ),
    { maxLength: 2 },
  );
  const key = fc.oneof(
    { weight: 6, arbitrary: aggregate.map((rest) => hex(`acme:${rest}`)) },
    { weight: 2, arbitrary: fc.tuple(tenant, aggregate).map(([before, rest]) => hex(`${before}:${rest}`)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('hex')) },
    { weight: 1, arbitrary: fc.constant(null) },
  );
  return fc
    .record({ key, own: fc.tuple(...own), more, without: fc.option(fc.nat(2), { freq: 8 }) })
    .map(({ key: bytes, own: headers, more: others, without }) => ({
      key: bytes,
      headers: [...headers.filter((_, index) => index !== without), ...others],
    }));
})();

/** The first records of the topic, by the other client. */
async function readWith(client: Kafka, count: number): Promise<HexRecord[]> {
  const consumer = client.consumer({ groupId: 'plain' });
  await consumer.connect();
  await consumer.subscribe({ topic: 'orders', fromBeginning: true });
  const read: HexRecord[] = [];
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ message: { key, headers = {} } }) => {
        read.push({ key: key?.toString('hex') ?? null, headers: headerList(headers) });
        if (read.length === count) resolve();
      },
    });
  });
  await consumer.disconnect();
  return read;
}

function headerList(headers: IHeaders): HexHeader[] {
  return Object.entries(headers).map(([name, value]) => [name, Buffer.from(String(value)).toString('hex')]);
}
