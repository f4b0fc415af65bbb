// docs/troubleshooting.md has an entry for every error code, and for nothing else.
import { expect, it } from 'vitest';
import { openingFailure } from '../../../src/consumer/handling/failure.js';
import { ERROR_CODES, type ErrorCode } from '../../../src/core/error-codes.js';
import { TenantryError } from '../../../src/core/errors.js';
import { readText } from './pages.ts';

const entries = new Map(
  readText('docs/troubleshooting.md')
    .split(/^(?=##+ )/m)
    .flatMap((part): [string, string][] => {
      const [, code] = /^### (\S+)$/m.exec(part) ?? [];
      return code === undefined ? [] : [[code, part]];
    }),
);
const codes = Object.keys(ERROR_CODES) as ErrorCode[];

it('has an entry for every code, and none for another', () => {
  expect([...entries.keys()].sort()).toEqual([...codes].sort());
});

it.each(codes)('%s: says where it shows, likely causes, what to do, and whether a retry helps', (code) => {
  const entry = entries.get(code) ?? '';
  const { meaning, remedy, retryable } = ERROR_CODES[code];
  expect(entry).toContain(`\n${meaning}\n`);
  expect(entry).toMatch(/^- \*\*Where it shows\.\*\* \S.*\.$/m);
  expect(entry).toMatch(/^- \*\*Likely causes\.\*\*\n(?: {2}- \S.*\.\n)+/m);
  expect(entry).toContain(`- **What to do.** ${remedy}`);
  expect(entry).toContain(`- **Does a retry help?** ${retryable ? 'Yes' : 'No'}: `);
});

// What becomes of a record that cannot be opened is what somebody sees who looks the code up.
it.each(codes)('%s: tells where a record with it goes', (code) => {
  const { kind } = openingFailure(Object.assign(new TenantryError(code, ''), { refused: 'data-key' }));
  if (kind === 'quarantine') expect(entries.get(code)).toContain('quarantine');
  if (kind === 'hold') expect(entries.get(code)).toMatch(/\bheld\b/);
});
