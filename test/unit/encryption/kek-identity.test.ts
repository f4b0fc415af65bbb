import { expect, it } from 'vitest';
import { kekIdOf, tenantContext } from '../../../src/encryption/kek-identity.js';
import { isConfidentialUrl } from '../../../src/encryption/confidential-url.js';
import { acme } from './fixtures.js';

it('a key id is what the format says, so that another implementation finds the same', () => {
  // printf 'tenantry/1/kek\0\0\0\021alias/tenant-acme' | sha256sum
  expect(kekIdOf('alias/tenant-acme').toString('hex')).toBe('2f4aea5c9a4e17d9');
});

it('the context of a tenant is what the format says', () => {
  expect(tenantContext(acme).toString('latin1')).toBe('tenantry/1/kek\0\0\0\x04acme');
});

it.each([
  ['https://vault.example:8200', true],
  ['http://127.0.0.1:8200', true],
  ['http://127.1.2.3', true],
  ['http://localhost:8200/', true],
  ['http://[::1]:8200', true],
  ['http://vault.example:8200', false],
  ['http://localhost.example', false],
  ['http://127.0.0.1.example', false],
  ['ftp://localhost', false],
  ['localhost:8200', false],
  ['', false],
])('plain keys may travel to %s: %s', (url, may) => {
  expect(isConfidentialUrl(url)).toBe(may);
});
