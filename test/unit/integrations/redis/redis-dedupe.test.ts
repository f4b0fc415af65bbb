import { describe, expect, it, vi } from 'vitest';
import { redisDedupe } from '../../../../src/integrations/redis/index.js';

describe('redisDedupe', () => {
  it.each(['pSetEx', 'psetex'] as const)('speaks to a client with %s', async (command) => {
    const set = vi.fn(() => Promise.resolve('OK'));
    const exists = vi.fn(() => Promise.resolve(0));
    const store = redisDedupe({ client: { exists, [command]: set } as never, prefix: 'shop:' });
    expect(await store.has('k')).toBe(false);
    await store.mark('k', 5_000);
    expect(exists.mock.calls).toEqual([['shop:k']]);
    expect(set.mock.calls).toEqual([['shop:k', 5_000, '1']]);
  });

  it.each([1, '1'])('takes the answer %o for yes', async (answer) => {
    const client = { exists: () => Promise.resolve(answer), psetex: () => Promise.resolve() };
    expect(await redisDedupe({ client }).has('k')).toBe(true);
  });

  it('passes on what the client says of a failure', async () => {
    const away = (): Promise<never> => Promise.reject(new Error('away'));
    const store = redisDedupe({ client: { exists: away, pSetEx: away } });
    await expect(store.has('k')).rejects.toThrow('away');
    await expect(store.mark('k', 1_000)).rejects.toThrow('away');
  });

  it.each([{}, { client: {} }, { client: { exists: () => 1 } }, { client: null }])('refuses %o', (options) => {
    expect(() => redisDedupe(options as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
  });
});
