import { expect, it } from 'vitest';
import { vaultTransit, type VaultTransitOptions } from '../../../../src/integrations/vault/index.js';
import { acme } from '../../encryption/fixtures.js';

const options: VaultTransitOptions = { address: 'https://vault.example:8200', token: 't', keys: 'tenant-{tenant}' };

it('takes what it needs, and what it may have', () => {
  expect(vaultTransit(options).kekIds(acme)).toHaveLength(1);
  expect(vaultTransit({ ...options, mount: 'transit/eu/', namespace: 'platform', token: () => 't' }).maxBlobBytes).toBe(
    98,
  );
});

it.each<[string, object]>([
  ['address', { address: 'http://vault.example:8200' }],
  ['address', { address: 'vault.example' }],
  ['address', { address: 'https://me:hunter2@vault.example' }],
  ['token', { token: '' }],
  ['token', { token: 7 }],
  ['keys', { keys: 'a/{tenant}' }],
  ['keys', { keys: '../{tenant}' }],
  ['mount', { mount: '/transit' }],
  ['mount', { mount: 'a?b' }],
  ['mount', { mount: '' }],
  ['namespace', { namespace: 'a\r\nb' }],
  ['retries', { retries: 3 }],
])('refuses a wrong %s, and says where and not what', (path, wrong) => {
  const make = (): unknown => vaultTransit({ ...options, ...wrong });
  expect(make).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
  expect(make).toThrow(`vaultTransit: ${path}: `);
  expect(make).not.toThrow(/hunter2/);
});
