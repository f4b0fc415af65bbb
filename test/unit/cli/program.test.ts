import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { run } from './run.js';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

describe('tenantry', () => {
  it.each(['--help', '-h'])('%s lists the commands', async (flag) => {
    const { exitCode, out, note } = await run(flag);
    expect(exitCode).toBe(0);
    for (const name of ['keys generate', 'cursors show', 'cursors export', 'cursors reset'])
      expect(out).toContain(name);
    expect(out).toContain('Exit codes:');
    expect(note).toBe('');
  });

  it.each(['--version', '-v'])('%s tells the version of the package', async (flag) => {
    expect(await run(flag)).toEqual({ exitCode: 0, out: `${version}\n`, note: '' });
  });

  it.each([
    [[], 'a command is missing'],
    [['keys'], "Unknown command 'keys'"],
    [['keys', 'generat', 'acme'], "Unknown command 'keys generat'"],
    [['generate', '--json'], "Unknown command 'generate'"],
    [['--verbose'], "Unknown option '--verbose'"],
  ])('%j is a usage error', async (args, message) => {
    const { exitCode, out, note } = await run(...args);
    expect(exitCode).toBe(2);
    expect(out).toBe('');
    expect(note).toBe(`tenantry: INVALID_OPTIONS: ${message}\nSee tenantry --help\n`);
  });
});
