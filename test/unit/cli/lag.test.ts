// What counts as unfinished: a head, cursors, taken records, replays and skips, as a commit tells them.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fingerprintOf, type Owner } from '../../../src/consumer/ledger/record-owner.js';
import type { RecordedNotes, RecordedProgress } from '../../../src/consumer/ledger/commit-metadata.js';
import { encodeControl } from '../../../src/consumer/control/control-record.js';
import type { TenantId } from '../../../src/core/tenant-id.js';
import { commandClock } from '../../../src/cli/command-clock.js';
import { useTransport } from '../../support/client-transport.js';
import { FakeKafka } from '../../support/fake-kafka.js';
import { GROUP, metadataOf } from './cursors-harness.js';
import { run } from './run.js';

vi.mock('../../../src/transport/confluent-transport.js', async () => {
  const { clientTransport } = await import('../../support/client-transport.js');
  return { createConfluentTransport: clientTransport };
});

const NOW_MS = Date.UTC(2026, 10, 28);
const CONTROL = `_control.${GROUP}`;
const TENANTS = ['acme', 'globex', 'initech', 'hooli'];
let kafka: FakeKafka;

/** 100 records in turn of four tenants, a second apart, the last one a second ago. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW_MS });
  kafka = new FakeKafka(commandClock);
  kafka.createTopic('orders', 1);
  kafka.createTopic(CONTROL, 1);
  for (let i = 0; i < 100; i++) {
    const key = Buffer.from(`${TENANTS[i % 4]!}:1`);
    kafka.append({
      topic: 'orders',
      partition: 0,
      key,
      value: null,
      headers: [],
      timestampMs: NOW_MS - (100 - i) * 1_000,
    });
  }
  useTransport(kafka.transport());
});
afterEach(() => {
  vi.useRealTimers();
});

function commit(offset: number, progress: Partial<RecordedProgress>, notes: RecordedNotes = {}): void {
  const metadata = metadataOf({ watermark: offset, cursors: [], taken: [], ...progress }, notes);
  kafka.group(GROUP).set({ topic: 'orders', partition: 0, offset, metadata, leaderEpoch: 3 });
}

function pause(tenantId: string, paused: boolean): void {
  kafka.append(encodeControl(CONTROL, { kind: 'pause', tenantId: tenantId as TenantId, paused }));
}

interface Told {
  tenant: string;
  records: number;
  seconds: number | null;
  parked: boolean;
  paused: boolean | null;
}

async function told(...args: string[]): Promise<{ records: number; atLeast: boolean; tenants: Told[] }> {
  const { exitCode, out, note } = await run('lag', GROUP, 'orders', '--brokers', 'localhost:9092', '--json', ...args);
  expect({ exitCode, note }).toEqual({ exitCode: 0, note: '' });
  const { groups } = JSON.parse(out) as {
    groups: [{ partitions: [{ records: number; atLeast: boolean; tenants: Told[] }] }];
  };
  return groups[0].partitions[0];
}

const counts = async (): Promise<Record<string, number>> =>
  Object.fromEntries((await told()).tenants.map(({ tenant, records }) => [tenant, records]));

describe('tenantry lag', () => {
  it('counts from the head for those who are live, and from its cursor for who is parked', async () => {
    commit(20, { head: 60, cursors: [{ fingerprint: fingerprintOf('acme'), offset: 40 }] });
    const { records, atLeast, tenants } = await told();
    expect(tenants).toEqual([
      { tenant: 'acme', records: 15, seconds: 60, parked: true, paused: false },
      { tenant: 'globex', records: 10, seconds: 39, parked: false, paused: false },
      { tenant: 'initech', records: 10, seconds: 38, parked: false, paused: false },
      { tenant: 'hooli', records: 10, seconds: 37, parked: false, paused: false },
    ]);
    expect({ records, atLeast }).toEqual({ records: 45, atLeast: false });
  });

  it('counts what is taken and not finished', async () => {
    commit(20, {
      head: 100,
      taken: [
        { start: 20, length: 1 },
        { start: 40, length: 2 },
      ],
    });
    expect(await counts()).toEqual({ acme: 2, globex: 1 });
  });

  it('counts of a replay what it has still to come by, and what comes after it', async () => {
    const cursors = [{ fingerprint: fingerprintOf('acme'), offset: 24 }];
    commit(20, { head: 100, cursors }, { replays: [{ owner: 'acme' as Owner, until: 32, resume: 96 }] });
    expect(await counts()).toEqual({ acme: 3 });
  });

  it('does not count what is passed over on purpose', async () => {
    commit(20, { head: 60 }, { skips: [{ owner: 'acme' as Owner, until: 92 }] });
    expect((await counts())['acme']).toBe(2);
  });

  it('counts everything from the watermark on where there is no metadata that can be believed', async () => {
    kafka.group(GROUP).set({ topic: 'orders', partition: 0, offset: 80, metadata: 'x', leaderEpoch: 3 });
    expect(await counts()).toEqual({ acme: 5, globex: 5, initech: 5, hooli: 5 });
    kafka.log('orders').dropBelow(90);
    expect(await counts()).toEqual({ initech: 3, hooli: 3, acme: 2, globex: 2 });
    // The log was made anew.
    kafka.group(GROUP).set({ topic: 'orders', partition: 0, offset: 500, metadata: '', leaderEpoch: 3 });
    expect(await counts()).toEqual({ initech: 3, hooli: 3, acme: 2, globex: 2 });
  });

  it('names by a fingerprint whoever is parked and of whom no record is read', async () => {
    commit(20, { head: 100, cursors: [{ fingerprint: fingerprintOf('elsewhere'), offset: 30 }] });
    const fingerprint = fingerprintOf('elsewhere').toString(16).padStart(8, '0');
    expect((await told()).tenants).toEqual([
      { tenant: fingerprint, records: 0, seconds: null, parked: true, paused: false },
    ]);
  });

  it('tells who is paused, as the control topic has it', async () => {
    pause('acme', true);
    pause('globex', true);
    pause('globex', false);
    commit(20, { head: 60 });
    const { tenants } = await told();
    expect(tenants.filter(({ paused }) => paused).map(({ tenant }) => tenant)).toEqual(['acme']);
  });

  it('tells of who is parked and of whom no record is read whether it is paused', async () => {
    pause('elsewhere', true);
    commit(20, {
      head: 100,
      cursors: ['elsewhere', 'other'].map((id) => ({ fingerprint: fingerprintOf(id), offset: 30 })),
    });
    expect((await told()).tenants.map(({ paused }) => paused)).toEqual([true, false]);
  });

  it.each([
    ['may not be described', ['TOPIC_NOT_FOUND'], [] as const],
    ['may not be read', ['ADMIN_FAILED', 'Topic authorization failed'], ['describe'] as const],
  ])('says that it does not know who is paused where the control topic %s', async (_, words, allowed) => {
    pause('acme', true);
    kafka.operationsOn = (topic) => new Set(topic === CONTROL ? allowed : ['read', 'describe']);
    commit(20, { head: 92, cursors: [{ fingerprint: fingerprintOf('elsewhere'), offset: 30 }] });
    const args = ['lag', GROUP, 'orders', '--brokers', 'localhost:9092'];
    const json = await run(...args, '--json');
    const [group] = (JSON.parse(json.out) as { groups: [{ notRead: object[]; partitions: { tenants: Told[] }[] }] })
      .groups;
    expect(json).toMatchObject({ exitCode: 0, note: '' });
    expect(group.notRead).toEqual([
      { topic: CONTROL, code: words[0], message: expect.any(String), needs: expect.stringContaining(CONTROL) },
    ]);
    expect(group.partitions[0]!.tenants.map(({ paused }) => paused)).toEqual([null, null, null, null, null]);
    const text = await run(...args);
    expect(text.exitCode).toBe(0);
    expect(text.out.match(/paused.*/g)).toEqual(Array.from({ length: 5 }, () => 'paused or not: not known'));
    for (const word of [
      ...words,
      `it needs "describe" and "read" on the topic ${CONTROL}, and "read" on the group ${GROUP}\n`,
    ])
      expect(text.note).toContain(word);
  });

  it("asks for no control topic of a tenant's own group, which has none", async () => {
    const { exitCode, out, note } = await run('lag', 'acme.mailer', 'orders', '--brokers', 'localhost:9092', '--json');
    expect([exitCode, note]).toEqual([0, '']);
    expect(JSON.parse(out)).toMatchObject({
      groups: [{ notRead: [], partitions: [{ tenants: [{ paused: false }, {}, {}, {}] }] }],
    });
  });

  it('says where it has not read all', async () => {
    commit(20, { head: 60 });
    expect(await told('--max-records', '50')).toMatchObject({ records: 10, atLeast: true });
    expect(await told('--tenant', 'acme')).toMatchObject({ tenants: [{ tenant: 'acme' }] });
  });

  it('says of nobody that all is well where it has not read all', async () => {
    commit(20, { head: 60, cursors: [{ fingerprint: fingerprintOf('acme'), offset: 60 }] });
    const text = async (...args: string[]): Promise<string> =>
      (await run('lag', GROUP, 'orders', '--brokers', 'localhost:9092', ...args)).out;
    // The first record that is not finished is behind what is read.
    expect(await text('--tenant', 'globex', '--max-records', '10')).toBe(
      `group ${GROUP}\n\nnot read to the end, whoever is not named may lag too: orders/0\n`,
    );
    expect(await text('--tenant', 'stranger')).toBe(`group ${GROUP}\n\n1 of 1 partitions without lag of stranger\n`);
  });

  it('names whoever is asked for by its fingerprint where none of its records is read', async () => {
    commit(20, { head: 100, cursors: [{ fingerprint: fingerprintOf('elsewhere'), offset: 30 }] });
    const parked = { tenant: 'elsewhere', records: 0, seconds: null, parked: true, paused: false };
    expect((await told('--tenant', 'elsewhere')).tenants).toEqual([parked]);
    expect((await told('--tenant', 'acme')).tenants).toEqual([]);
  });

  it('refuses what is no tenant', async () => {
    const { exitCode, note } = await run('lag', GROUP, 'orders', '--brokers', 'localhost:9092', '--tenant', 'acme:');
    expect(exitCode).toBe(2);
    expect(note).toContain('INVALID_TENANT_ID');
  });

  it('counts apart records whose keys name no tenant', async () => {
    kafka.append({ topic: 'orders', partition: 0, key: null, value: null, headers: [], timestampMs: NOW_MS });
    commit(20, { head: 100 });
    expect((await told()).tenants).toEqual([
      { tenant: '(no tenant)', records: 1, seconds: 0, parked: false, paused: false },
    ]);
  });
});
