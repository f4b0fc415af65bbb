import { expect, it, vi } from 'vitest';
import { azureKeyVault } from '../../../../src/integrations/azure-keyvault/index.js';
import { acme } from '../../encryption/fixtures.js';

const KEY_ID = `https://shop.managedhsm.azure.net/keys/tenant-acme/${'0'.repeat(32)}`;
const signal = new AbortController().signal;

it('threat 14: a blob of any other length than its own costs no call', async () => {
  const client = vi.fn();
  const service = azureKeyVault({ client, keys: { acme: KEY_ID } });
  expect(service.maxBlobBytes).toBe(60);
  for (const length of [0, 59, 61, 1016]) {
    const call = service.unwrapDataKey(acme, service.kekIds(acme)[0]!, Buffer.alloc(length), signal);
    await expect(call).rejects.toMatchObject({ kind: 'data-key-refused', message: 'malformed' });
  }
  expect(client).not.toHaveBeenCalled();
});

it.each([
  [{ result: Buffer.alloc(512) }, 'the ciphertext of an RSA key'],
  [{ result: Buffer.alloc(32), iv: Buffer.alloc(16), authenticationTag: Buffer.alloc(16) }, 'a nonce of 16 bytes'],
  [{ result: Buffer.alloc(32), iv: Buffer.alloc(12), authenticationTag: Buffer.alloc(4) }, 'a tag of 4 bytes'],
  [{ result: Buffer.alloc(16), iv: Buffer.alloc(12), authenticationTag: Buffer.alloc(16) }, 'half a data key'],
])('threat 10: takes nothing for a wrapped data key that is none: %#', async (answer, _what) => {
  const client = () => ({ encrypt: () => Promise.resolve(answer), decrypt: vi.fn() });
  const service = azureKeyVault({ client, keys: { acme: KEY_ID } });
  await expect(service.generateDataKey(acme, service.kekIds(acme)[0]!, signal)).rejects.toMatchObject({ kind: 'away' });
});

it('threat 37: a client that cannot be made is no answer, and its text stays in', async () => {
  const client = (): never => {
    throw new Error('hunter2');
  };
  const service = azureKeyVault({ client, keys: { acme: KEY_ID } });
  await expect(service.generateDataKey(acme, service.kekIds(acme)[0]!, signal)).rejects.toMatchObject({
    kind: 'away',
    message: 'no-answer',
  });
});

it.each([
  {},
  { client: {}, keys: { acme: KEY_ID } },
  { client: vi.fn(), keys: { acme: KEY_ID.replace('https', 'http') } },
  { client: vi.fn(), keys: { acme: KEY_ID.slice(0, -33) } },
])('refuses %o', (options) => {
  expect(() => azureKeyVault(options as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
});
