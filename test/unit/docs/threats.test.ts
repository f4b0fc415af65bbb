// docs/threats.md has every case once, and each test that it names exists.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readText, root } from './pages.ts';

const LAST_NUMBER = 63;

const rows = [...readText('docs/threats.md').matchAll(/^\| +(\d+) +\| (.*) \| (.*) \|$/gm)].map(
  ([, number, , tests = '']) => ({ number: Number(number), tests: tests.trim() }),
);
const code = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readText(join('test', name)))
  .join('\n');

it('has every number once, in order', () => {
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: LAST_NUMBER }, (_, index) => index + 1));
});

it.each(rows)('names tests of threat $number that exist, or what it waits for', ({ number, tests }) => {
  const titles = [...tests.matchAll(/`([^`]+)`/g)].map(([, title = '']) => title);
  const missing = titles.filter((title) => !["'", '"', '`'].some((quote) => code.includes(quote + title + quote)));
  expect(missing).toEqual([]);
  expect(titles.every((title) => new RegExp(`^threats? [\\d, and]*\\b${number}\\b`).test(title))).toBe(true);
  expect(titles.length > 0 || /^(Later|Open): \S/.test(tests)).toBe(true);
});
