import { describe, expect, it } from 'vitest';
import { assertNoTenantLeaks, findTenantLeaks } from '../../../../src/testing/index.js';
import { CORRECT } from './services/correct.js';
import { echoServer } from './services/echo-server.js';
import { inputs } from './services/shop.js';

const server = echoServer();

/** More show what is rare: `TENANTRY_LEAK_SEEDS=500`. */
const seeds = Number(process.env['TENANTRY_LEAK_SEEDS'] ?? 5);

describe('findTenantLeaks passes', () => {
  it.each(CORRECT)('$title', { timeout: 60_000 + 2_000 * seeds }, async ({ make }) => {
    const report = await findTenantLeaks({ register: make(server.url), inputs, seeds });
    expect(report.leaks).toEqual([]);
    expect(report).toMatchObject({ result: 'passed', reasons: [] });
    expect(() => {
      assertNoTenantLeaks(report);
    }).not.toThrow();
  });
});
