// The examples of web frameworks, as a person runs them: on the sources, against a broker of their own.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

async function linesOf(script: string): Promise<string[]> {
  const command = ['node_modules/tsx/dist/cli.mjs', `examples/${script}`];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, command, { cwd: root, timeout: 60_000 });
  expect(stderr).toBe('');
  return stdout.trimEnd().split('\n').sort();
}

const answers = [
  expect.stringMatching(/^a forger: 401 .*TENANT_CONTEXT_MISSING/),
  expect.stringMatching(/^acme: 202 .*"tenant":"acme"/),
  expect.stringMatching(/^globex, too fast: 429 .*RATE_LIMITED/),
  expect.stringMatching(/^globex: 202 .*"tenant":"globex"/),
  'mail to acme: order 42',
  'mail to globex: order 42',
];

it('examples/fastify takes orders of two tenants, and handles each for its own', { timeout: 90_000 }, async () => {
  expect(await linesOf('fastify/main.ts')).toEqual([...answers, 'ready: {"status":"live"}']);
});

it('examples/nestjs does the same', { timeout: 90_000 }, async () => {
  expect(await linesOf('nestjs/main.ts')).toEqual(answers);
});
