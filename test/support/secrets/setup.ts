// Runs before each test file. Where keys are in play, nothing that leaves the library may hold a secret.
import { afterAll, expect } from 'vitest';
import { secretWatch } from './secret-watch.js';

/** The files that seal, open, or ask a key service. */
const WATCHED =
  /\/test\/(?:unit\/(?:cli|client|consumer|encryption|integrations|producer|secrets|serde|testing)|key-services|kafka|python)\//;

if (WATCHED.test(expect.getState().testPath ?? '')) {
  const { hookAll } = await import('./hooks.js');
  hookAll();
  afterAll(() => {
    const leaks = secretWatch.leaks();
    secretWatch.forgetTexts();
    expect(leaks).toEqual([]);
  }, 60_000);
}
