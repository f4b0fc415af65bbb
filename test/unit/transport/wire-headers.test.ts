import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DriverHeader } from '../../../src/transport/driver-types.js';
import { fromDriverHeaders, toDriverBytes, toDriverHeaders } from '../../../src/transport/wire-headers.js';

/** As the addon builds a received header: by assignment. */
function asReceived(name: string, value: Buffer): DriverHeader {
  const header: Record<string, Buffer> = {};
  header[name] = value;
  return header;
}

describe('headers of the client', () => {
  const name = fc.oneof(fc.constantFrom('__proto__', 'constructor', 'toString', '', '7'), fc.string());
  const header = fc.record({ name, value: fc.uint8Array().map((bytes) => Buffer.from(bytes)) });

  it('threat 18, 54: survive the way out under every name', () => {
    fc.assert(
      fc.property(fc.array(header), (headers) => {
        const sent = toDriverHeaders(headers);
        // The addon takes the first own property and reads it.
        const written = sent.map((one) => {
          const [key = ''] = Object.getOwnPropertyNames(one);
          return { name: key, value: one[key] };
        });
        expect(written).toEqual(headers);
      }),
    );
  });

  it('threat 18: are read under every name, in order and repeated', () => {
    fc.assert(
      fc.property(fc.array(header), (headers) => {
        expect(fromDriverHeaders(headers.map((one) => asReceived(one.name, one.value)))).toEqual(headers);
      }),
    );
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });

  it('are looked at before the client could write a record without them', () => {
    const wrong = [{ name: 'a', value: 'text' as unknown as Buffer }];
    expect(() => toDriverHeaders(wrong)).toThrow(TypeError);
  });

  it('may be absent', () => {
    expect(fromDriverHeaders(undefined)).toEqual([]);
  });
});

it('threat 40: empty bytes have an address, so that the client does not take them for none', () => {
  const empty = toDriverBytes(Buffer.alloc(0));
  expect(empty).toHaveLength(0);
  expect(empty.buffer.byteLength).toBeGreaterThan(0);
  expect(toDriverBytes(null)).toBeNull();
  const some = Buffer.from('x');
  expect(toDriverBytes(some)).toBe(some);
});
