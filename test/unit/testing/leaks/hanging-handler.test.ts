import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const fixture = fileURLToPath(new URL('hanging-handler.fixture.ts', import.meta.url));
const root = fileURLToPath(new URL('../../../../', import.meta.url));

it.each(['a script', 'node:test'])('a search whose handler never settles ends in time, run as %s', (how) => {
  const env = { ...process.env, TSX_TSCONFIG_PATH: 'tsconfig.run.json', NODE_TEST_CONTEXT: undefined };
  const args = ['--import', 'tsx', fixture, how];
  const told = execFileSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
  expect(told).toContain('result: inconclusive');
});
