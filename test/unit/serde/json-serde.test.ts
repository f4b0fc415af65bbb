import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent } from '../../../src/contract/define-event.js';
import { isTenantryError, type TenantryError } from '../../../src/core/errors.js';
import { jsonSerde } from '../../../src/serde/json-serde.js';

const SECRET = 'secret-4711';
const contract = defineEvent({
  type: 'orders.placed',
  version: 1,
  topic: 'orders',
  schema: z.unknown(),
  aggregateId: () => 'o1',
  protection: 'none',
});

function errorOf(work: () => unknown): TenantryError {
  try {
    work();
  } catch (error) {
    if (isTenantryError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function printed(error: TenantryError): string {
  return JSON.stringify([error.message, error.stack, error.cause, error]);
}

const decodeText = (text: string): unknown => jsonSerde.decode(contract, Buffer.from(text));

describe('jsonSerde.encode', () => {
  it('writes JSON in UTF-8', () => {
    expect(jsonSerde.encode(contract, { name: 'Ünïcode 🚀', list: [1, null] }).toString('utf8')).toBe(
      '{"name":"Ünïcode 🚀","list":[1,null]}',
    );
  });

  it('threat 61: writes what will be sealed where nothing else is written', () => {
    const sealed = defineEvent({
      type: 'orders.placed',
      version: 2,
      topic: 'orders',
      schema: z.unknown(),
      aggregateId: () => 'o1',
      protection: 'confidential',
    });
    const bytes = jsonSerde.encode(sealed, { a: 'ü' });
    expect(bytes.toString('utf8')).toBe('{"a":"ü"}');
    expect(bytes.buffer).not.toBe(Buffer.from('an application').buffer);
    expect(bytes.buffer).not.toBe(jsonSerde.encode(contract, { a: 'ü' }).buffer);
  });

  it('threat 61: writes nothing into the pool of Buffer, which applications have Buffers of', () => {
    const bytes = jsonSerde.encode(contract, { a: 'ü' });
    expect(bytes.buffer).not.toBe(Buffer.from('an application').buffer);
  });

  it('threat 40: null is a value of four bytes, not a tombstone', () => {
    expect(jsonSerde.encode(contract, null)).toEqual(Buffer.from('null'));
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['a function', () => SECRET],
    ['a symbol', Symbol(SECRET)],
    ['a bigint', { [SECRET]: 1n }],
    ['a value that refers to itself', selfReferring()],
    ['a value nested too deeply', nested(200_000)],
    [
      'a toJSON that throws',
      {
        toJSON: () => {
          throw new Error(SECRET);
        },
      },
    ],
    ['an own __proto__', { list: [JSON.parse(`{"__proto__":{"${SECRET}":1}}`) as unknown] }],
    ['a constructor with a prototype', { constructor: { prototype: { [SECRET]: 1 } } }],
  ])('threat 37: refuses %s, and says nothing of the data', (_, value) => {
    const error = errorOf(() => jsonSerde.encode(contract, value));
    expect(error.code).toBe('NOT_SERIALIZABLE');
    expect(error.message).toContain('orders.placed.v1');
    expect(printed(error)).not.toContain(SECRET);
  });

  it('takes text that only looks forbidden', () => {
    const value = { note: '"__proto__": constructor \\u005f prototype', constructor: 'Gaudí', prototype: { a: 1 } };
    expect(jsonSerde.decode(contract, jsonSerde.encode(contract, value))).toEqual(value);
  });
});

describe('jsonSerde.decode', () => {
  it('threat 40: tells an empty payload from null', () => {
    expect(errorOf(() => decodeText('')).code).toBe('PAYLOAD_MALFORMED');
    expect(decodeText('null')).toBeNull();
  });

  it.each<[string, Buffer]>([
    ['text', Buffer.from(SECRET)],
    ['JSON cut short', Buffer.from(`{"${SECRET}":`)],
    ['JSON with something behind it', Buffer.from(`{} ${SECRET}`)],
    ['JSON behind a byte order mark', Buffer.from('\ufeff{}')],
    ['UTF-16', Buffer.from('{}', 'utf16le')],
    ['bytes that are no UTF-8', Buffer.concat([Buffer.from('"'), Buffer.from([0xff, 0xc0]), Buffer.from('"')])],
    ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
  ])('threat 39: refuses %s without a word of it', (_, bytes) => {
    const error = errorOf(() => jsonSerde.decode(contract, bytes));
    expect(error.code).toBe('PAYLOAD_MALFORMED');
    expect(printed(error)).not.toContain(SECRET);
  });

  it.each([
    '{"__proto__":{"admin":true}}',
    '{"__proto__":1}',
    '[[{"a":{"__proto__":null}}]]',
    '{"\\u005f_proto__":{}}',
    '{"\\u005F\\u005f\\u0070roto__":{}}',
    '{"constructor":{"prototype":{"admin":true}}}',
    '{"a":[{"constructor":{"prototype":1}}]}',
    '{"\\u0063onstructor":{"prototype":{}}}',
    '{"constructor":{"\\u0070rototype":{}}}',
    `${'['.repeat(100_000)}{"__proto__":{}}${']'.repeat(100_000)}`,
  ])('threat 38: refuses %.50s, and no prototype is touched', (text) => {
    expect(errorOf(() => decodeText(text)).code).toBe('PAYLOAD_MALFORMED');
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('threat 38: takes what only looks forbidden', () => {
    for (const text of [
      '{"note":"__proto__"}',
      '{"constructor":"Gaud\\u0069"}',
      '{"constructor":{"name":"x"}}',
      '{"constructor":["prototype"]}',
      '{"prototype":{"a":1}}',
      '"\\u005f_proto__"',
    ]) {
      expect(decodeText(text)).toEqual(JSON.parse(text));
    }
  });

  it('gives back what was encoded, whatever JSON it was', () => {
    const holdsForbidden = (value: unknown): boolean => /"__proto__":|"constructor":/.test(JSON.stringify(value));
    fc.assert(
      fc.property(
        fc.jsonValue().filter((value) => !holdsForbidden(value)),
        (value) => {
          const expected: unknown = JSON.parse(JSON.stringify(value));
          expect(jsonSerde.decode(contract, jsonSerde.encode(contract, value))).toEqual(expected);
        },
      ),
    );
  });

  it('threat 9: any bytes give a value or a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          jsonSerde.decode(contract, Buffer.from(bytes));
        } catch (error) {
          expect(isTenantryError(error, 'PAYLOAD_MALFORMED')).toBe(true);
        }
      }),
    );
  });
});

function selfReferring(): unknown {
  const value: Record<string, unknown> = { [SECRET]: 1 };
  value['self'] = value;
  return value;
}

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}
