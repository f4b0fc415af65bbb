import { expect, it } from 'vitest';
import { deferred } from '../../../src/core/deferred.js';

it('settles its promise from outside, once', async () => {
  const first = deferred<number>();
  first.resolve(1);
  first.reject(new Error('too late'));
  await expect(first.promise).resolves.toBe(1);
  const second = deferred<number>();
  second.reject(new Error('no'));
  await expect(second.promise).rejects.toThrow('no');
});
