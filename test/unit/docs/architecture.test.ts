// docs/architecture.md names the file and the function of each step: they exist.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readText, root } from './pages.ts';

const page = readText('docs/architecture.md');
const steps = [...page.matchAll(/`([\w/-]+\.ts):(\w+)`/g)].map(([, file = '', name = '']) => ({ file, name }));

it('names files and functions', () => {
  expect(steps.length).toBeGreaterThan(30);
});

it.each(steps)('$file has $name', ({ file, name }) => {
  expect(declares(readText(`src/${file}`), name)).toBe(true);
});

it('names no other file that is not there', () => {
  const files = [...page.matchAll(/`((?:src\/|test\/)?[\w/-]+\.ts)`/g)].map(([, file = '']) => file);
  const missing = files.filter((file) => !existsSync(join(root, /^(src|test)\//.test(file) ? file : `src/${file}`)));
  expect(missing).toEqual([]);
});

/** A function, a constant, a method or a private method of this name. */
function declares(source: string, name: string): boolean {
  return new RegExp(
    `^export (?:async )?(?:function|const) ${name}\\b|^(?:async )?function ${name}\\b|^  (?:async )?#?${name}(?:<[^(]*>)?\\(`,
    'm',
  ).test(source);
}
