import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { tenantryError } from '../../../src/core/errors.js';
import { fingerprintOf, type Owner } from '../../../src/consumer/ledger/record-owner.js';
import { CursorsHarness, GROUP, metadataOf, NOTES } from './cursors-harness.js';
import { run } from './run.js';

vi.mock('../../../src/transport/confluent-transport.js', async () => {
  const { clientTransport } = await import('../../support/client-transport.js');
  return { createConfluentTransport: clientTransport };
});

let harness: CursorsHarness;
let folder: string;
beforeEach(() => {
  harness = new CursorsHarness();
  folder = mkdtempSync(join(tmpdir(), 'tenantry-cli-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const hex = (tenant: string): string => fingerprintOf(tenant).toString(16).padStart(8, '0');

function fileOf(text: string): string {
  const path = join(folder, 'file');
  writeFileSync(path, text);
  return path;
}

describe('tenantry cursors show', () => {
  it('tells what lies between the watermark and the head', async () => {
    harness.commit(20, metadataOf({}, NOTES));
    const { exitCode, out, note } = await harness.cursors(
      'show',
      GROUP,
      'orders',
      '--tenant',
      'acme',
      '--tenant',
      'none',
    );
    expect([exitCode, note]).toEqual([0, '']);
    for (const line of [
      `group ${GROUP}`,
      'orders/0',
      '  log        offsets 0 to 99',
      '  watermark  20, everything below it is finished',
      '  head       60, 40 before the end of the log',
      `  parked     acme (${hex('acme')}) at 25, 35 behind the head`,
      `  parked     ${hex('globex')} at 30, 30 behind the head`,
      '  taken      4 not finished, in 2 runs, the first at 20',
      '  replay     initech up to 10, then on at 25',
      '  skip       hooli up to 90',
      '  control    obeyed below offset 7 of the control topic',
      '  began      2026-11-28T00:00:00.000Z',
      'orders/1',
      '  log        empty, 0 is next',
      '  watermark  none: the group has committed nothing here',
    ]) {
      expect(out.split('\n')).toContain(line);
    }
    expect(out).not.toContain('hunter2');
  });

  it('--json tells the same to programs, with tenants from a file', async () => {
    harness.commit(20, metadataOf({}, NOTES));
    const file = fileOf('acme\r\n\n globex \n');
    const { exitCode, out } = await harness.cursors('show', GROUP, 'orders', '--tenants-from', file, '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toEqual({
      group: GROUP,
      partitions: [
        {
          topic: 'orders',
          partition: 0,
          log: { low: 0, high: 100 },
          watermark: 20,
          leaderEpoch: 3,
          metadataIgnored: null,
          recorded: {
            head: 60,
            cursors: [
              { fingerprint: hex('acme'), tenants: ['acme'], offset: 25, behindHead: 35 },
              { fingerprint: hex('globex'), tenants: ['globex'], offset: 30, behindHead: 30 },
            ],
            taken: {
              records: 4,
              runs: [
                { start: 20, length: 1 },
                { start: 40, length: 3 },
              ],
            },
            replays: [{ tenant: 'initech', until: 10, resume: 25 }],
            skips: [{ tenant: 'hooli', until: 90 }],
            controlOffset: 7,
            beganAt: '2026-11-28T00:00:00.000Z',
          },
        },
        expect.objectContaining({ partition: 1, watermark: null, recorded: null }),
      ],
    });
  });

  it.each([
    ['foreign', 20, 'hello'],
    ['damaged', 20, metadataOf().replace(/.{3}\.$/, 'AAA.')],
    ['other-log', 20, metadataOf({}, {}, 'orders/1')],
    ['other-offset', 21, metadataOf()],
    ['beyond-log', 20, metadataOf({ head: 101 })],
  ])('says that a consumer ignores metadata: %s', async (fault, offset, metadata) => {
    harness.commit(offset, metadata);
    const { out } = await harness.cursors('show', GROUP, 'orders', '--json');
    expect(JSON.parse(out)).toMatchObject({ partitions: [{ metadataIgnored: fault, recorded: null }, {}] });
    const text = await harness.cursors('show', GROUP, 'orders');
    expect(text.out).toContain('metadata   ignored: it ');
    expect(text.out).toContain('a new owner handles everything from the watermark on');
    expect(text.out).not.toContain(metadata);
  });

  it('says where the log has lost what the group stands on', async () => {
    harness.commit(20, '');
    harness.kafka.log('orders').dropBelow(50);
    expect((await harness.cursors('show', GROUP, 'orders')).out).toContain('offsets 20 to 49 have left the log');
    harness.commit(200, '');
    const { out } = await harness.cursors('show', GROUP, 'orders');
    expect(out).toContain('beyond the end of the log, which was cut or made anew: reading begins at 50');
  });

  it('shows no control characters that somebody has committed as a tenant', async () => {
    const owner = 'a\u001b[2J' as Owner;
    harness.commit(20, metadataOf({}, { skips: [{ owner, until: 90 }] }));
    const { out } = await harness.cursors('show', GROUP, 'orders');
    expect(out).toContain('skip       (not a tenant id) up to 90');
    expect(out).not.toContain('\u001b');
  });

  it('takes brokers from the environment', async () => {
    vi.stubEnv('TENANTRY_BROKERS', 'localhost:9092,localhost:9093');
    expect((await run('cursors', 'show', GROUP, 'orders')).exitCode).toBe(0);
  });

  it('tells a failure of the cluster by its code, with exit code 1', async () => {
    harness.kafka.faults.connect = () => tenantryError('BROKER_UNREACHABLE', 'no broker answered');
    expect(await harness.cursors('show', GROUP, 'orders')).toEqual({
      exitCode: 1,
      out: '',
      note: 'tenantry: BROKER_UNREACHABLE: no broker answered\n',
    });
    harness.kafka.faults.connect = () => undefined;
    expect((await harness.cursors('show', GROUP, 'payments')).note).toContain('TOPIC_NOT_FOUND');
  });

  it.each([
    [[], 'a group is missing'],
    [[GROUP], 'a topic is missing'],
    [[GROUP, 'orders', 'orders'], 'topic orders is given twice'],
    [[GROUP, 'orders', '--tenant', 'hunter:2'], '--tenant: number 1 is not a tenant id'],
    [[GROUP, 'orders', '--tenants-from', '/none'], '--tenants-from: /none cannot be read (Error ENOENT)'],
    [[GROUP, 'orders', '--connection', '/none'], '--connection: /none cannot be read (Error ENOENT)'],
    [[GROUP, 'orders', '--to', '3'], "Unknown option '--to'"],
  ])('%j is a usage error', async (args, message) => {
    const { exitCode, out, note } = await harness.cursors('show', ...args);
    expect([exitCode, out]).toEqual([2, '']);
    expect(note).toBe(`tenantry: INVALID_OPTIONS: ${message}\nSee tenantry cursors show --help\n`);
  });

  it('needs brokers', async () => {
    vi.stubEnv('TENANTRY_BROKERS', undefined);
    const { exitCode, note } = await run('cursors', 'show', GROUP, 'orders');
    expect(exitCode).toBe(2);
    expect(note).toContain('--brokers is missing');
    expect((await run('cursors', 'show', GROUP, 'orders', '--brokers', 'localhost')).note).toContain('host:port');
  });

  it.each([
    ['{"sasl": {"mechanism": "plain", "username": "u", "password": "hunter2"', 'is not JSON'],
    ['{"sasl": {"mechanism": "plain", "username": "u", "passwort": "hunter2"}}', 'connection.sasl.password'],
    ['"hunter2"', 'connection: '],
  ])('refuses the connection file %s and repeats nothing of it', async (text, message) => {
    const { exitCode, note } = await harness.cursors('show', GROUP, 'orders', '--connection', fileOf(text));
    expect(exitCode).toBe(2);
    expect(note).toContain(message);
    expect(note).not.toContain('hunter2');
  });
});
