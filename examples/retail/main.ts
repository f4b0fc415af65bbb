// The retail demo: real sales lines of many tenants, published and handled each inside its tenant's boundary,
// with forged records slipped in. Begin reading at run-demo.ts.
import { isTenantryError } from 'tenantry';
import { readArgs, type DemoOptions } from './args.js';
import { DemoError } from './demo-error.js';
import { createProgress } from './output/progress.js';
import { report } from './output/report.js';
import { runDemo } from './run-demo.js';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

// Who reads only the first lines, as `head` does, has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

async function runAndReport(options: DemoOptions): Promise<void> {
  const interrupt = new AbortController();
  const onSignal = (): void => {
    interrupt.abort(new DemoError('INTERRUPTED', 'stopped before the end; nothing was checked'));
  };
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);

  const result = await runDemo(
    options,
    createProgress(options.json ? process.stderr : process.stdout),
    interrupt.signal,
  );
  console.log(options.json ? JSON.stringify(result, undefined, 2) : `\n${report(result)}`);
  if (!result.check.passed) throw new DemoError('CHECK_FAILED', result.check.failures.join('\n  '));
}

function fail(error: unknown): number {
  if (error instanceof DemoError || isTenantryError(error)) console.error(`demo: ${error.code}: ${error.message}`);
  else console.error(`demo: UNEXPECTED: ${String(error)}`);
  if (!(error instanceof DemoError)) return EXIT_FAILED;
  return error.code === 'INVALID_OPTION' ? EXIT_USAGE : error.code === 'INTERRUPTED' ? EXIT_INTERRUPTED : EXIT_FAILED;
}

try {
  const options = readArgs(process.argv.slice(2));
  if (options !== undefined) await runAndReport(options);
} catch (error) {
  process.exitCode = fail(error);
}
