// Avro and Protobuf as the package writes and reads them, with what it leaves out, rounds or lets through.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent } from '../../../../src/contract/define-event.js';
import type { AnyEventContract } from '../../../../src/contract/event-contract.js';
import { avroFormat } from '../../../../src/integrations/registry/avro-format.js';
import type { ContractFormat } from '../../../../src/integrations/registry/contract-format.js';
import { jsonFormat } from '../../../../src/integrations/registry/json-format.js';
import { protobufFormat } from '../../../../src/integrations/registry/protobuf-format.js';
import { RegistryFailure } from '../../../../src/serde/registry/registry-http.js';
import type { SchemaText } from '../../../../src/serde/registry/schema-text.js';
import { Noted } from '../../../support/contracts.js';

const none = (): Promise<unknown> => Promise.reject(new Error('no reference is asked for'));

const Mapped: AnyEventContract = defineEvent({
  type: 'notes.mapped',
  version: 1,
  topic: 'notes',
  schema: z.object({ id: z.string(), map: z.record(z.string(), z.object({ a: z.string() })) }),
  aggregateId: ({ id }) => id,
  protection: 'none',
});

function avro(...fields: object[]): string {
  return JSON.stringify({ type: 'record', name: 'Noted', namespace: 'notes', fields });
}

function text(
  schemaType: SchemaText['schemaType'],
  schema: string,
  references: SchemaText['references'] = [],
): SchemaText {
  return { schemaType, schema, references };
}

async function io(format: ContractFormat) {
  const write = await format.writer(format.own);
  const read = await format.reader(format.own);
  if (write === undefined || read === undefined) throw new Error('the format does not take its own schema');
  return { write, read };
}

function codeOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

const ID = { name: 'id', type: 'string' };
const NOTE = { name: 'note', type: ['null', 'string'], default: null };

describe('Avro', () => {
  it('gives back what was written, as plain data', async () => {
    const { write, read } = await io(await avroFormat(Noted, avro(ID, NOTE), none));
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.option(fc.string({ unit: 'binary' })), (id, note) => {
        expect(read(write({ id, note }))).toStrictEqual({ id, note });
      }),
    );
  });

  it.each([
    ['a field that its schema does not name', { id: 'a', note: null, more: 1 }],
    ['a value of another type', { id: 7, note: null }],
    ['a field that would come back as its default', { id: 'a' }],
  ])('refuses to write %s', async (_, value) => {
    const { write } = await io(await avroFormat(Noted, avro(ID, NOTE), none));
    expect(codeOf(() => write(value))).toBe('NOT_SERIALIZABLE');
  });

  it('threat 37: quotes no value where it refuses', async () => {
    const { write, read } = await io(await avroFormat(Noted, avro(ID), none));
    expect(() => write({ id: { secret: 4711 } })).toThrow(expect.not.stringContaining('4711'));
    expect(() => read(Buffer.from('secret 4711'))).toThrow(expect.not.stringContaining('secret'));
  });

  it.each([
    ['cut', (bytes: Buffer) => bytes.subarray(0, -1)],
    ['too long', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from([0])])],
    ['empty', () => Buffer.alloc(0)],
  ])('refuses to read what is %s', async (_, change) => {
    const { write, read } = await io(await avroFormat(Noted, avro(ID, NOTE), none));
    const bytes = write({ id: 'a', note: 'b' });
    expect(codeOf(() => read(change(bytes)))).toBe('PAYLOAD_MALFORMED');
  });

  it('threat 38: refuses a map whose key would become its prototype', async () => {
    const values = { type: 'record', name: 'A', fields: [{ name: 'a', type: 'string' }] };
    const format = await avroFormat(Mapped, avro(ID, { name: 'map', type: { type: 'map', values } }), none);
    const { read } = await io(format);
    const key = Buffer.from('__proto__');
    const forged = Buffer.concat([Buffer.from([2, 0x78, 2, key.length * 2]), key, Buffer.from([2, 0x79, 0])]);
    expect(codeOf(() => read(forged))).toBe('PAYLOAD_MALFORMED');
    const harmless = Buffer.from(forged);
    harmless.write('xxproto__', 4);
    expect(read(harmless)).toEqual({ id: 'x', map: { xxproto__: { a: 'y' } } });
  });

  it('reads what was written under an older or newer schema, and takes no other record for its own', async () => {
    const older = await avroFormat(Noted, avro(ID), none);
    const newer = await avroFormat(Noted, avro(ID, NOTE, { name: 'more', type: 'int', default: 0 }), none);
    const format = await avroFormat(Noted, avro(ID, NOTE), none);
    const [writeOlder, writeNewer] = [(await io(older)).write, (await io(newer)).write];
    expect((await format.reader(older.own))?.(writeOlder({ id: 'a' }))).toEqual({ id: 'a', note: null });
    expect((await format.reader(newer.own))?.(writeNewer({ id: 'a', note: 'n', more: 5 }))).toEqual({
      id: 'a',
      note: 'n',
    });
    const other = text('AVRO', avro(ID, NOTE).replace('"Noted"', '"Other"'));
    for (const wrong of [other, text('AVRO', 'nonsense'), text('JSON', '{}'), text('PROTOBUF', 'message Noted {}')]) {
      expect(await format.reader(wrong)).toBeUndefined();
      expect(await format.isOwn(wrong)).toBe(false);
    }
    expect(await format.isOwn(text('AVRO', JSON.stringify(JSON.parse(avro(ID, NOTE)), undefined, 2)))).toBe(true);
    expect(await format.isOwn(newer.own)).toBe(false);
  });

  it('follows the references of what is registered', async () => {
    const values = { type: 'record', name: 'notes.A', fields: [{ name: 'a', type: 'string' }] };
    const own = avro(ID, { name: 'map', type: { type: 'map', values } });
    const split = avro(ID, { name: 'map', type: { type: 'map', values: 'notes.A' } });
    const asked: string[] = [];
    const format = await avroFormat(Mapped, own, (path) => {
      asked.push(path);
      return Promise.resolve({ schema: JSON.stringify(values) });
    });
    const referring = text('AVRO', split, [{ name: 'notes.A', subject: 'a/b', version: 3 }]);
    const { write } = await io(format);
    expect((await format.reader(referring))?.(write({ id: 'x', map: {} }))).toEqual({ id: 'x', map: {} });
    expect(asked).toEqual([expect.stringContaining('/subjects/a%2Fb/versions/3')]);
    const away = await avroFormat(Mapped, own, () => Promise.reject(new RegistryFailure('away', 'timeout')));
    await expect(away.reader(referring)).rejects.toThrow(RegistryFailure);
  });

  it.each(['nonsense', '"string"', '{"type":"record","fields":[]}'])('refuses the text %s', async (schema) => {
    await expect(avroFormat(Noted, schema, none)).rejects.toMatchObject({
      code: 'INVALID_CONTRACT',
      message: expect.stringContaining('notes.noted.v1'),
    });
  });
});

const PROTO = `syntax = "proto3"; package notes;
message Noted { string id = 1; optional string note = 2; int32 count = 3; float ratio = 4; Kind kind = 5;
  map<string, string> map = 6; Inner inner = 7; int64 big = 8;
  message Inner { repeated string list = 1; } }
enum Kind { SHORT = 0; LONG = 1; }`;
const FULL = { id: 'a', count: 1, ratio: 0.5, kind: 'LONG', map: { k: 'v' }, big: '9223372036854775807' };

describe('Protobuf', () => {
  it.each([
    ['without what is optional', FULL],
    ['with it', { ...FULL, note: '', inner: { list: ['x', ''] } }],
    ['of zeros', { ...FULL, id: '', count: 0, ratio: 0, kind: 'SHORT', map: {}, big: '0', inner: { list: [] } }],
  ])('gives back what was written %s', async (_, value) => {
    const { write, read } = await io(await protobufFormat(Noted, PROTO, none));
    const bytes = write(value);
    expect(bytes[0]).toBe(0);
    expect(read(bytes)).toStrictEqual(value);
  });

  it.each([
    ['a field that its schema does not name', { more: 1 }],
    ['text where a number belongs', { count: 'seven' }],
    ['a number that is no integer', { count: 1.5 }],
    ['a number that is rounded', { ratio: 0.1 }],
    ['a name that the enum does not have', { kind: 'NONE' }],
    ['a 64-bit integer as a number', { big: 5 }],
    ['nothing where there is always something', { id: undefined }],
    ['null', { inner: null }],
  ])('refuses to write %s', async (_, change) => {
    const { write } = await io(await protobufFormat(Noted, PROTO, none));
    expect(codeOf(() => write({ ...FULL, ...change }))).toBe('NOT_SERIALIZABLE');
  });

  it('reads the index of its message in both forms, and no other message', async () => {
    const { write, read } = await io(await protobufFormat(Noted, PROTO, none));
    const message = write(FULL).subarray(1);
    const with_ = (...index: number[]): Buffer => Buffer.concat([Buffer.from(index), message]);
    expect(read(with_(0))).toEqual(FULL);
    expect(read(with_(2, 0))).toEqual(FULL);
    for (const wrong of [with_(), with_(2, 2), with_(4, 0, 0), Buffer.alloc(0)])
      expect(codeOf(() => read(wrong))).toBe('PAYLOAD_MALFORMED');
    expect(codeOf(() => read(with_(0).subarray(0, -1)))).toBe('PAYLOAD_MALFORMED');
  });

  it('threat 38: refuses a map with a key that could reach a prototype', async () => {
    const { write, read } = await io(await protobufFormat(Noted, PROTO, none));
    const harmless = write({ ...FULL, map: { xxproto__: 'v' } });
    const forged = Buffer.from(harmless.toString('latin1').replace('xxproto__', '__proto__'), 'latin1');
    expect(codeOf(() => read(forged))).toBe('PAYLOAD_MALFORMED');
  });

  it('reads what was written under a newer schema of its message, by the numbers of fields', async () => {
    const newer = PROTO.replace('string id = 1;', 'string ident = 1; string more = 9;');
    const writer = await protobufFormat(Noted, newer, none);
    const format = await protobufFormat(Noted, PROTO, none);
    const { id, ...rest } = FULL;
    const bytes = (await io(writer)).write({ ...rest, ident: id, more: 'm' });
    expect((await format.reader(writer.own))?.(bytes)).toEqual(FULL);
    expect(await format.isOwn(writer.own)).toBe(false);
    expect(await format.isOwn(text('PROTOBUF', PROTO.replaceAll('\n', '\n\n')))).toBe(true);
    const other = text('PROTOBUF', PROTO.replace('message Noted', 'message Other'));
    for (const wrong of [other, text('PROTOBUF', 'nonsense'), text('JSON', '{}')])
      expect(await format.reader(wrong)).toBeUndefined();
  });

  it.each(['nonsense', 'syntax = "proto3"; enum Kind { A = 0; } message Noted { string id = 1; }'])(
    'refuses the text %s',
    async (schema) => {
      await expect(protobufFormat(Noted, schema, none)).rejects.toMatchObject({ code: 'INVALID_CONTRACT' });
    },
  );
});

describe('JSON', () => {
  it('takes a schema of any text that says the same for its own, and of another event for none', async () => {
    const format = jsonFormat(Noted, undefined);
    const { title, ...rest } = JSON.parse(format.own.schema) as { title: string };
    expect(await format.isOwn(text('JSON', JSON.stringify({ title, ...rest }, undefined, 2)))).toBe(true);
    const changed = { ...rest, title, required: [] };
    expect(await format.isOwn(text('JSON', JSON.stringify(changed)))).toBe(false);
    for (const readable of [changed, { ...rest }])
      expect(await format.reader(text('JSON', JSON.stringify(readable)))).toBeDefined();
    for (const wrong of [text('JSON', '{"title":"notes.other.v1"}'), text('AVRO', format.own.schema)]) {
      expect(await format.reader(wrong)).toBeUndefined();
      expect(await format.writer(wrong)).toBeUndefined();
    }
  });
});
