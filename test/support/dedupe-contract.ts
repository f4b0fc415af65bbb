import { describe, expect, it } from 'vitest';
import type { DedupeStore } from '../../src/api/dedupe.js';

/** What a dedupe store is tested on. */
export interface DedupeSubject {
  readonly name: string;
  /** An empty store. */
  readonly store: () => DedupeStore;
  /** Lets at least this time pass for the store. */
  readonly pass: (ms: number) => Promise<void>;
}

const KEY = 'Zm9yZ2V0LW1lLW5vdA-forget-me-not-0123456789';

/** What every dedupe store must do. */
export function dedupeContract({ name, store: emptyStore, pass }: DedupeSubject): void {
  describe(`a dedupe store: ${name}`, () => {
    it('has what was marked, and nothing else', async () => {
      const store = emptyStore();
      expect(await store.has(KEY)).toBe(false);
      await store.mark(KEY, 60_000);
      expect(await store.has(KEY)).toBe(true);
      expect(await store.has(`${KEY}x`)).toBe(false);
      expect(await store.has(KEY.toLowerCase())).toBe(false);
    });

    it('forgets a key when its time is over', async () => {
      const store = emptyStore();
      await store.mark(KEY, 20);
      await store.mark('other', 60_000);
      await pass(50);
      expect(await store.has(KEY)).toBe(false);
      expect(await store.has('other')).toBe(true);
      await store.mark(KEY, 60_000);
      expect(await store.has(KEY)).toBe(true);
    });

    it('gives a key that is marked again its time anew', async () => {
      const store = emptyStore();
      await store.mark(KEY, 20);
      await store.mark(KEY, 60_000);
      await pass(50);
      expect(await store.has(KEY)).toBe(true);
    });
  });
}
