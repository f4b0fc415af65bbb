// Runs before each test file. With TENANTRY_TEST_SEED, property tests draw the same values each time, as the gate wants
// them: what it says of a commit must not change by chance. Without it, each run draws others.
const seed = process.env['TENANTRY_TEST_SEED'];
if (seed !== undefined) {
  const { configureGlobal, readConfigureGlobal } = await import('fast-check');
  configureGlobal({ ...readConfigureGlobal(), seed: Number(seed) });
}

export {};
