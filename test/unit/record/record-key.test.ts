import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTenantryError } from '../../../src/core/errors.js';
import { isTenantId, parseTenantId } from '../../../src/core/tenant-id.js';
import { encodeRecordKey, parseRecordKey } from '../../../src/record/record-key.js';

const acme = parseTenantId('acme');
const bytes = (...parts: (string | number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string)));

const anyTenant = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/).map(parseTenantId);
const anyAggregate = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 200 })
  .filter((text) => Buffer.byteLength(text) <= 512);
/** Bytes that are nearly keys: the interesting ones among all. */
const nearlyKeys = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        bytes('acme'),
        bytes(':'),
        bytes('a'),
        bytes([0xef, 0xbb, 0xbf]),
        bytes([0]),
        bytes('é'),
        bytes('_'),
      ),
      fc.uint8Array({ maxLength: 3 }).map((part) => Buffer.from(part)),
    ),
    { maxLength: 30 },
  )
  .map((parts) => Buffer.concat(parts));

const TYPE = 'invoices.made.v1';

describe('encodeRecordKey', () => {
  it('joins tenant and aggregate', () => {
    expect(encodeRecordKey(acme, 'order-42', TYPE).toString()).toBe('acme:order-42');
  });

  it('threat 26: takes a colon, any other text and 512 bytes', () => {
    for (const id of [':', 'b:c', 'größe 🚀', '\0', 'x'.repeat(512), 'é'.repeat(256)]) {
      expect(parseRecordKey(encodeRecordKey(acme, id, TYPE))).toEqual({ tenantId: 'acme', aggregateId: id });
    }
  });

  it.each<[string, unknown]>([
    ['nothing', ''],
    ['513 bytes', 'x'.repeat(513)],
    ['513 bytes in 257 characters', `${'é'.repeat(256)}x`],
    ['a lone surrogate', 'order-\ud800'],
    ['a number', 42],
    ['undefined', undefined],
    ['null', null],
    ['an object', { toString: () => 'x' }],
  ])('threat 26: refuses %s and does not repeat it', (_, id) => {
    let caught: unknown;
    try {
      encodeRecordKey(acme, id, TYPE);
    } catch (error) {
      caught = error;
    }
    if (!isTenantryError(caught, 'INVALID_AGGREGATE_ID')) throw caught;
    expect(caught.message).not.toContain('order-');
    expect(caught.message).toMatch(/^event contract invoices\.made\.v1: an aggregate id must /);
    expect(caught.message.length).toBeLessThan(120);
  });
});

describe('parseRecordKey', () => {
  it('threat 17: a:b:c is aggregate b:c of tenant a', () => {
    expect(parseRecordKey(bytes('a:b:c'))).toEqual({ tenantId: 'a', aggregateId: 'b:c' });
  });

  it.each<[string, Buffer | null]>([
    ['no key', null],
    ['an empty key', bytes('')],
    ['no colon', bytes('acme')],
    ['no tenant', bytes(':o1')],
    ['no aggregate', bytes('a:')],
    ['only a colon', bytes(':')],
    ['a tenant of 64 characters', bytes(`${'a'.repeat(64)}:o1`)],
    ['an aggregate of 513 bytes', bytes(`a:${'x'.repeat(513)}`)],
    ['invalid UTF-8 in the aggregate', bytes('acme:', [0xff])],
    ['invalid UTF-8 in the tenant', bytes([0xff], 'acme:o1')],
    ['an overlong colon', bytes('acme', [0xc0, 0xba], 'o1')],
    ['a surrogate', bytes('acme:', [0xed, 0xa0, 0x80])],
    ['a full-width colon', bytes('acme：o1')],
    ['a tenant that is none', bytes('ac.me:o1')],
    ['a tenant with an umlaut', bytes('é:o1')],
    ['a line break behind the tenant', bytes('acme\n:o1')],
    ['NUL behind the tenant', bytes('acme\0:o1')],
    ['a tenant that begins with _', bytes('_:o1')],
  ])('threat 17: refuses %s', (_, key) => {
    expect(parseRecordKey(key)).toBeUndefined();
  });

  it('threat 61: a key with a byte order mark is nobody’s', () => {
    const key = bytes([0xef, 0xbb, 0xbf], 'acme:o1');
    expect(parseRecordKey(key)).toBeUndefined();
  });

  it('threat 17: names a tenant of the grammar or nobody, for any bytes', () => {
    fc.assert(
      fc.property(fc.oneof(nearlyKeys, fc.uint8Array({ maxLength: 100 })), (key) => {
        const parsed = parseRecordKey(key);
        expect(parsed === undefined || isTenantId(parsed.tenantId)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    expect(parseRecordKey(null)).toBeUndefined();
  });

  it('reads keys wherever their bytes lie', () => {
    fc.assert(
      fc.property(nearlyKeys, fc.nat(20), (key, offset) => {
        const slab = Buffer.concat([Buffer.alloc(offset, 'acme:'), key, Buffer.from(':acme')]);
        expect(parseRecordKey(slab.subarray(offset, offset + key.length))).toEqual(parseRecordKey(key));
        expect(parseRecordKey(new Uint8Array(key))).toEqual(parseRecordKey(key));
      }),
    );
  });

  it('reads back every key that can be written, and only that one', () => {
    fc.assert(
      fc.property(anyTenant, anyAggregate, (tenantId, aggregateId) => {
        expect(parseRecordKey(encodeRecordKey(tenantId, aggregateId, TYPE))).toEqual({ tenantId, aggregateId });
      }),
    );
  });

  it('what it reads encodes to the same bytes, so no two keys are one aggregate', () => {
    fc.assert(
      fc.property(nearlyKeys, (key) => {
        const parsed = parseRecordKey(key);
        if (parsed !== undefined) expect(encodeRecordKey(parsed.tenantId, parsed.aggregateId, TYPE)).toEqual(key);
      }),
      { numRuns: 2_000 },
    );
  });
});
