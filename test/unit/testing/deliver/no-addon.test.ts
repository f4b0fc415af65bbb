import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const fixture = fileURLToPath(new URL('no-addon.fixture.ts', import.meta.url));
const root = fileURLToPath(new URL('../../../../', import.meta.url));

interface Told {
  readonly outcome: string;
  readonly published: number;
  readonly addon: boolean;
  readonly isMainThread: boolean;
}

function run(where: 'main' | 'thread'): Told {
  const args = ['--import', 'tsx', fixture, where];
  const env = { ...process.env, TSX_TSCONFIG_PATH: 'tsconfig.run.json' };
  return JSON.parse(execFileSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' })) as Told;
}

describe('deliver', () => {
  it('loads no native addon, and works in a worker thread', () => {
    const told = { outcome: 'handled', published: 1, addon: false };
    expect(run('main')).toEqual({ ...told, isMainThread: true });
    expect(run('thread')).toEqual({ ...told, isMainThread: false });
  });
});
