import { expect, it } from 'vitest';
import { isTenantId } from '../../../../src/core/tenant-id.js';
import { murmur2 } from '../../../../src/routing/murmur2.js';
import { ADVERSARIAL_TENANTS, sameFor } from '../../../../src/testing/leaks/plant/adversarial-tenants.js';

/** The tenants that something makes alike. */
const alike = (of: (tenantId: string) => unknown): string[] =>
  ADVERSARIAL_TENANTS.filter((one) => ADVERSARIAL_TENANTS.some((other) => one !== other && of(one) === of(other)));

it('are tenant ids, each once', () => {
  expect(ADVERSARIAL_TENANTS.every(isTenantId)).toBe(true);
  expect(new Set(ADVERSARIAL_TENANTS).size).toBe(ADVERSARIAL_TENANTS.length);
});

it('hash alike, differ by case only, by a separator only, or begin each other', () => {
  const hashCode = (text: string): number =>
    Buffer.from(text).reduce((hash, byte) => (Math.imul(hash, 31) + byte) | 0, 0);
  expect(alike((id) => murmur2(Buffer.from(id)))).toEqual(['kiln-lolo0d', 'kiln-1kor5dn']);
  expect(alike(hashCode)).toEqual(['Aa-works', 'BB-works']);
  expect(alike((id) => id.toLowerCase())).toEqual(['a', 'A']);
  expect(alike((id) => id.replaceAll(/\W|_/g, ''))).toEqual(['ab', 'a-b', 'a_b']);
  expect(ADVERSARIAL_TENANTS.filter((id) => id !== 'a' && id.startsWith('a'))).toEqual(['ab', 'a-b', 'a_b']);
});

it.each([1, 2, 3, 4])('make one text with ids that they share, with seed %i', (seed) => {
  const ids = [0, 1, 2, 3].map((count) => sameFor(seed, count).id);
  expect([...ids].sort()).toEqual(['-b1', '1', 'b-1', 'b1']);
  const joined = (sign: string): string[] =>
    ADVERSARIAL_TENANTS.flatMap((tenant) => ids.map((id) => tenant + sign + id));
  for (const sign of ['', '-']) expect(new Set(joined(sign)).size).toBeLessThan(joined(sign).length);
  expect(new Set(joined(':')).size).toBe(joined(':').length);
  expect(sameFor(seed, 5)).toEqual(sameFor(seed, 1));
});
