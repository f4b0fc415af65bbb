import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import { TenantCache } from '../../../src/encryption/tenant-cache.js';

describe('TenantCache', () => {
  const a = parseTenantId('a');
  const b = parseTenantId('constructor');

  it('lets a tenant with many entries push out only its own', () => {
    const cache = new TenantCache<number>({ perTenant: 3, overall: 100 });
    cache.set(b, 'mine', 7);
    for (let entry = 0; entry < 50; entry++) cache.set(a, `e${entry}`, entry);
    expect(cache.get(b, 'mine')).toBe(7);
    expect(cache.get(a, 'e49')).toBe(49);
    expect(cache.get(a, 'e46')).toBeUndefined();
    expect(cache.size).toBe(4);
  });

  it('keeps entries of tenants apart', () => {
    const cache = new TenantCache<number>({ perTenant: 3, overall: 100 });
    cache.set(a, 'x', 1);
    expect(cache.get(b, 'x')).toBeUndefined();
    cache.deleteTenant(a);
    expect(cache.get(a, 'x')).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  it('threat 49: never holds more than it may, and counts what it holds', () => {
    const step = fc.record({
      op: fc.constantFrom('get', 'set', 'set', 'set', 'delete', 'drop'),
      tenant: fc.nat(9),
      key: fc.nat(9),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 60, maxLength: 200 }), (steps) => {
        const cache = new TenantCache<number>({ perTenant: 3, overall: 8 });
        for (const { op, tenant, key } of steps) {
          const tenantId = parseTenantId(`t${tenant}`);
          if (op === 'set') {
            cache.set(tenantId, `${key}`, key);
            expect(cache.get(tenantId, `${key}`)).toBe(key);
          } else if (op === 'drop') {
            cache.deleteTenant(tenantId);
            expect([...cache.entriesOf(tenantId)]).toEqual([]);
          } else if (op === 'delete') {
            const others = [...cache.entriesOf(tenantId)].filter(([name]) => name !== `${key}`);
            cache.delete(tenantId, `${key}`);
            expect([...cache.entriesOf(tenantId)]).toEqual(others);
          } else cache.get(tenantId, `${key}`);
          expect(cache.size).toBeLessThanOrEqual(8);
        }
        let counted = 0;
        for (let tenant = 0; tenant < 10; tenant++) {
          for (let key = 0; key < 10; key++)
            if (cache.get(parseTenantId(`t${tenant}`), `${key}`) !== undefined) counted += 1;
        }
        expect(counted).toBe(cache.size);
      }),
    );
  });
});
