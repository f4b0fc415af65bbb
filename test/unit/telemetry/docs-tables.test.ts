import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pageFile, renderPage, TABLE_PAGES } from '../../../scripts/docs-tables.js';

describe('docs', () => {
  // Formatting the tables takes a second or two on a busy machine.
  it.each(TABLE_PAGES)(
    '%s is what the table says; else run `tsx scripts/docs-tables.ts`',
    async (page) => {
      expect(readFileSync(pageFile(page), 'utf8')).toBe(await renderPage(page));
    },
    30_000,
  );
});
