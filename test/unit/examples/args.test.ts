import { describe, expect, it, vi } from 'vitest';
import { readArgs } from '../../../examples/retail/args.js';
import { DemoError } from '../../../examples/retail/demo-error.js';

function refusal(args: readonly string[]): DemoError {
  try {
    readArgs(args);
  } catch (error) {
    if (error instanceof DemoError) return error;
  }
  throw new Error(`accepted: ${args.join(' ')}`);
}

describe('readArgs', () => {
  it('means the whole data file, sealed, on a broker in the process where nothing is said', () => {
    expect(readArgs([])).toEqual({
      file: expect.stringMatching(/examples.retail.data.online-retail\.csv\.gz$/),
      rows: Number.POSITIVE_INFINITY,
      json: false,
      encryption: true,
    });
  });

  it('reads every option', () => {
    const args = ['--file', 'a.csv', '--rows', '12', '--brokers', 'one:9092, [::1]:9093', '--json', '--no-encryption'];
    expect(readArgs(args)).toEqual({
      file: 'a.csv',
      rows: 12,
      brokers: ['one:9092', '[::1]:9093'],
      json: true,
      encryption: false,
    });
  });

  it.each([
    ['--rows', '-1'],
    ['--rows', '0'],
    ['--rows', '1.5'],
    ['--rows', 'many'],
    ['--rows', ''],
    ['--rows'],
    ['--brokers', 'localhost'],
    ['--brokers', 'localhost:9092,'],
    ['--brokers', 'localhost:port'],
    ['--brokers', ''],
    ['--row', '3'],
  ])('refuses %s %s in one line that names what is wrong', (...args) => {
    const error = refusal(args);
    expect(error.code).toBe('INVALID_OPTION');
    expect(error.message).toContain(args[0]);
    expect(error.message).not.toContain('\n');
  });

  it('refuses what is not an option', () => {
    expect(refusal(['extra'])).toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(/^too many arg/),
    });
  });

  it('prints the help and asks for nothing more', () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    expect(readArgs(['--help'])).toBeUndefined();
    const help = write.mock.calls.map(([text]) => String(text)).join('');
    for (const option of ['--file', '--rows', '--brokers', '--json', '--no-encryption', '--help']) {
      expect(help).toContain(option);
    }
    // What is used by default, as a person would write it, and the same on every machine.
    expect(help).toContain('(default: all of them)');
    expect(help).toMatch(/\(default:\s+examples\/retail\/data\/online-retail\.csv\.gz\)/);
    expect(help).not.toContain('null');
  });
});
