// The examples of the guides that are marked with `run` do run, each on a broker of its own.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pages, root, snippetsOf } from '../unit/docs/pages.ts';

const snippets = pages.flatMap(snippetsOf).filter(({ runs }) => runs);
/** The central ones, which have to run in CI; that of the README is examples/quickstart. */
const CENTRAL = ['getting-started', 'publishing', 'consuming', 'encryption', 'limits', 'testing', 'tenant-leak-kit'];

let folder: string;

beforeAll(() => {
  // Below the repository, where the packages are found.
  mkdirSync(join(root, 'coverage'), { recursive: true });
  folder = mkdtempSync(join(root, 'coverage/snippets-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

it('are there of every central guide', () => {
  expect([...new Set(snippets.map(({ page }) => page))]).toEqual(
    expect.arrayContaining(CENTRAL.map((name) => `docs/${name}.md`)),
  );
});

// One that fails and one whose handler fails are among them, so that this is known to notice.
it('run', { timeout: 180_000 }, async () => {
  const wrong = [
    "await kafka.tenant('acme').publish(OrderPlaced, { orderId: 42 });",
    "kafka.worker('billing').on(OrderPlaced, () => { throw deadLetter('no'); });",
  ].map((code, index) => ({ page: `wrong-${index}`, line: 1, code, runs: true }));
  const files = new Map(
    [...snippets, ...wrong].map(({ page, line, code }, index) => {
      const file = join(folder, `${index}.ts`);
      writeFileSync(file, `${code}\nexport {};\n`);
      return [file, `${page}:${line}`];
    }),
  );
  writeFileSync(join(folder, 'keys.json'), JSON.stringify({ acme: '00'.repeat(32), globex: '11'.repeat(32) }), {
    mode: 0o600,
  });
  const args = ['--import', 'tsx', join(root, 'test/kafka/fixtures/run-snippets.ts'), ...files.keys()];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, TSX_TSCONFIG_PATH: join(root, 'tsconfig.json') },
    timeout: 170_000,
  });
  const results = new Map(
    stdout
      .split('\n')
      .filter((line) => line.startsWith('{"file":'))
      .map((line) => {
        const { file, problem } = JSON.parse(line) as { file: string; problem: string | null };
        return [files.get(file), problem];
      }),
  );
  expect(results.get('wrong-0:1')).toContain('VALIDATION_FAILED');
  expect(results.get('wrong-1:1')).toContain('dead-lettered');
  const problems = [...results].filter(([place, problem]) => problem !== null && !place?.startsWith('wrong'));
  expect(problems).toEqual([]);
  expect(results.size).toBe(files.size);
});
