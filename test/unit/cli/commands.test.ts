// What holds of every command: help with examples and exit codes, output for programs, a place in the docs.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.js';
import { EXIT_CODES } from '../../../src/cli/exit-codes.js';
import { run } from './run.js';

const page = readFileSync(new URL('../../../docs/command-line.md', import.meta.url), 'utf8');
const names = COMMANDS.map(({ words }) => words.join(' '));

describe.each(names)('tenantry %s', (name) => {
  const words = name.split(' ');

  it('has help with options, exit codes and an example of itself', async () => {
    const { exitCode, out, note } = await run(...words, '--help');
    expect({ exitCode, note }).toEqual({ exitCode: 0, note: '' });
    expect(out).toMatch(new RegExp(`^Usage: tenantry ${name} `));
    for (const part of ['\nOptions:\n', '  --json ', '  -h, --help ', EXIT_CODES, '\nExample'])
      expect(out).toContain(part);
    expect(out.slice(out.indexOf('\nExample'))).toContain(`tenantry ${name}`);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('takes --json', async () => {
    const { note } = await run(...words, '--json', '--no-such-option');
    expect(note).toContain("Unknown option '--no-such-option'");
  });

  it('stands in docs/command-line.md, word for word', async () => {
    const { out } = await run(...words, '--help');
    expect(page).toContain(`### tenantry ${name}\n\n\`\`\`text\n${out}\`\`\``);
  });
});

it('docs/command-line.md has no other commands', () => {
  const headings = [...page.matchAll(/^### tenantry (.+)$/gm)].map(([, name]) => name);
  expect(headings.sort()).toEqual([...names].sort());
});
