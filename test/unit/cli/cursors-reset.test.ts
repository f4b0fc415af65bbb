import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CursorsHarness, GROUP, metadataOf, NOTES } from './cursors-harness.js';
import type { Run } from './run.js';

vi.mock('../../../src/transport/confluent-transport.js', async () => {
  const { clientTransport } = await import('../../support/client-transport.js');
  return { createConfluentTransport: clientTransport };
});

let harness: CursorsHarness;
let folder: string;
let file: string;
beforeEach(() => {
  harness = new CursorsHarness();
  folder = mkdtempSync(join(tmpdir(), 'tenantry-cli-'));
  file = join(folder, 'cursors.json');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const reset = (...args: string[]): Promise<Run> => harness.cursors('reset', GROUP, 'orders', ...args);

async function partitionOf(...args: string[]): Promise<Record<string, unknown>> {
  const { out } = await reset('--partition', '0', '--dry-run', '--json', ...args);
  const [partition] = (JSON.parse(out) as { partitions: Record<string, unknown>[] }).partitions;
  return partition ?? {};
}

function joinGroup(): void {
  const transport = harness.kafka.transport();
  transport.createGroupConsumer({ groupId: GROUP, topics: ['orders'], clientIdSuffix: '' });
  for (const consumer of transport.consumers) harness.group.members.add(consumer);
}

describe('tenantry cursors reset --to', () => {
  beforeEach(() => {
    harness.commit(20, metadataOf({}, NOTES));
  });

  it.each([
    ['earliest', 0],
    ['latest', 100],
    ['33', 33],
    ['1970-01-01T00:00:40.5Z', 41],
    ['1970-01-01T02:00:40+02:00', 40],
    ['1970-01-02', 100],
  ])('%s sets the offset and no metadata', async (target, offset) => {
    const { exitCode, out, note } = await reset('--to', target, '--partition', '0', '--yes');
    expect([exitCode, note]).toEqual([0, 'All of it is set.\n']);
    expect(out).toContain(`orders/0  from 20 to ${offset}\n`);
    expect(harness.committed()).toEqual({ offset, metadata: '' });
    expect(harness.committed(1).offset).toBeUndefined();
  });

  it('says what is handled again, what is skipped and what ends', async () => {
    expect(await partitionOf('--to', '5')).toMatchObject({
      from: 20,
      to: 5,
      again: { from: 5, to: 60 },
      skipped: null,
      ended: ['initech', 'hooli'],
    });
    expect(await partitionOf('--to', '50')).toMatchObject({
      again: { from: 50, to: 60 },
      skipped: { from: 20, to: 50 },
    });
    expect(await partitionOf('--to', '80')).toMatchObject({ again: null, skipped: { from: 20, to: 80 } });
    const { out } = await reset('--to', '50', '--partition', '0', '--dry-run');
    expect(out).toContain('again    offsets 50 to 59: what is handled of them by now');
    expect(out).toContain('skipped  for good offsets 20 to 49: what is not handled by now');
    expect(out).toContain('ended    replays and skips under way of initech, hooli');
  });

  it('says so where nothing was committed, or the log was made anew', async () => {
    harness.group.commits.clear();
    expect(await partitionOf('--to', '50')).toMatchObject({ from: null, again: null, skipped: { from: 0, to: 50 } });
    harness.commit(500, '');
    expect(await partitionOf('--to', '50')).toMatchObject({ from: 500, again: null, skipped: { from: 0, to: 50 } });
  });

  it('--dry-run changes nothing, asks nothing and tells of members', async () => {
    const before = harness.committed();
    const { exitCode, note } = await reset('--to', 'latest', '--dry-run');
    expect([exitCode, note]).toEqual([0, 'Nothing was changed.\n']);
    joinGroup();
    expect((await reset('--to', 'latest', '--dry-run')).note).toContain(
      'The group has members now: without --dry-run this would be refused.',
    );
    const { out } = await reset('--to', 'latest', '--dry-run', '--json');
    expect(JSON.parse(out)).toMatchObject({ set: false, hasMembers: true });
    expect(harness.committed()).toEqual(before);
  });

  it('refuses a group with members', async () => {
    const before = harness.committed();
    joinGroup();
    const { exitCode, out, note } = await reset('--to', 'latest', '--yes');
    expect([exitCode, out]).toEqual([1, '']);
    expect(note).toBe(
      `tenantry: INVALID_STATE: group ${GROUP} has members; stop all of its consumers, wait until it has none, and run this again\n`,
    );
    expect(harness.committed()).toEqual(before);
  });

  it('is refused by the broker where a member has joined in the meantime', async () => {
    harness.answer = () => {
      joinGroup();
      return Promise.resolve(true);
    };
    const { exitCode, note } = await reset('--to', 'latest');
    expect(exitCode).toBe(1);
    expect(note).toContain('INVALID_STATE');
    expect(harness.committed().offset).toBe(20);
  });

  it('asks, and takes no for an answer', async () => {
    const questions: string[] = [];
    harness.answer = (question) => {
      questions.push(question);
      return Promise.resolve(false);
    };
    const { exitCode, note } = await reset('--to', 'latest');
    expect(exitCode).toBe(1);
    expect(note).toContain('ABORTED: it was not confirmed; nothing was changed');
    expect(questions).toEqual([`Set group ${GROUP} in 2 partitions?`]);
    expect(harness.committed().offset).toBe(20);
    harness.answer = () => Promise.resolve(true);
    expect((await reset('--to', 'latest')).exitCode).toBe(0);
    expect(harness.committed()).toEqual({ offset: 100, metadata: '' });
  });

  it('refuses where the group has moved while it asked', async () => {
    harness.answer = () => {
      harness.commit(22, '');
      return Promise.resolve(true);
    };
    const { exitCode, note } = await reset('--to', 'latest');
    expect(exitCode).toBe(1);
    expect(note).toContain('INVALID_STATE: the group has moved meanwhile in orders/0');
    expect(harness.committed().offset).toBe(22);
  });

  it('names the partitions that the brokers did not take', async () => {
    harness.kafka.faults.commit = ({ partition }) => (partition === 1 ? 'refuse' : undefined);
    const { exitCode, note } = await reset('--to', 'latest', '--yes');
    expect(exitCode).toBe(1);
    expect(note).toContain('ADMIN_FAILED: the brokers did not take it for orders/1; the other partitions are set');
  });

  it('sets nothing where it is there already, and asks nothing then', async () => {
    harness.commit(0, '', 0);
    harness.commit(0, '', 1);
    harness.answer = () => Promise.reject(new Error('must not ask'));
    const { exitCode, out } = await reset('--to', 'earliest');
    expect(exitCode).toBe(0);
    expect(out).toContain('orders/0  stays at 0\n');
  });

  it('refuses an offset that is not in every log, and sets none', async () => {
    harness.kafka.log('orders').dropBelow(10);
    for (const offset of ['9', '101']) {
      const { exitCode, note } = await reset('--to', offset, '--yes');
      expect(exitCode).toBe(1);
      expect(note).toContain(
        `INVALID_STATE: offset ${offset} is not in the log of orders/0, where 10 to 100 can be set`,
      );
    }
    expect(harness.committed().offset).toBe(20);
  });

  it.each([
    [['--to', 'latest'], 'there is no terminal to ask at; --yes does not ask'],
    [['--yes'], 'either --to or --from is needed'],
    [['--to', 'latest', '--from', 'x', '--yes'], 'either --to or --from is needed'],
    [['--to', '-1', '--yes'], ''],
    [['--to', '2026-11-28T09:30:00', '--yes'], '--to takes earliest, latest, an offset, or a time'],
    [['--to', '2026-13-01', '--yes'], '--to takes earliest'],
    [['--to', 'yesterday', '--yes'], '--to takes earliest'],
    [['--to', 'latest', '--partition', 'x', '--yes'], '--partition takes a number'],
    [['--to', 'latest', '--partition', '2', '--yes'], 'orders has no partition 2'],
    [['--from', '/none', '--yes'], '--from: /none cannot be read'],
  ])('%j is a usage error', async (args, message) => {
    const { exitCode, note } = await reset(...args);
    expect(exitCode).toBe(2);
    expect(note).toContain(`INVALID_OPTIONS: ${message}`);
    expect(harness.committed().offset).toBe(20);
  });
});

describe('tenantry cursors export and reset --from', () => {
  beforeEach(async () => {
    harness.commit(20, metadataOf({}, NOTES));
    const { exitCode, out } = await harness.cursors('export', GROUP, 'orders');
    expect(exitCode).toBe(0);
    writeFileSync(file, out);
  });

  it('exports offsets and metadata as they are, with what they tell', () => {
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      format: 'tenantry.cursors',
      version: 1,
      group: GROUP,
      exportedAt: expect.stringMatching(/Z$/) as unknown,
      partitions: [
        {
          topic: 'orders',
          partition: 0,
          offset: 20,
          metadata: metadataOf({}, NOTES),
          leaderEpoch: 3,
          decoded: { head: 60, controlOffset: 7 },
        },
        { topic: 'orders', partition: 1, offset: null, metadata: '', leaderEpoch: null, decoded: null },
      ],
    });
  });

  it('puts back exactly what was exported, and leaves alone what was not', async () => {
    const exported = harness.committed();
    await reset('--to', 'latest', '--yes');
    const { exitCode, out } = await reset('--from', file, '--yes');
    expect(exitCode).toBe(0);
    expect(out).toContain('orders/0  from 100 to 20, with its metadata\n');
    expect(harness.committed()).toEqual(exported);
    expect(harness.group.committed({ topic: 'orders', partition: 0 }).leaderEpoch).toBe(3);
    expect(harness.committed(1)).toEqual({ offset: 0, metadata: '' });
    expect((await reset('--from', file, '--yes')).out).toContain('orders/0  stays at 20\n');
  });

  it('says what the cursors that are put back make happen again or skip', async () => {
    harness.commit(50, '');
    expect(await partitionOf('--from', file)).toMatchObject({
      again: { from: 20, to: 50 },
      skipped: { from: 50, to: 60 },
      ended: [],
    });
    const { out } = await reset('--from', file, '--dry-run');
    expect(out).toContain('for good offsets 50 to 59: what the metadata calls finished and is not handled by now');
  });

  it('puts back also where retention has come further, and says when the metadata will not be believed', async () => {
    harness.kafka.log('orders').dropBelow(30);
    harness.commit(40, '');
    expect(await partitionOf('--from', file)).toMatchObject({ to: 20, again: { from: 30, to: 40 } });
    writeFileSync(file, readFileSync(file, 'utf8').replace('"offset": 20', '"offset": 21'));
    expect(await partitionOf('--from', file)).toMatchObject({ metadataIgnored: 'other-offset' });
    expect((await reset('--from', file, '--dry-run')).out).toContain('ignored  the metadata will be: it belongs to');
  });

  it('refuses what belongs to another log', async () => {
    harness.kafka.log('orders').truncate(40);
    const { exitCode, note } = await reset('--from', file, '--yes');
    expect(exitCode).toBe(1);
    expect(note).toContain('INVALID_STATE: offset 20 is not in the log of orders/0');
  });

  it('refuses an export of another group, or without the topic', async () => {
    const other = await harness.cursors('reset', 'acme.mailer', 'orders', '--from', file, '--yes');
    expect([other.exitCode, other.note]).toEqual([2, expect.stringContaining('is of another group')]);
    harness.kafka.createTopic('payments');
    const topic = await harness.cursors('reset', GROUP, 'payments', '--from', file, '--yes');
    expect([topic.exitCode, topic.note]).toEqual([2, expect.stringContaining('holds nothing of topic payments')]);
  });

  it.each([
    ['hunter2', 'is not JSON'],
    ['{}', 'format: '],
    ['{"format": "tenantry.cursors", "version": 2, "group": "g", "partitions": []}', 'version: '],
    [
      '{"format": "tenantry.cursors", "version": 1, "group": "g", "partitions": [{"topic": "t", "partition": 0, "offset": -1, "metadata": "hunter2", "leaderEpoch": null}]}',
      'partitions.0.offset: ',
    ],
  ])('refuses a file that is no export: %s', async (text, message) => {
    writeFileSync(file, text);
    const { exitCode, note } = await reset('--from', file, '--yes');
    expect(exitCode).toBe(2);
    expect(note).toContain(message);
    expect(note).not.toContain('hunter2');
  });
});
