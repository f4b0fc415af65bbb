import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent } from '../../../src/contract/define-event.js';
import type { AnyEventContract, SealedFields } from '../../../src/contract/event-contract.js';
import { isTenantryError } from '../../../src/core/errors.js';
import { jsonSerde } from '../../../src/serde/json-serde.js';
import { assertSealsFields, type ValueSerde } from '../../../src/serde/value-serde.js';

function contractOf(...fields: string[]): AnyEventContract & { readonly protection: SealedFields } {
  return defineEvent({
    type: 'orders.paid',
    version: 1,
    topic: 'orders',
    schema: z.unknown(),
    aggregateId: () => 'o1',
    protection: { fields },
  }) as AnyEventContract & { readonly protection: SealedFields };
}

const paid = contractOf('/card/number', '/iban');

function split(value: unknown, contract = paid): { readable: string; sealed: string } {
  const parts = jsonSerde.fields.split(contract, contract.protection, jsonSerde.encode(contract, value));
  return { readable: parts.readable.toString(), sealed: parts.sealed.toString() };
}

function join(readable: string, sealed: string, contract = paid): unknown {
  const parts = { readable: Buffer.from(readable), sealed: Buffer.from(sealed) };
  return jsonSerde.fields.join(contract, contract.protection, parts);
}

type JsonObject = Record<string, unknown>;

const isHolder = (node: unknown, name: string): node is object =>
  typeof node === 'object' && node !== null && Object.hasOwn(node, name);

/** What is expected, from a value that was parsed: each field is deleted where it is. */
function takenFromParsed(paths: readonly (readonly string[])[], value: unknown): { readable: string; sealed: string } {
  const rest = structuredClone(value);
  const taken: JsonObject = {};
  for (const names of paths) {
    const parent = names
      .slice(0, -1)
      .reduce<unknown>((node, name) => (isHolder(node, name) ? (node as JsonObject)[name] : undefined), rest);
    const last = names.at(-1)!;
    if (!isHolder(parent, last)) continue;
    taken[pointerOf(names)] = (parent as JsonObject)[last];
    Reflect.deleteProperty(parent, last);
  }
  return { readable: JSON.stringify(rest), sealed: JSON.stringify(taken) };
}

const pointerOf = (path: readonly string[]): string =>
  path.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect((error as Error).message).not.toContain('4111');
    return isTenantryError(error) ? error.code : 'untyped';
  }
  return 'no error';
}

describe('fields of a value', () => {
  it('leave it, and come back', () => {
    const value = { id: 'o1', card: { number: '4111', brand: 'V' }, iban: { country: 'DE' }, list: [{ iban: 'kept' }] };
    const { readable, sealed } = split(value);
    expect(readable).toBe('{"id":"o1","card":{"brand":"V"},"list":[{"iban":"kept"}]}');
    expect(sealed).toBe('{"/card/number":"4111","/iban":{"country":"DE"}}');
    expect(join(readable, sealed)).toEqual(value);
  });

  it.each([
    ['none of them', { id: 'o1' }, '{}'],
    ['a place without its field', { card: {} }, '{}'],
    ['a place that is null', { card: null }, '{}'],
    ['nothing at all', null, '{}'],
    ['fields that are null', { card: { number: null }, iban: null }, '{"/card/number":null,"/iban":null}'],
    ['a field that is undefined', { card: { number: undefined }, iban: 'x' }, '{"/iban":"x"}'],
    ['a field that is a list', { iban: ['a', 'b'] }, '{"/iban":["a","b"]}'],
  ])('may be absent, or anything: %s', (_, value, expected) => {
    const { readable, sealed } = split(value);
    expect(sealed).toBe(expected);
    expect(join(readable, sealed)).toEqual(JSON.parse(JSON.stringify(value)));
  });

  it.each([
    ['text', { card: '4111' }],
    ['a number', { card: 4111 }],
    ['a list', { card: [{ number: '4111' }] }],
    ['a list instead of the value', [{ iban: '4111' }]],
    ['text instead of the value', '4111'],
  ])('are refused where their place is %s, on both ways', (_, value) => {
    expect(codeOf(() => split(value))).toBe('SEALED_FIELDS_INVALID');
    expect(codeOf(() => join(JSON.stringify(value), '{}'))).toBe('SEALED_FIELDS_INVALID');
    expect(codeOf(() => join(JSON.stringify(value), '{"/iban":"x"}'))).toBe('SEALED_FIELDS_INVALID');
  });

  it.each([
    ['in the clear too', '{"card":{},"iban":"4111"}', '{"/iban":"4111"}'],
    ['in the clear only', '{"card":{"number":"4111"}}', '{"/iban":"x"}'],
    ['in the clear as null', '{"iban":null}', '{"/iban":"4111"}'],
    ['without its place', '{}', '{"/card/number":"4111"}'],
    ['where its place is null', '{"card":null}', '{"/card/number":"4111"}'],
    ['that the contract does not name', '{}', '{"/iban":"x","/id":"4111"}'],
    ['of another spelling', '{}', '{"iban":"4111"}'],
    ['that holds a named one', '{}', '{"/card":{"number":"4111"}}'],
    ['of __proto__', '{}', '{"/__proto__/polluted":"4111"}'],
    ['of a constructor', '{}', '{"/constructor/prototype/polluted":"4111"}'],
    ['of the entire value', '{}', '{"":"4111"}'],
    ['that are a list', '{}', '["4111"]'],
    ['that are null', '{}', 'null'],
    ['that are text', '{}', '"4111"'],
  ])('are refused: %s', (_, readable, sealed) => {
    expect(codeOf(() => join(readable, sealed))).toBe('SEALED_FIELDS_INVALID');
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('polluted');
  });

  it.each([
    ['no JSON in the seal', '{}', '4111-'],
    ['nothing in the seal', '{}', ''],
    ['no JSON outside', '4111-', '{}'],
    ['an own __proto__ in a field', '{}', '{"/iban":{"__proto__":{"polluted":1}}}'],
    ['an own __proto__ as a name', '{}', '{"__proto__":{"/iban":"4111"}}'],
    ['an own __proto__ outside', '{"__proto__":{"polluted":1}}', '{}'],
  ])('threat 38: are unreadable with %s', (_, readable, sealed) => {
    expect(codeOf(() => join(readable, sealed))).toBe('PAYLOAD_MALFORMED');
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('polluted');
  });

  it('named like members of an object are fields like others', () => {
    const contract = contractOf('/toString', '/hasOwnProperty/valueOf');
    expect(split({}, contract).sealed).toBe('{}');
    const value = { toString: 'a', hasOwnProperty: { valueOf: 'b' } };
    const { readable, sealed } = split(value, contract);
    expect(readable).toBe('{"hasOwnProperty":{}}');
    expect(join(readable, sealed, contract)).toEqual(value);
    expect(codeOf(() => join('{}', '{"/hasOwnProperty/valueOf":1}', contract))).toBe('SEALED_FIELDS_INVALID');
  });

  it('that a getter or toJSON brings forth leave as well', () => {
    const value = { toJSON: () => ({ iban: 'x', id: 'o1' }) };
    expect(split(value)).toEqual({ readable: '{"id":"o1"}', sealed: '{"/iban":"x"}' });
  });

  it('come back whatever the value is, and none stands in the clear', () => {
    const names = ['a', 'b', 'card', '', 'x/y', 'm~n', 'toString', 'a"b', 'c\\', 'é', '\u2028', '\n'];
    // No pointer leads through a name that an item of a list may have.
    const anyNames = [...names, '7'];
    const object = (leaf: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
      fc.dictionary(fc.constantFrom(...anyNames), leaf, { noNullPrototype: true });
    // What holds a forbidden key is refused before its fields are looked at.
    const json = fc.jsonValue({ maxDepth: 2 }).filter((value) => !/__proto__|constructor/.test(JSON.stringify(value)));
    const leaf = fc.oneof(json, object(fc.constantFrom('secret-4711', null, 1)));
    const paths = fc.uniqueArray(fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 2 }), {
      minLength: 1,
      maxLength: 4,
      comparator: (a, b) => a[0] === b[0] && (a.length === 1 || b.length === 1 || a[1] === b[1]),
    });
    fc.assert(
      fc.property(paths, object(fc.oneof(object(leaf), leaf)), (chosen, value) => {
        const contract = contractOf(...chosen.map(pointerOf));
        const plain = JSON.parse(JSON.stringify(value)) as unknown;
        let parts: { readable: string; sealed: string };
        try {
          parts = split(value, contract);
        } catch (error) {
          expect(isTenantryError(error, 'SEALED_FIELDS_INVALID')).toBe(true);
          return;
        }
        expect(parts).toEqual(takenFromParsed(chosen, plain));
        expect(join(parts.readable, parts.sealed, contract)).toEqual(plain);
        for (const [sealedPointer, field] of Object.entries(JSON.parse(parts.sealed) as object)) {
          expect(codeOf(() => join(JSON.stringify(plain), JSON.stringify({ [sealedPointer]: field }), contract))).toBe(
            'SEALED_FIELDS_INVALID',
          );
        }
      }),
      { numRuns: 800 },
    );
  });

  it('threat 61: are written where nothing readable is, and the whole value is overwritten', () => {
    // Memory that is not cleared may hold the text of this file, so the secret does not stand in it.
    const once = randomUUID();
    const whole = jsonSerde.encode(paid, { id: 'o'.repeat(100), iban: once });
    const { readable, sealed } = jsonSerde.fields.split(paid, paid.protection, whole);
    expect(readable.buffer).not.toBe(sealed.buffer);
    expect(Buffer.from(sealed.buffer).toString('latin1').split(once)).toHaveLength(2);
    expect(Buffer.from(readable.buffer).includes(once)).toBe(false);
    const next = sealed.byteOffset;
    jsonSerde.release(paid, readable);
    jsonSerde.release(paid, sealed);
    const again = jsonSerde.fields.split(paid, paid.protection, jsonSerde.encode(paid, { iban: 'y' }));
    expect([again.sealed.byteOffset, again.readable.byteOffset]).toEqual([next, readable.byteOffset]);
  });

  it.each([1, 600, 2_000, 2_100, 100_000])('may be of any size: %i characters', (size) => {
    const value = { id: 'ü'.repeat(size), card: { number: '\\"'.repeat(size), brand: ['V', { a: '}' }] }, n: [1, 2.5] };
    const { readable, sealed } = split(value);
    expect(readable).toBe(JSON.stringify({ ...value, card: { brand: value.card.brand } }));
    expect(sealed).toBe(JSON.stringify({ '/card/number': value.card.number }));
  });

  it.each([
    '{ "iban":"4111"}',
    '{"id":"o1", "iban":"4111"}',
    '{"iban":"4111"',
    '{"iban":"4111"}}',
    '{"iban',
    '{"card":{',
  ])('are not looked for in what JSON.stringify would not write: %s', (text) => {
    const bytes = Buffer.from(text);
    expect(codeOf(() => jsonSerde.fields.split(paid, paid.protection, bytes))).toBe('NOT_SERIALIZABLE');
    expect(bytes.every((byte) => byte === 0)).toBe(true);
  });

  it('are refused by a serde that cannot take them out', () => {
    const serde: ValueSerde = { encode: jsonSerde.encode, decode: jsonSerde.decode };
    expect(codeOf(() => assertSealsFields(serde, paid))).toBe('INVALID_CONTRACT');
    expect(codeOf(() => assertSealsFields(jsonSerde, paid))).toBe('no error');
  });
});
