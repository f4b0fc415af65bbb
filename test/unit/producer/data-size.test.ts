import { expect, it } from 'vitest';
import { dataSizeBytes } from '../../../src/producer/data-size.js';

it.each<[string, unknown]>([
  ['a record', { id: 'some id', tags: ['a', 'b'], nested: { n: 1.5, ok: true, none: null } }],
  ['many members', Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`member ${n}`, n]))],
  ['a long text', 'x'.repeat(100_000)],
])('%s has at least as much as its JSON, and not many times that', (_, data) => {
  const json = JSON.stringify(data).length;
  expect(dataSizeBytes(data)).toBeGreaterThanOrEqual(json - 2);
  expect(dataSizeBytes(data)).toBeLessThan(5 * json);
});

it('bytes have as many as they are', () => {
  expect(dataSizeBytes(Buffer.alloc(10_000))).toBe(10_000);
});

it('what refers to itself or cannot be read comes to an end', () => {
  const self: Record<string, unknown> = { note: 'x'.repeat(1_000) };
  self['self'] = self;
  expect(dataSizeBytes(self)).toBeLessThan(2_000);
  const unreadable = {
    get id() {
      throw new Error('no');
    },
  };
  expect(dataSizeBytes(unreadable)).toBe(0);
});
