// What is asked of a registry, how often, and what becomes of answers that a real one does not give.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../../src/core/clock.js';
import { silentLogger } from '../../../../src/core/logger.js';
import { registrySerde, type RegistrySerdeOptions } from '../../../../src/integrations/registry/index.js';
import { jsonSerde } from '../../../../src/serde/json-serde.js';
import { makeSerde } from '../../../../src/serde/serde-option.js';
import type { ValueSerde } from '../../../../src/serde/value-serde.js';
import { telemetrySchema } from '../../../../src/telemetry/options.js';
import { Telemetry } from '../../../../src/telemetry/telemetry.js';
import { Lettered, Noted, Whispered } from '../../../support/contracts.js';
import { PublishHarness } from '../../../support/publish-harness.js';
import { FakeRegistry } from './fake-registry.js';

const SUBJECT = 'notes-notes.noted.v1';
const AVRO = JSON.stringify({ type: 'record', name: 'notes.Noted', fields: [{ name: 'id', type: 'string' }] });

let registry: FakeRegistry;

beforeEach(async () => {
  registry = await new FakeRegistry().start();
});

afterEach(async () => {
  await registry[Symbol.asyncDispose]();
});

function serde(options: Partial<RegistrySerdeOptions> = {}): ValueSerde {
  const telemetry = new Telemetry({ clock: systemClock, logger: silentLogger, options: telemetrySchema().parse({}) });
  const option = registrySerde({ url: registry.url, ...options });
  return makeSerde(option, { clock: systemClock, telemetry })!;
}

async function codeOf(work: unknown): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
  return 'no error';
}

describe('what is asked', () => {
  it('is asked once, however many events there are at once and later', async () => {
    const writing = serde({ mode: 'register' });
    const values = await Promise.all(
      Array.from({ length: 20 }, async (_, id) => writing.encode(Noted, { id: String(id) })),
    );
    expect(registry.asked).toEqual([
      `POST /subjects/${SUBJECT}`,
      `POST /subjects/${SUBJECT}/versions`,
      'GET /schemas/ids/1',
    ]);
    const later = writing.encode(Noted, { id: 'later' });
    expect(later).toBeInstanceOf(Buffer); // at once
    expect(await writing.decode(Noted, later as Buffer)).toEqual({ id: 'later' });
    expect(registry.requests).toHaveLength(3);

    const reading = serde();
    await Promise.all(values.map((value) => reading.decode(Noted, value)));
    expect(registry.requests).toHaveLength(4);
    expect(reading.decode(Noted, values[0]!)).toEqual({ id: '0' }); // at once
    expect(registry.requests).toHaveLength(4);
  });

  it('does not change a registry that it may only read', async () => {
    const reading = serde();
    expect(await codeOf(reading.encode(Noted, { id: '1' }))).toBe('SCHEMA_NOT_REGISTERED');
    expect(await codeOf(reading.encode(Noted, { id: '2' }))).toBe('SCHEMA_NOT_REGISTERED');
    expect(registry.asked).toEqual([`POST /subjects/${SUBJECT}`]);
    expect(registry.kept).toEqual([]);
  });

  it('is the newest schema once, too', async () => {
    registry.register(SUBJECT, '{"title":"notes.noted.v1"}');
    const id = registry.register(SUBJECT, '{"title":"notes.noted.v1","type":"object"}');
    const latest = serde({ mode: 'latest' });
    for (const name of ['1', '2']) expect((await latest.encode(Noted, { id: name })).readUInt32BE(1)).toBe(id);
    expect(registry.asked).toEqual([
      `GET /subjects/${SUBJECT}/versions/latest`,
      `POST /compatibility/subjects/${SUBJECT}/versions/latest`,
    ]);
  });

  it('is no newest schema that nobody vouches for', async () => {
    registry.register(SUBJECT, '{"title":"notes.noted.v1"}');
    registry.compares = false;
    expect(await codeOf(serde({ mode: 'latest' }).encode(Noted, { id: '1' }))).toBe('SCHEMA_NOT_REGISTERED');
  });

  it('is an id that nobody knows once, and no id where the value is not framed', async () => {
    const reading = serde();
    const value = Buffer.from([0, 0, 0, 0, 9, 0x7b, 0x7d]);
    expect(await codeOf(reading.decode(Noted, value))).toBe('SCHEMA_UNKNOWN');
    expect(await codeOf(reading.decode(Noted, value))).toBe('SCHEMA_UNKNOWN');
    expect(registry.asked).toEqual(['GET /schemas/ids/9']);
    for (const bytes of [[], [0], [0, 0, 0, 9], [1, 0, 0, 0, 9, 0x7b, 0x7d], [0x7b, 0x7d, 0, 0, 0]])
      expect(() => reading.decode(Noted, Buffer.from(bytes))).toThrow(
        expect.objectContaining({ code: 'PAYLOAD_MALFORMED' }),
      );
    expect(registry.requests).toHaveLength(1);
  });

  it('happens at the start for the contracts that are listed', async () => {
    await serde({ mode: 'register', contracts: [{ contract: Noted, avro: AVRO }, Whispered] }).start?.();
    expect([...registry.subjects.keys()].sort()).toEqual(['notes-notes.Noted', 'notes-notes.whispered.v1']);
    await registry[Symbol.asyncDispose]();
    registry = await new FakeRegistry().start();
    expect(await codeOf(serde({ contracts: [Noted] }).start?.())).toBe('SCHEMA_NOT_REGISTERED');
    expect(await codeOf(serde().start?.())).toBe('no error');
  });
});

it('the text of a contract is that of its copies too', async () => {
  const copy = Object.assign(Object.create(Noted) as typeof Noted, {});
  await serde({ mode: 'register', contracts: [{ contract: Noted, avro: AVRO }] }).encode(copy, { id: '1' });
  expect(registry.kept).toEqual([{ schema: AVRO, schemaType: 'AVRO' }]);
});

describe('subjects', () => {
  it.each([
    ['topic', 'notes-value'],
    ['record', 'notes.noted.v1'],
    ['topic-record', SUBJECT],
    [({ type }: { type: string }) => `my ${type}`, 'my notes.noted'],
  ] as const)('are named by the strategy %s', async (subject, expected) => {
    await serde({ mode: 'register', subject }).encode(Noted, { id: '1' });
    expect([...registry.subjects.keys()]).toEqual([expected]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('secret');
      },
    ],
    ['gives nothing', () => ''],
    ['gives no text', () => 5 as never],
    ['gives a line break', () => 'a\nb'],
  ])('by a function that %s are refused', async (_, subject) => {
    expect(await codeOf(serde({ subject }).encode(Noted, { id: '1' }))).toBe('INVALID_CONTRACT');
    expect(registry.requests).toEqual([]);
  });
});

describe('a registry with another schema under the id', () => {
  it.each([
    ['of another format', { schema: AVRO }],
    ['of another event', { schemaType: 'JSON', schema: '{"title":"notes.other.v1"}' }],
    ['of the same event', { schemaType: 'JSON', schema: '{"title":"notes.noted.v1","type":"object"}' }],
  ])('%s: nothing is published under it', async (_, body) => {
    const harness = new PublishHarness({}, serde({ mode: 'register' }));
    registry.override = () =>
      registry.asked.at(-1) === 'GET /schemas/ids/7' ? { status: 200, body } : { status: 200, body: { id: 7 } };
    expect(await harness.ending({ id: '1' })).toBe('SCHEMA_MISMATCH');
    registry.override = undefined;
    expect(await harness.ending({ id: '2' })).toBe('SCHEMA_MISMATCH');
    expect(harness.producer.taken).toEqual([]);
  });

  it('none at all, or nonsense: neither', async () => {
    for (const [body, code] of [
      [{ status: 404, body: { error_code: 40403 } }, 'SCHEMA_MISMATCH'],
      [{ status: 200, body: { schema: 5 } }, 'SCHEMA_REGISTRY_AWAY'],
    ] as const) {
      const harness = new PublishHarness({}, serde({ mode: 'register', timeoutMs: 200 }));
      registry.override = () =>
        registry.asked.at(-1) === 'GET /schemas/ids/7' ? body : { status: 200, body: { id: 7 } };
      expect(await harness.ending({ id: '1' })).toBe(code);
      expect(harness.producer.taken).toEqual([]);
    }
  });
});

describe('what one record names', () => {
  const AVRO_ID = Buffer.from([0, 0, 0, 0, 1, 2, 0x78]);
  const dangling = { name: 'gone.Other', subject: 'gone', version: 1 };
  const record = { type: 'record', name: 'notes.Noted', fields: [{ name: 'other', type: 'gone.Other' }] };

  it.each([0x8000_0000, 0xffff_ffff])('is not asked for where no registry can have the id %d', async (id) => {
    const value = Buffer.from([0, 0, 0, 0, 0, 0x7b, 0x7d]);
    value.writeUInt32BE(id, 1);
    expect(await codeOf((async () => serde().decode(Noted, value))())).toBe('SCHEMA_UNKNOWN');
    expect(registry.requests).toEqual([]);
  });

  it('is unknown where the schema refers to one that is gone, and found once that is back', async () => {
    registry.register('old', JSON.stringify(record), 'AVRO', [dangling]);
    const values = serde({ mode: 'register', contracts: [{ contract: Noted, avro: AVRO }] });
    expect(await codeOf(values.decode(Noted, AVRO_ID))).toBe('SCHEMA_UNKNOWN');
    expect(await codeOf(values.decode(Noted, AVRO_ID))).toBe('SCHEMA_UNKNOWN');
    expect(registry.asked).toEqual(['GET /schemas/ids/1', 'GET /subjects/gone/versions/1']);
    expect(await codeOf(values.encode(Whispered, { id: '1' }))).toBe('no error');
  });

  it('fails alone where the registry has no answer for it', async () => {
    registry.failsAt = '/schemas/ids/9';
    const values = serde({ mode: 'register' });
    expect(await codeOf(values.decode(Noted, Buffer.from([0, 0, 0, 0, 9, 0x7b, 0x7d])))).toBe('SCHEMA_REGISTRY_AWAY');
    expect(await codeOf(values.encode(Whispered, { id: '1' }))).toBe('no error');
  });
});

describe('a value', () => {
  /** Until so many were handed to the broker, whose answer nobody waits for. */
  const taken = async (harness: PublishHarness, ids: string[]): Promise<void> =>
    expect.poll(() => harness.takenIds).toEqual(ids.map((id) => `acme:${id}`));

  it('is framed before it is sealed', async () => {
    const harness = new PublishHarness({}, serde({ mode: 'register' }));
    void harness.publish({ id: '1', note: 'n' }, { contract: Whispered });
    await taken(harness, ['1']);
    expect(harness.producer.taken[0]?.value?.toString('latin1')).toBe('sealed:\0\0\0\0\x01{"id":"1","note":"n"}');
  });

  it('threat 61: is nowhere but in its frame', async () => {
    const release = vi.spyOn(jsonSerde, 'release');
    const value = await serde({ mode: 'register' }).encode(Whispered, { id: '4711' });
    expect(value.subarray(5).toString()).toBe('{"id":"4711"}');
    expect(value.byteOffset).toBe(0);
    expect(value.buffer.byteLength).toBe(value.length);
    const bytes = release.mock.calls.map(([, given]) => given);
    expect(bytes.map(({ length }) => length)).toEqual([value.length - 5]);
    expect(bytes.every((given) => given.every((byte) => byte === 0))).toBe(true);
  });

  it('goes out in order though the first of them waits for its schema', async () => {
    const harness = new PublishHarness({}, serde({ mode: 'register' }));
    for (const id of ['1', '2', '3']) void harness.publish({ id });
    await taken(harness, ['1', '2', '3']);
    void harness.publish({ id: '4' });
    await taken(harness, ['1', '2', '3', '4']);
  });

  it('fails while the registry hangs, and the next goes out once it is back', async () => {
    const values = serde({ mode: 'register', timeoutMs: 50 });
    const harness = new PublishHarness({}, values);
    registry.override = () => undefined;
    const endings = await Promise.all([harness.ending({ id: '1' }), harness.ending({ id: '2' })]);
    expect(endings).toEqual(['SCHEMA_REGISTRY_AWAY', 'SCHEMA_REGISTRY_AWAY']);
    registry.override = undefined;
    await expect.poll(() => codeOf(values.encode(Noted, { id: 'any' })), { timeout: 10_000 }).toBe('no error');
    void harness.publish({ id: '3' });
    await taken(harness, ['3']);
  });

  it('of a contract that seals single fields is refused', async () => {
    const harness = new PublishHarness({}, serde({ mode: 'register' }));
    expect(await harness.ending({ id: '1' }, { contract: Lettered })).toBe('INVALID_CONTRACT');
    expect(registry.requests).toEqual([]);
  });
});

describe('options', () => {
  const url = 'https://registry.example:8081';

  it.each<[string, object, string]>([
    ['no url', { url: undefined }, 'url'],
    ['a url of something else', { url: 'ftp://registry.example' }, 'url'],
    ['credentials in the url', { url: 'https://user:secret4711@registry.example' }, 'url'],
    ['a query', { url: `${url}?a=b` }, 'url'],
    ['credentials in the clear', { url: 'http://registry.example', auth: { token: 'secret4711' } }, 'auth'],
    ['half a login', { auth: { username: 'secret4711' } }, 'auth'],
    ['an unknown mode', { mode: 'write' }, 'mode'],
    ['an unknown strategy', { subject: 'value' }, 'subject'],
    ['no contract', { contracts: [{}] }, 'contracts.0'],
    ['a contract with two texts', { contracts: [{ contract: Noted, avro: AVRO, json: '{}' }] }, 'contracts.0'],
    ['a contract with no text', { contracts: [{ contract: Noted }] }, 'contracts.0'],
    ['a time-out of nothing', { timeoutMs: 0 }, 'timeoutMs'],
    ['what is no option', { retries: 5 }, 'retries'],
  ])('threat 37: refuse %s, without a word of it', (_, change, path) => {
    const make = (): unknown => registrySerde({ url, ...change });
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS', message: expect.stringContaining(path) }));
    expect(make).toThrow(expect.not.stringContaining('4711'));
  });

  it('take http on this machine, and elsewhere without credentials', () => {
    expect(registrySerde({ url: 'http://localhost:8081/apis', auth: { token: 't' } })).toBeDefined();
    expect(registrySerde({ url: 'http://registry.internal:8081' })).toBeDefined();
  });

  it('refuse contracts that cannot stand beside each other', () => {
    const twin = Object.assign(Object.create(Noted) as typeof Noted, {});
    expect(() => registrySerde({ url, contracts: [Noted, twin] })).toThrow(
      expect.objectContaining({ code: 'CONTRACT_CONFLICT' }),
    );
  });
});
