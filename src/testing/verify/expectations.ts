import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { bundleSchema } from '../../contract/bundle/bundle.js';
import { compareExpectation, type ExpectationVerdict } from '../../contract/expectation/compare-expectation.js';
import { expectationSchema, type ConsumerExpectation } from '../../contract/expectation/expectation.js';
import { checkOptions } from '../../core/invalid-options.js';

/**
 * Writes what a consumer expects into a file, for its producers to verify; the folder is made where it is missing.
 *
 * @returns whether the file has changed, or is new: in CI that means that it was not committed
 */
export function recordExpectation(path: string, expectation: ConsumerExpectation): boolean {
  const text = `${JSON.stringify(expectation, undefined, 2)}\n`;
  if (readIfThere(path) === text) return false;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return true;
}

/**
 * Whether a bundle of contracts promises what a consumer expects; both as their files hold them. For a producer's tests;
 * `tenantry contracts verify` does the same.
 *
 * @throws TenantryError `INVALID_OPTIONS`
 */
export function verifyExpectation(expectation: unknown, bundle: unknown): readonly ExpectationVerdict[] {
  return compareExpectation(
    checkOptions('the expectation', expectationSchema, expectation),
    checkOptions('the bundle', bundleSchema, bundle),
  );
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
