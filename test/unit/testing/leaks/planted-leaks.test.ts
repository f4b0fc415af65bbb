// Each leak is planted for one channel: a channel that does not see any more fails a test.
import { expect, describe, it } from 'vitest';
import { findTenantLeaks } from '../../../../src/testing/index.js';
import { echoServer } from './services/echo-server.js';
import { LEAKY } from './services/leaky.js';
import { inputs } from './services/shop.js';

const server = echoServer();

describe('findTenantLeaks finds', () => {
  it.each(LEAKY)('$title', async ({ make, kind, channel, name, path }) => {
    const report = await findTenantLeaks({ register: make(server.url), inputs, seeds: 3 });
    expect(report.leaks).toContainEqual(
      expect.objectContaining({
        kind,
        channel,
        name: typeof name === 'string' ? name : expect.stringMatching(name),
        path: typeof path === 'string' ? path : expect.stringMatching(path),
      }),
    );
    expect(report.result).toBe('leaks');
  });
});
