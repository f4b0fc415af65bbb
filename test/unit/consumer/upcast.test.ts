// A handler of a version also gets the older versions that are upcast to it.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ConsumedEvent } from '../../../src/api/consumed-event.js';
import { defineEvent } from '../../../src/contract/define-event.js';
import type { AnyEventContract, Protection } from '../../../src/contract/event-contract.js';
import { quarantineTopic } from '../../../src/routing/naming.js';
import { ConsumeHarness, GROUP, type ConsumerProcess, type ProcessOptions } from '../../support/consume-harness.js';
import { eventRecord, header } from '../../support/records.js';

interface Protections {
  readonly topic?: string;
  readonly compacted?: boolean;
  readonly v1?: Protection;
  readonly v2?: Protection;
  readonly v3?: Protection;
}

/** Three versions: a note, notes, and counted notes. */
function versions({ topic = 'notes', compacted = false, v1 = 'none', v2 = v1, v3 = v2 }: Protections = {}) {
  const base = { type: 'notes.kept', topic, compacted, aggregateId: ({ id }: { id: string }) => id } as const;
  const first = defineEvent({
    ...base,
    version: 1,
    schema: z.object({ id: z.string(), note: z.string().optional() }),
    protection: v1,
  });
  const second = defineEvent({
    ...base,
    version: 2,
    schema: z.object({ id: z.string(), notes: z.array(z.string().max(5)), note: z.string().optional() }),
    protection: v2,
    upcast: {
      from: first,
      with: ({ id, note }) => {
        if (note === 'boom') throw new Error('tenant-data');
        return { id, notes: note === undefined ? [] : [note] };
      },
    },
  });
  const third = defineEvent({
    ...base,
    version: 3,
    schema: z.object({ id: z.string(), count: z.int(), note: z.string().optional() }),
    protection: v3,
    upcast: { from: second, with: ({ id, notes }) => ({ id, count: notes.length }) },
  });
  return { first, second, third } as const;
}

type Seen = Pick<ConsumedEvent, 'id' | 'version' | 'publishedVersion' | 'data'> & { readonly by: string };

class Bench {
  readonly harness = new ConsumeHarness();
  readonly seen: Seen[] = [];
  #process: ConsumerProcess | undefined;

  append(eventId: string, version: number, data: unknown, more: Parameters<typeof eventRecord>[0] = {}): void {
    this.harness.kafka.append(eventRecord({ eventId, eventType: `notes.kept.v${version}`, data, ...more }));
  }

  async run(handlers: Readonly<Record<string, AnyEventContract>>, given?: ProcessOptions): Promise<this> {
    const register = (consumer: ConsumerProcess['consumer']): void => {
      for (const [by, contract] of Object.entries(handlers)) {
        consumer.on(contract, ({ id, version, publishedVersion, data }) => {
          this.seen.push({ by, id, version, publishedVersion, data });
        });
      }
    };
    this.#process = await this.harness.start(register, given);
    await this.harness.clock.advance(2_000);
    return this;
  }

  get logs(): string {
    return JSON.stringify(this.#process?.logger.entries);
  }
}

describe('a handler', () => {
  it('gets older versions as its own, and sees in which they were published', async () => {
    const { third } = versions();
    const bench = new Bench();
    bench.append('one', 1, { id: 'n1', note: 'a' });
    bench.append('two', 2, { id: 'n1', notes: ['a', 'b'] });
    bench.append('three', 3, { id: 'n1', count: 3 });
    await bench.run({ third });
    expect(bench.seen).toEqual([
      { by: 'third', id: 'one', version: 3, publishedVersion: 1, data: { id: 'n1', count: 1 } },
      { by: 'third', id: 'two', version: 3, publishedVersion: 2, data: { id: 'n1', count: 2 } },
      { by: 'third', id: 'three', version: 3, publishedVersion: 3, data: { id: 'n1', count: 3 } },
    ]);
    expect(bench.harness.deadLetters).toEqual([]);
  });

  it.each(['the exact one first', 'the exact one last'])('of the exact version beats an upcast: %s', async (order) => {
    const { first, third } = versions();
    const bench = new Bench();
    bench.append('one', 1, { id: 'n1', note: 'a' });
    bench.append('two', 2, { id: 'n1', notes: [] });
    await bench.run(order.endsWith('first') ? { first, third } : { third, first });
    expect(bench.seen).toEqual([
      { by: 'first', id: 'one', version: 1, publishedVersion: 1, data: { id: 'n1', note: 'a' } },
      { by: 'third', id: 'two', version: 3, publishedVersion: 2, data: { id: 'n1', count: 0 } },
    ]);
  });

  it.each(['up', 'down'])('of the lowest version gets what several could be given: %s', async (order) => {
    const { second, third } = versions();
    const bench = new Bench();
    bench.append('one', 1, { id: 'n1' });
    await bench.run(order === 'up' ? { second, third } : { third, second });
    expect(bench.seen).toEqual([
      { by: 'second', id: 'one', version: 2, publishedVersion: 1, data: { id: 'n1', notes: [] } },
    ]);
  });

  it('does not get a version that is newer than it knows: dead letter, nothing is lost', async () => {
    const { second } = versions();
    const bench = new Bench();
    bench.append('three', 3, { id: 'n1', count: 3 });
    bench.append('one', 1, { id: 'n1' });
    await bench.run({ second });
    expect(bench.seen.map(({ id }) => id)).toEqual(['one']);
    expect(bench.harness.deadLetters).toEqual([{ id: 'three', code: 'UNKNOWN_EVENT_VERSION' }]);
    expect(bench.harness.kafka.log(`${GROUP}.notes.dlq`).records[0]?.value?.toString()).toBe('{"id":"n1","count":3}');
  });

  it('takes tombstones of older versions', async () => {
    const { third } = versions({ topic: 'states', compacted: true });
    const bench = new Bench();
    bench.append('gone', 1, null, { topic: 'states', value: null });
    await bench.run({ third });
    expect(bench.seen).toEqual([{ by: 'third', id: 'gone', version: 3, publishedVersion: 1, data: null }]);
  });
});

describe('an older event', () => {
  it.each([
    ['does not fit its own version', { id: 'n1', note: 5 }, 'PAYLOAD_INVALID'],
    ['makes the upcast throw', { id: 'n1', note: 'boom' }, 'UPCAST_FAILED'],
    ['becomes what the newer version refuses', { id: 'n1', note: 'tenant-data' }, 'UPCAST_FAILED'],
  ])('that %s is a dead letter at once, without its text', async (_what, data, code) => {
    const { third } = versions();
    const bench = new Bench();
    bench.append('bad', 1, data);
    bench.append('good', 1, { id: 'n1' });
    await bench.run({ third });
    expect(bench.seen.map(({ id }) => id)).toEqual(['good']);
    expect(bench.harness.deadLetters).toEqual([{ id: 'bad', code }]);
    const dlq = bench.harness.kafka.log(`${GROUP}.notes.dlq`).records[0];
    expect(dlq?.headers.map(({ value }) => value.toString()).join()).not.toContain('tenant-data');
    expect(bench.logs).not.toContain('tenant-data');
  });

  it('threat 60: must have the protection of the newest version, although its own had none', async () => {
    const { third } = versions({ v3: 'confidential' });
    const bench = new Bench();
    bench.append('forged', 1, { id: 'n1' });
    bench.append('forged-2', 2, { id: 'n1', notes: [] });
    bench.append('sealed', 1, { id: 'n1' }, { value: Buffer.from('sealed:{"id":"n1"}') });
    await bench.run({ third });
    expect(bench.seen.map(({ id, publishedVersion }) => [id, publishedVersion])).toEqual([['sealed', 1]]);
    expect(bench.harness.copies(quarantineTopic('notes'))).toEqual([
      { id: 'forged', code: 'ENVELOPE_MALFORMED' },
      { id: 'forged-2', code: 'ENVELOPE_MALFORMED' },
    ]);
  });

  it('threat 60: keeps its own protection where the newer version has less', async () => {
    const { third } = versions({ v1: 'confidential', v2: 'authentic', v3: 'none' });
    const bench = new Bench();
    bench.append('forged', 1, { id: 'n1' });
    bench.append('unsigned', 2, { id: 'n1', notes: [] });
    bench.append('open', 3, { id: 'n1', count: 0 });
    await bench.run({ third });
    expect(bench.seen.map(({ id }) => id)).toEqual(['open']);
    expect(bench.harness.quarantined.map(({ code }) => code)).toEqual(['ENVELOPE_MALFORMED', 'SEAL_MISSING']);
  });

  it('threat 60: may do with less only where the consumer lists it', async () => {
    const { third } = versions({ v3: 'confidential' });
    const bench = new Bench();
    bench.append('old', 1, { id: 'n1' });
    bench.append('forged', 2, { id: 'n1', notes: [] });
    await bench.run({ third }, { options: { acceptUnprotected: ['notes.kept.v1'] } });
    expect(bench.seen.map(({ id }) => id)).toEqual(['old']);
    expect(bench.harness.quarantined.map(({ id }) => id)).toEqual(['forged']);
  });

  it('has the fields sealed that the newest version names', async () => {
    const { second } = versions({ v2: { fields: ['/note'] } });
    const bench = new Bench();
    bench.append('clear', 1, { id: 'n1', note: 'x' }, { moreHeaders: [header('tenantry-seal', 'forged')] });
    await bench.run({ second });
    expect(bench.seen).toEqual([]);
    expect(bench.harness.quarantined).toEqual([{ id: 'clear', code: 'SEAL_INVALID' }]);
  });
});

describe('contracts that cannot stand beside each other', () => {
  it('are those of one type and version, also where one is only upcast from', async () => {
    const { third } = versions();
    const { first: other } = versions();
    await expect(new Bench().run({ third, other })).rejects.toMatchObject({ code: 'CONTRACT_CONFLICT' });
    await expect(new Bench().run({ other, third })).rejects.toMatchObject({ code: 'CONTRACT_CONFLICT' });
  });

  it('are not two uses of the same', async () => {
    const { first, second, third } = versions();
    await expect(new Bench().run({ first, third, second })).resolves.toBeDefined();
    await expect(new Bench().run({ third, again: third })).rejects.toMatchObject({ code: 'CONTRACT_CONFLICT' });
  });
});
