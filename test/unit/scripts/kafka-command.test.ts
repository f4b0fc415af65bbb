// `npm run kafka`, as far as it goes without a broker.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../../scripts/kafka/main.ts', import.meta.url));

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--import', 'tsx', script, ...args], { encoding: 'utf8' });
}

it('tells its options', () => {
  const { status, stdout, stderr } = run('--help');
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toContain('--port <number>');
});

it.each([
  [['--port', '99999'], "option '--port <number>' argument '99999' is invalid"],
  [['--prot', '9092'], "unknown option '--prot'"],
])('%j is refused with what is wrong, and no stack trace', (args, message) => {
  const { status, stdout, stderr } = run(...args);
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain(message);
  expect(stderr).toContain('--help');
  expect(stderr).not.toMatch(/^ +at /m);
});
