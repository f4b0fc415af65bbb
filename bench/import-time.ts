// How long `import 'tenantry'` takes in a fresh process.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median } from './side.ts';

export interface ImportTime {
  /** Milliseconds of the import itself. */
  readonly importMs: number;
  /** Milliseconds from the start of a process that imports to its end. */
  readonly processMs: number;
  /** The same for a process that does nothing. */
  readonly bareProcessMs: number;
}

const IMPORT =
  "const start = performance.now(); await import('tenantry'); process.stdout.write(String(performance.now() - start))";

export function importTime(rounds: number): ImportTime {
  const runs = Array.from({ length: rounds }, () => ({ bare: run(''), importing: run(IMPORT) }));
  return {
    importMs: median(runs.map(({ importing }) => Number(importing.output))),
    processMs: median(runs.map(({ importing }) => importing.ms)),
    bareProcessMs: median(runs.map(({ bare }) => bare.ms)),
  };
}

function run(script: string): { readonly ms: number; readonly output: string } {
  const start = performance.now();
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd, encoding: 'utf8' });
  return { ms: performance.now() - start, output };
}
