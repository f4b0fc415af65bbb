import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorJson } from '../../../src/cli/error-report.js';
import { tenantryError } from '../../../src/core/errors.js';
import { run } from './run.js';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

describe('tenantry', () => {
  it.each(['--help', '-h'])('%s lists the commands', async (flag) => {
    const { exitCode, out, note } = await run(flag);
    expect(exitCode).toBe(0);
    for (const name of [
      'create',
      'keys generate',
      'keys needed',
      'keys verify-certificate',
      'contracts export',
      'contracts check',
      'contracts docs',
      'cursors show',
      'cursors reset',
    ])
      expect(out).toContain(name);
    expect(out).toContain('Exit codes:');
    expect(note).toBe('');
  });

  it.each(['--version', '-v'])('%s tells the version of the package', async (flag) => {
    expect(await run(flag)).toEqual({ exitCode: 0, out: `${version}\n`, note: '' });
  });

  it.each([
    [[], 'a command is missing'],
    [['generate', '--fast'], "Unknown command 'generate'"],
    [['--verbose'], "Unknown option '--verbose'"],
  ])('%j is a usage error', async (args, message) => {
    const { exitCode, out, note } = await run(...args);
    expect(exitCode).toBe(2);
    expect(out).toBe('');
    expect(note).toBe(`tenantry: INVALID_OPTIONS: ${message}\nSee tenantry --help\n`);
  });

  it.each([
    [['keys'], "Unknown command 'keys'; there is keys generate"],
    [['keys', 'generat', 'acme'], "Unknown command 'keys generat'; there is keys generate"],
  ])('%j names the commands that begin so', async (args, message) => {
    const { exitCode, note } = await run(...args);
    expect(exitCode).toBe(2);
    expect(note).toContain(message);
  });
});

describe('an error with --json', () => {
  const errorOf = async (...args: string[]): Promise<{ exitCode: number; error: Record<string, unknown> }> => {
    const { exitCode, out, note } = await run(...args, '--json');
    expect(out).toBe('');
    expect(note.indexOf('\n')).toBe(note.length - 1);
    return { exitCode, error: JSON.parse(note) as Record<string, unknown> };
  };

  it.each([
    [['generate'], "Unknown command 'generate'", 'tenantry --help'],
    [['lag', '--what'], "Unknown option '--what'", 'tenantry lag --help'],
    [
      ['lag', '_shared.g', '--brokers', 'b:1'],
      'a topic is missing, and the settings have no contracts',
      'tenantry lag --help',
    ],
  ])('%j is one object, with what is wrong and the help, and exits as without it', async (args, message, help) => {
    expect(await errorOf(...args)).toEqual({
      exitCode: 2,
      error: {
        code: 'INVALID_OPTIONS',
        message,
        retryable: false,
        problems: [{ path: '(command line)', message }],
        help,
      },
    });
    expect((await run(...args)).exitCode).toBe(2);
  });

  it('carries the fields that a code documents', async () => {
    const { exitCode, error } = await errorOf('tail', 'a.b', 'orders');
    expect([exitCode, error]).toMatchObject([2, { code: 'INVALID_TENANT_ID', help: 'tenantry tail --help' }]);
    const stated = tenantryError('RECORD_NOT_FOUND', 'gone', { topic: 't', partition: 0, offset: 7 });
    const shown = { code: 'RECORD_NOT_FOUND', message: 'gone', retryable: false, topic: 't', partition: 0, offset: 7 };
    expect(JSON.parse(errorJson(stated, undefined))).toEqual(shown);
  });

  it('repeats nothing else, and of a foreign error its name alone', () => {
    const withMore = Object.assign(tenantryError('ABORTED', 'it ended'), { payload: 'hunter2', cause: 'hunter2' });
    const foreign = Object.assign(new TypeError('hunter2'), { code: 'ERR_X', reason: 'hunter2' });
    expect(JSON.parse(errorJson(withMore, undefined))).toEqual({
      code: 'ABORTED',
      message: 'it ended',
      retryable: false,
    });
    expect(JSON.parse(errorJson(foreign, undefined))).toEqual({
      code: null,
      message: 'unexpected error: TypeError ERR_X',
    });
  });

  it('is a text where --json is no option', async () => {
    const { note } = await run('lag', '_shared.g', '--', '--json');
    expect(note).toMatch(/^tenantry: INVALID_OPTIONS: /);
  });
});
