import { expect, it } from 'vitest';
import { memoryDedupe, MemoryDedupe } from '../../../../src/consumer/handling/memory-dedupe.js';
import { VirtualClock } from '../../../../src/testing/virtual-clock.js';
import { dedupeContract } from '../../../support/dedupe-contract.js';

const clock = new VirtualClock();

dedupeContract({
  name: 'in memory',
  store: () => new MemoryDedupe(clock, 100),
  pass: (ms) => clock.advance(ms),
});

it('remembers as many keys as it may, and forgets the one that was used longest ago', () => {
  const store = new MemoryDedupe(clock, 3);
  for (const key of ['a', 'b', 'c']) store.mark(key, 1_000);
  store.has('a');
  store.mark('d', 1_000);
  expect(['a', 'b', 'c', 'd'].map((key) => store.has(key))).toEqual([true, false, true, true]);
});

it('runs on the clock of the machine', () => {
  const store = memoryDedupe();
  void store.mark('a', 60_000);
  expect([store.has('a'), store.has('b')]).toEqual([true, false]);
});

it.each([0, 1.5, 10_000_001, '5', null])('does not take %s for maxEntries', (maxEntries) => {
  expect(() => memoryDedupe({ maxEntries: maxEntries as number })).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTIONS' }),
  );
});
