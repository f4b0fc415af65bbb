// docs/threats.md has every case once, and each test that it names exists and is not skipped.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readText, root } from './pages.ts';
import { testTitles } from './test-titles.ts';

const LAST_NUMBER = 63;

const rows = [...readText('docs/threats.md').matchAll(/^\| +(\d+) +\| (.*) \| (.*) \|$/gm)].map(
  ([, number, , tests = '']) => ({ number: Number(number), tests: tests.trim() }),
);
const running = new Set(
  readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => testTitles(readText(join('test', name)))),
);

it('has every number once, in order', () => {
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: LAST_NUMBER }, (_, index) => index + 1));
});

it.each(rows)('names tests of threat $number that exist, or what it waits for', ({ number, tests }) => {
  const titles = [...tests.matchAll(/`([^`]+)`/g)].map(([, title = '']) => title);
  const missing = titles.filter((title) => !running.has(title));
  expect(missing).toEqual([]);
  expect(titles.every((title) => new RegExp(`^threats? [\\d, and]*\\b${number}\\b`).test(title))).toBe(true);
  expect(titles.length > 0 || /^(Later|Open): \S/.test(tests)).toBe(true);
});

it('takes no title from a comment, a string or a test that is skipped', () => {
  const code = `
    // it('in a comment', () => {});
    const text = "it('in a string')";
    it.skip('skipped', () => {});
    it.todo('planned');
    it.fails('failing', () => {});
    describe.skip('skipped group', () => { it('in a skipped group', () => {}); });
    describe('group', () => { it('plain', () => {}); });
    it.each([1])('each', () => {});
    it.skipIf(process.platform === 'win32').each([1])(\`in backticks\`, () => {});
    expect('an argument');`;
  expect(testTitles(code)).toEqual(['group', 'plain', 'each', 'in backticks']);
});
