import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import { UnwrapBudget, UNWRAPS_PER_SECOND } from '../../../src/encryption/unwrap-budget.js';

describe('the budget for unknown data keys', () => {
  it('is 20 a tenant in any one second, and all of it is there again a second later', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(300), { minLength: 50, maxLength: 300 }), (gaps) => {
        const budget = new UnwrapBudget();
        const acme = parseTenantId('acme');
        const taken: number[] = [];
        let nowMs = 0;
        for (const gap of gaps) {
          nowMs += gap < 250 ? 0 : gap;
          const recent = taken.filter((atMs) => atMs > nowMs - 1_000).length;
          expect(budget.take(acme, nowMs)).toBe(recent < UNWRAPS_PER_SECOND);
          if (recent < UNWRAPS_PER_SECOND) taken.push(nowMs);
        }
      }),
    );
  });

  it('of one tenant is nobody else’s', () => {
    const budget = new UnwrapBudget();
    for (let call = 0; call < 100; call++) budget.take(parseTenantId('acme'), 0);
    expect(budget.take(parseTenantId('globex'), 0)).toBe(true);
  });
});
