// `tenantry keys needed` against what clients before and after a rotation have written.
import { randomBytes } from 'node:crypto';
import { defineEvent, envelopeEncryption, localKeyring, TenantKafka } from 'tenantry';
import { EmbeddedKafka } from 'tenantry/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseTenantId } from '../../src/core/tenant-id.js';
import type { KeyRing } from '../../src/encryption/key-ring.js';
import { run, type Run } from '../unit/cli/run.js';
import { makeTransport, produce, record } from './transport/harness.js';

const Placed = defineEvent({
  type: 'orders.placed',
  version: 1,
  topic: 'orders',
  schema: z.object({ orderId: z.string(), note: z.string() }),
  aggregateId: ({ orderId }) => orderId,
  protection: 'confidential',
});
const NOTE = 'nobody else may read this';
const acme = parseTenantId('acme');

const [oldKey, newKey, other] = [randomBytes(32), randomBytes(32), randomBytes(32)] as const;
const keyIdOf = (keys: KeyRing): string => localKeyring({ keys }).kekIds(acme)[0]!.toString('hex');
const oldId = keyIdOf({ acme: oldKey });
const newId = keyIdOf({ acme: newKey });

interface Told {
  topics: { topic: string; records: number; partitions: { partition: number; from: number; until: number }[] }[];
  keys: { tenant: string; keyId: string; records: number; lastOffsets: Record<string, number>; dataKeys?: object[] }[];
}

let broker: EmbeddedKafka;
const needed = (...args: string[]): Promise<Run> =>
  run('keys', 'needed', ...args, '--brokers', broker.brokers.join(','));
const told = async (...args: string[]): Promise<Told> => {
  const { exitCode, out, note } = await needed(...args, '--json');
  expect([exitCode, note], note).toEqual([0, expect.stringMatching(/^(reading [\w.-]+, partitions: 4\n)+$/)]);
  expect(out).not.toContain(NOTE);
  return JSON.parse(out) as Told;
};

async function publish(keys: KeyRing, tenantId: string, count: number): Promise<void> {
  const kms = localKeyring({ keys });
  await using kafka = new TenantKafka({
    clientId: 'shop',
    brokers: broker.brokers,
    encryption: envelopeEncryption({ kms }),
  });
  await kafka.admin.createTopics([Placed], { partitions: 4, replicationFactor: 1 });
  for (let order = 0; order < count; order++) {
    await kafka.tenant(tenantId).publish(Placed, { orderId: `${tenantId}-${order}`, note: NOTE });
  }
}

beforeAll(async () => {
  broker = await EmbeddedKafka.start();
  await publish({ acme: oldKey }, 'acme', 20);
  await publish({ acme: { current: newKey, previous: [oldKey] } }, 'acme', 30);
  await publish({ globex: other }, 'globex', 5);
});
afterAll(async () => {
  await broker.stop();
});

describe('tenantry keys needed', () => {
  it('tells for each tenant and key how many records name it, and where the last one is', async () => {
    const { topics, keys } = await told('orders');
    expect(keys.map(({ tenant, keyId, records }) => [tenant, keyId, records])).toEqual([
      ['acme', oldId, 20],
      ['acme', newId, 30],
      ['globex', expect.any(String), 5],
    ]);
    const [orders] = topics;
    expect(orders).toMatchObject({ topic: 'orders', records: 55, sealed: 55, unsealed: 0, malformed: 0, noTenant: 0 });
    expect(orders?.partitions.reduce((sum, { from, until }) => sum + until - from, 0)).toBe(55);
    for (const { lastOffsets } of keys) {
      for (const [place, offset] of Object.entries(lastOffsets)) {
        const at = orders?.partitions.find(({ partition }) => place === `orders/${partition}`);
        expect(offset).toBeGreaterThanOrEqual(0);
        expect(offset).toBeLessThan(at?.until ?? 0);
      }
    }
    // In each partition the last record of all is some key's last.
    for (const { partition, until } of orders?.partitions ?? []) {
      if (until > 0) expect(keys.map(({ lastOffsets }) => lastOffsets[`orders/${partition}`])).toContain(until - 1);
    }
  });

  it('reads the other topics that are named, and no others, and counts apart what names no key', async () => {
    const transport = makeTransport(broker.brokers);
    const producer = transport.createProducer();
    await producer.connect();
    const garbage = { key: Buffer.from('acme:1'), value: Buffer.from([0xe7, 0x54, 1]) };
    await produce(producer, record('_quarantine.orders', 0, garbage));
    await produce(producer, record('_quarantine.orders', 0, { key: Buffer.from('acme:1') }));
    await producer.disconnect(10_000);
    const { topics, keys } = await told('_quarantine.orders', 'orders', '--key', oldId.toUpperCase());
    expect(topics).toMatchObject([
      { topic: '_quarantine.orders', records: 2, sealed: 0, unsealed: 1, malformed: 1 },
      { topic: 'orders', records: 55 },
    ]);
    expect(keys.map(({ keyId }) => keyId)).toEqual([oldId]);
    expect((await told('_quarantine.orders')).keys).toEqual([]);
  });

  it('tells data keys, which each process makes its own', async () => {
    const { keys } = await told('orders', '--tenant', 'acme', '--data-keys');
    expect(keys.map(({ dataKeys }) => dataKeys)).toEqual([
      [expect.objectContaining({ dataKeyId: expect.stringMatching(/^[0-9a-f]{64}$/) as string, records: 20 })],
      [expect.objectContaining({ records: 30 })],
    ]);
  });

  it('tells it to people too', async () => {
    const { exitCode, out } = await needed('orders', '--tenant', 'globex');
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^orders: 55 records, 55 sealed\n {2}orders\/0 {3}offsets 0 to \d+\n/);
    expect(out).toMatch(
      /\nglobex\n {2}key [0-9a-f]{16} {3}5 records, 20\S+Z to 20\S+Z\n {4}last at \d+ in orders\/\d\n/,
    );
    expect((await needed('orders', '--tenant', 'nobody')).out).toContain('\nNo key is named.\n');
  });

  it('fails before it reads anything where a topic is not there', async () => {
    const { exitCode, out, note } = await needed('orders', 'ordrs');
    expect([exitCode, out]).toEqual([1, '']);
    expect(note).toMatch(/^tenantry: TOPIC_NOT_FOUND: /);
  });

  it.each([
    [[], 'a topic is missing'],
    [['orders', 'orders'], 'topic orders is given twice'],
    [['orders', '--key', 'acme'], '--key takes a key id, 16 hex digits'],
    [['orders', '--group', ''], '--group needs a group'],
    [['orders', '--file', 'x'], "Unknown option '--file'"],
  ])('%j is a usage error', async (args, message) => {
    const { exitCode, note } = await needed(...args);
    expect([exitCode, note]).toEqual([2, `tenantry: INVALID_OPTIONS: ${message}\nSee tenantry keys needed --help\n`]);
  });

  it('--help tells the options and the exit codes', async () => {
    const { exitCode, out } = await run('keys', 'needed', '--help');
    expect(exitCode).toBe(0);
    for (const word of ['--tenant', '--data-keys', '--brokers', '--json', 'Exit codes:']) expect(out).toContain(word);
  });
});
