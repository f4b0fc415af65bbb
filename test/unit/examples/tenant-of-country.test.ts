import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TenantsOfCountries, tenantOfCountry } from '../../../examples/retail/data-file/tenant-of-country.js';
import { isTenantId } from '../../../src/core/tenant-id.js';

describe('tenantOfCountry', () => {
  it.each([
    ['United Kingdom', 'united-kingdom'],
    ['EIRE', 'eire'],
    ['  St. Kitts & Nevis. ', 'st-kitts-nevis'],
    ["Côte d'Ivoire", 'c-te-d-ivoire'],
  ])('makes %j into %s', (country, tenantId) => {
    expect(tenantOfCountry(country)).toBe(tenantId);
  });

  it('makes a valid tenant id of any name, or refuses it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (country) => {
        let tenantId: string;
        try {
          tenantId = tenantOfCountry(country);
        } catch (error) {
          expect(error).toMatchObject({ code: 'TENANT_COLLISION' });
          return;
        }
        expect(isTenantId(tenantId)).toBe(true);
      }),
    );
  });

  it.each(['', '--', '日本', 'x'.repeat(64)])('refuses %j, which leaves no id', (country) => {
    expect(() => tenantOfCountry(country)).toThrow(expect.objectContaining({ code: 'TENANT_COLLISION' }));
  });
});

describe('TenantsOfCountries', () => {
  it('refuses a second country with the same tenant, and names both', () => {
    const tenants = new TenantsOfCountries();
    expect(tenants.get('Hong Kong')).toBe('hong-kong');
    expect(tenants.get('Hong Kong')).toBe('hong-kong');
    expect(() => tenants.get('Hong-Kong')).toThrow(
      expect.objectContaining({ code: 'TENANT_COLLISION', message: expect.stringMatching(/"Hong Kong".*"Hong-Kong"/) }),
    );
  });
});
