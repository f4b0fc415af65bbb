// The pages a reader finds: README.md and docs/*.md.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A file of the repository, as text. */
export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** README.md and docs/*.md, as paths from the root. */
export const pages: readonly string[] = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** One example in a page. */
export interface Snippet {
  readonly page: string;
  /** The line of the page on which its code begins, from 1. */
  readonly line: number;
  readonly code: string;
  /** Whether CI runs it: its fence says `ts run`. */
  readonly runs: boolean;
}

/** Every `ts` block of a page; blocks inside lists are indented. */
export function snippetsOf(page: string): Snippet[] {
  const text = readText(page);
  return [...text.matchAll(/^( *)```ts( run)?\n([^]*?)^ *```$/gm)].map(
    ({ index, 1: indent = '', 2: run, 3: code = '' }) => ({
      page,
      line: text.slice(0, index).split('\n').length + 1,
      code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      runs: run !== undefined,
    }),
  );
}
