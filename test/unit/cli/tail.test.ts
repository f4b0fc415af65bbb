// Whose records tail and dlq show, and what of them: test/kafka/commands.test.ts has the same with real seals.
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { commandClock } from '../../../src/cli/command-clock.js';
import { LetterCounts } from '../../../src/cli/dlq/letter-counts.js';
import type { FoundLetter } from '../../../src/cli/dlq/read-letters.js';
import { copyOf } from '../../../src/consumer/handling/copy-record.js';
import type { Owner } from '../../../src/consumer/ledger/record-owner.js';
import { deadLetterTopic, parseDeadLetterTopic } from '../../../src/routing/naming.js';
import { useTransport } from '../../support/client-transport.js';
import { FakeKafka } from '../../support/fake-kafka.js';
import { eventRecord, header, receivedRecord, type RecordSketch } from '../../support/records.js';
import { run } from './run.js';

vi.mock('../../../src/transport/confluent-transport.js', async () => {
  const { clientTransport } = await import('../../support/client-transport.js');
  return { createConfluentTransport: clientTransport };
});

const CONTRACTS = fileURLToPath(new URL('../../support/contracts.ts', import.meta.url));
const GROUP = '_shared.readers';
const DLQ = deadLetterTopic(GROUP, 'notes');
const SECRET = 'hunter2';
const REASON = { code: 'DEAD_LETTERED', detail: 'on purpose', attempts: 3, replay: false } as const;

let kafka: FakeKafka;
beforeEach(() => {
  kafka = new FakeKafka(commandClock);
  kafka.createTopic('notes', 2);
  kafka.createTopic(DLQ, 1);
  kafka.createTopic(`_control.${GROUP}`, 1);
  useTransport(kafka.transport());
});

const connection = ['--brokers', 'localhost:9092', '--json'];
const args = [...connection, '--contracts', CONTRACTS];
async function done(...words: string[]): Promise<string> {
  const { exitCode, out, note } = await run(...words, ...(words[1] === 'list' ? connection : args));
  expect({ exitCode, note }).toEqual({ exitCode: 0, note: '' });
  return out;
}
const tail = (tenant: string, ...more: string[]): Promise<string> =>
  done('tail', tenant, 'notes', '--from', 'earliest', '--no-follow', ...more);
const linesOf = (out: string): Record<string, unknown>[] =>
  out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('tenantry tail', () => {
  it.each<[what: string, sketch: RecordSketch]>([
    ["another tenant's", { tenant: 'globex' }],
    ['that of a tenant whose id begins alike', { tenant: 'acme2' }],
    ['one whose key names no tenant', { key: Buffer.from('no-tenant') }],
    ['one without a key', { key: null }],
  ])('shows nothing of a record that is %s', async (_, sketch) => {
    kafka.append(eventRecord({ ...sketch, data: { id: SECRET } }));
    kafka.append(eventRecord({ data: { id: 'mine' } }));
    expect(linesOf(await tail('acme')).map(({ tenant, data }) => [tenant, data])).toEqual([['acme', { id: 'mine' }]]);
  });

  it("tells the place of a record whose header is another tenant's, and nothing else", async () => {
    const headers = [header('tenant-id', 'globex'), header('event-type', 'notes.noted.v1'), header('event-id', 'id-1')];
    kafka.append(eventRecord({ headers, aggregate: SECRET, data: { id: SECRET } }));
    const out = await tail('acme');
    expect(linesOf(out)).toMatchObject([{ topic: 'notes', state: 'violation', code: 'TENANT_MISMATCH' }]);
    expect(out).not.toContain(SECRET);
    expect(await tail('globex')).toBe('');
  });

  it.each<[state: string, code: string, sketch: RecordSketch]>([
    ['unreadable', 'KEY_NOT_CONFIGURED', { eventType: 'notes.whispered.v1' }],
    ['unreadable', 'PAYLOAD_MALFORMED', { value: Buffer.from(`{${SECRET}`) }],
    ['invalid', 'PAYLOAD_INVALID', { data: { other: SECRET } }],
    ['invalid', 'UNEXPECTED_TOMBSTONE', { value: null }],
    ['no-contract', 'NO_CONTRACT', { eventType: 'notes.unknown.v1' }],
  ])('shows as %s, because of %s, what it cannot open', async (state, code, sketch) => {
    kafka.append(eventRecord({ data: { id: SECRET }, ...sketch }));
    const out = await tail('acme');
    expect(linesOf(out)).toMatchObject([{ tenant: 'acme', state, code }]);
    expect(out).not.toContain(SECRET);
  });

  it('ends after so many records', async () => {
    for (let i = 0; i < 5; i++) kafka.append(eventRecord({ partition: i % 2 }));
    expect(linesOf(await tail('acme', '--limit', '3'))).toHaveLength(3);
    expect(linesOf(await tail('acme', '--from', 'latest'))).toEqual([]);
    expect(linesOf(await tail('acme', '--from', '1'))).toHaveLength(3);
  });

  it('ends when it is interrupted', async () => {
    const { runProgram } = await import('../../../src/cli/program.js');
    const controller = new AbortController();
    let out = '';
    const terminal = {
      out: (text: string) => {
        out += text;
        controller.abort();
      },
      note: () => undefined,
      interrupted: () => controller.signal,
    };
    kafka.append(eventRecord());
    kafka.append(eventRecord());
    expect(await runProgram(['tail', 'acme', 'notes', '--from', 'earliest', ...args], terminal)).toBe(0);
    expect(linesOf(out)).toHaveLength(1);
  });
});

describe('tenantry dlq', () => {
  const deadLetter = (sketch: RecordSketch & { code?: 'DEAD_LETTERED' | 'PAYLOAD_INVALID' } = {}): void => {
    const reason = { ...REASON, code: sketch.code ?? 'DEAD_LETTERED', groupId: GROUP } as const;
    kafka.append({ ...copyOf(receivedRecord(sketch), DLQ, reason, 1_767_225_600_000), partition: 0 });
  };

  it("shows a tenant's dead letters and none of another, without their data where that is not asked for", async () => {
    deadLetter({ data: { id: SECRET } });
    deadLetter({ tenant: 'globex', data: { id: SECRET } });
    const out = await done('dlq', 'show', 'acme');
    expect(JSON.parse(out)).toMatchObject({
      found: 1,
      deadLetters: [{ tenant: 'acme', attempts: 3, reason: 'on purpose' }],
    });
    expect(out).not.toContain(SECRET);
    expect(await done('dlq', 'show', 'acme', '--open')).toContain(`"data":{"id":"${SECRET}"}`);
  });

  it('opens no record that contradicts itself, whoever has put it there', async () => {
    const headers = [header('tenant-id', 'globex'), header('event-type', 'notes.noted.v1'), header('event-id', 'id-1')];
    deadLetter({ headers, data: { id: SECRET } });
    const out = await done('dlq', 'show', `${DLQ}/0/0`, '--open');
    expect(JSON.parse(out)).toMatchObject({ deadLetters: [{ opened: { state: 'closed', code: 'TENANT_MISMATCH' } }] });
    expect(out).not.toContain(SECRET);
  });

  it('shows the last that failed, and how many more there are', async () => {
    for (let i = 0; i < 7; i++) deadLetter();
    const { note, out } = await run('dlq', 'show', 'acme', '--limit', '2', '--brokers', 'localhost:9092');
    expect(note).toBe('5 more; --limit shows more\n');
    expect(out.match(/^_shared/gm)).toHaveLength(2);
  });

  describe('where a topic may not be read', () => {
    const OTHER_GROUP = '_shared.others';
    const OTHER = deadLetterTopic(OTHER_GROUP, 'notes');
    const denied = (topic: string, ...allowed: ('read' | 'describe')[]): void => {
      kafka.operationsOn = (name) => new Set(name === topic ? allowed : ['read', 'describe']);
    };
    const said = async (...words: string[]): Promise<{ exitCode: number; note: string; told: Told }> => {
      const { exitCode, out, note } = await run('dlq', ...words, ...connection);
      return { exitCode, note, told: JSON.parse(out) as Told };
    };
    interface Told {
      readonly topics: string[];
      readonly notRead: object[];
      readonly deadLetters: Record<string, unknown>[];
    }
    beforeEach(() => {
      for (const topic of [OTHER, `_control.${OTHER_GROUP}`]) kafka.createTopic(topic, 1);
      kafka.append({ ...copyOf(receivedRecord(), OTHER, { ...REASON, groupId: OTHER_GROUP }, 0), partition: 0 });
      deadLetter();
    });

    it('lists the others, names it with what it needs, and exits with the code of a partial answer', async () => {
      denied(OTHER, 'describe');
      const { exitCode, note, told } = await said('list');
      expect([exitCode, note]).toEqual([4, '']);
      expect(told.topics).toEqual([DLQ]);
      expect(told.deadLetters.map(({ group, records }) => [group, records])).toEqual([[GROUP, 1]]);
      expect(told.notRead).toEqual([
        {
          topic: OTHER,
          code: 'ADMIN_FAILED',
          message: expect.stringContaining('Topic authorization failed') as string,
          needs: `"describe" and "read" on the topic ${OTHER}, and "read" on the group ${OTHER_GROUP}`,
        },
      ]);
      const text = await run('dlq', 'list', '--brokers', 'localhost:9092');
      expect(text.exitCode).toBe(4);
      expect(text.out).toMatch(/^GROUP .*\n_shared\.readers .*\n$/);
      expect(text.note).toMatch(
        /^_shared\.others\.notes\.dlq was not read: ADMIN_FAILED: .*; it needs "describe" and "read"/,
      );
      const none = await run('dlq', 'list', '--tenant', 'globex', '--brokers', 'localhost:9092');
      expect([none.exitCode, none.out]).toEqual([4, 'There are no such dead letters in what was read.\n']);
    });

    it('lists the others of its group too, and of one that has just gone', async () => {
      const sibling = deadLetterTopic(GROUP, 'memos');
      kafka.createTopic(sibling, 1);
      const gone = kafka.transport();
      useTransport({
        ...gone,
        createGroupOffsets: (groupId) => {
          kafka.dropTopic(sibling);
          return gone.createGroupOffsets(groupId);
        },
      });
      const { exitCode, told } = await said('list');
      expect(exitCode).toBe(4);
      expect(told.notRead).toMatchObject([{ topic: sibling, code: 'TOPIC_NOT_FOUND' }]);
      expect(told.topics).toEqual([OTHER, DLQ]);
    });

    it("shows what it has found of a tenant's", async () => {
      denied(OTHER, 'describe');
      const { exitCode, told } = await said('show', 'acme');
      expect(exitCode).toBe(4);
      expect([told.deadLetters.length, told.notRead.length]).toEqual([1, 1]);
    });

    it('fails where it may read none of them', async () => {
      denied(OTHER, 'describe');
      const { exitCode, note } = await run('dlq', 'list', '--group', OTHER_GROUP, '--brokers', 'localhost:9092');
      expect([exitCode, note]).toEqual([1, expect.stringContaining('tenantry: ADMIN_FAILED: ')]);
    });

    it('does not know what was redriven where that may not be read', async () => {
      const control = `_control.${GROUP}`;
      denied(control);
      const { exitCode, told } = await said('list', '--group', GROUP);
      expect(exitCode).toBe(0);
      expect(told.deadLetters).toMatchObject([{ records: 1, redriven: null }]);
      expect(told.notRead).toMatchObject([{ topic: control, code: 'TOPIC_NOT_FOUND' }]);
      expect((await said('show', `${DLQ}/0/0`)).told.deadLetters).toMatchObject([{ redriven: null }]);
      const text = await run('dlq', 'list', '--group', GROUP, '--brokers', 'localhost:9092');
      expect(text.out).toMatch(/ 1 +not known +20/);
      expect(text.note).toContain(`What was redriven is not known, ${control} was not read: `);
    });
  });

  it.each([
    ['0/0', 'the log begins at 1, and what was before is deleted'],
    ['0/2', 'the log ends before 2, and nothing has been written there yet'],
    ['3/0', 'the topic has the partitions 0 to 0'],
  ])('says that there is nothing at %s, and why', async (place, why) => {
    deadLetter();
    deadLetter();
    kafka.log(DLQ).dropBelow(1);
    const { exitCode, out, note } = await run('dlq', 'show', `${DLQ}/${place}`, '--brokers', 'localhost:9092');
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' });
    expect(note).toBe(`tenantry: RECORD_NOT_FOUND: there is no record at ${DLQ}/${place}: ${why}\n`);
  });

  it('counts apart what is no dead letter, and reasons', async () => {
    deadLetter();
    deadLetter({ code: 'PAYLOAD_INVALID' });
    kafka.append({ ...eventRecord({ topic: DLQ }), partition: 0 });
    kafka.append({ ...eventRecord({ topic: DLQ, key: null }), partition: 0 });
    const { deadLetters } = JSON.parse(await done('dlq', 'list')) as { deadLetters: Record<string, unknown>[] };
    expect(deadLetters.map(({ tenant, code, records }) => [tenant, code, records])).toEqual([
      ['(no tenant)', '(no dead letter)', 1],
      ['acme', '(no dead letter)', 1],
      ['acme', 'DEAD_LETTERED', 1],
      ['acme', 'PAYLOAD_INVALID', 1],
    ]);
  });
});

it('keeps no more counts than there is room for', () => {
  const counts = new LetterCounts(2);
  const topic = { topic: DLQ, groupId: GROUP, logicalTopic: 'notes' };
  const letter = (tenant: string): FoundLetter => ({
    topic,
    owner: tenant as Owner,
    copy: receivedRecord({ tenant }),
    letter: undefined,
    wasRedriven: false,
  });
  for (const tenant of ['a', 'b', 'a']) counts.add(letter(tenant));
  expect(() => counts.add(letter('c'))).toThrow(/more than 2 tenants and codes/);
});

it.each([
  ['_shared.readers.notes.dlq', { groupId: '_shared.readers', logicalTopic: 'notes' }],
  ['acme.readers.notes.dlq', { groupId: 'acme.readers', logicalTopic: 'notes' }],
  ['_other.readers.notes.dlq', undefined],
  ['_shared.readers.notes', undefined],
  ['_shared.readers.more.notes.dlq', undefined],
  ['_shared.Readers.notes.dlq', undefined],
  ['_shared.readers.dlq.dlq', undefined],
])('parseDeadLetterTopic(%s)', (name, expected) => {
  expect(parseDeadLetterTopic(name)).toEqual(expected);
});
