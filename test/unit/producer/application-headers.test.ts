import { describe, expect, it } from 'vitest';
import { applicationHeaders, MAX_APPLICATION_HEADERS } from '../../../src/producer/application-headers.js';

const refused = (headers: unknown): unknown => {
  try {
    applicationHeaders(headers as Record<string, string>);
    return undefined;
  } catch (error) {
    return (error as { code: unknown }).code;
  }
};

describe('application headers', () => {
  it('are none where none are given', () => {
    expect(applicationHeaders(undefined)).toEqual([]);
    expect(applicationHeaders({})).toEqual([]);
  });

  it('keep their order, names and bytes', () => {
    expect(applicationHeaders({ b: 'ä', A: new Uint8Array([0, 255]), c: '' })).toEqual([
      { name: 'b', value: Buffer.from('ä') },
      { name: 'A', value: Buffer.from([0, 255]) },
      { name: 'c', value: Buffer.alloc(0) },
    ]);
  });

  it('are copied, so that a later change of the bytes is not sent', () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const [header] = applicationHeaders({ bytes });
    bytes[0] = 9;
    expect(header?.value).toEqual(Buffer.from([1, 2, 3]));
  });

  it('threat 18: are ordinary where they are named as a prototype is', () => {
    const named = JSON.parse('{"__proto__":"p","constructor":"c","toString":"t","hasOwnProperty":"h"}') as object;
    expect(
      applicationHeaders(named as Record<string, string>).map(({ name, value }) => [name, value.toString()]),
    ).toEqual([
      ['__proto__', 'p'],
      ['constructor', 'c'],
      ['toString', 't'],
      ['hasOwnProperty', 'h'],
    ]);
    expect(Object.hasOwn(Object.prototype, 'p')).toBe(false);
  });

  it.each([
    'tenant-id',
    'Tenant-ID',
    'event-type',
    'event-anything',
    'dlq-code',
    'retry-at',
    'ce_id',
    'CE_type',
    'tenantry-seal',
    'traceparent',
    'tracestate',
    'baggage',
    '',
    'with space',
    'new\nline',
    'nul\0',
    'ümlaut',
    'x'.repeat(129),
  ])('refuse the name %j', (name) => {
    expect(refused({ [name]: 'value' })).toBe('INVALID_HEADER');
  });

  it.each([
    ['a number', 1],
    ['a boolean', true],
    ['null', null],
    ['undefined', undefined],
    ['an array', ['a']],
    ['an object', {}],
    ['a lone surrogate', '\ud800'],
    ['an ArrayBuffer', new ArrayBuffer(1)],
  ])('refuse %s as a value, and do not repeat it', (_what, value) => {
    expect(refused({ name: value })).toBe('INVALID_HEADER');
  });

  it('are at most 64', () => {
    const many = (count: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`h${index}`, 'v']));
    expect(applicationHeaders(many(MAX_APPLICATION_HEADERS))).toHaveLength(64);
    expect(refused(many(MAX_APPLICATION_HEADERS + 1))).toBe('INVALID_HEADER');
  });
});
