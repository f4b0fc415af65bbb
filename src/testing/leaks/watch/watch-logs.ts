import { AsyncLocalStorage } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import { format } from 'node:util';
import { attempt } from '../../../telemetry/attempt.js';
import { Written, type Saw } from './output.js';
import { isService, NOBODY } from './owner.js';
import { patched } from './patched.js';
import { textOf, watchDescriptors } from './watch-descriptors.js';

const CONSOLE_METHODS = ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'dirxml', 'table'] as const;
/**
 * Watches the console, the streams of the process and of the console, and what is written to their file descriptors by
 * `node:fs` past all of them, as pino does.
 *
 * @param isShown - whether what the service writes is written
 * @returns ends the watch
 */
export function watchLogs(saw: Saw, isShown: boolean): () => void {
  const inside = new AsyncLocalStorage<true>();
  /** Writes, or only says so. What is seen above is not seen once more below. */
  const write = <T>(really: () => T, pretend: () => T): T =>
    isShown || !isService() ? inside.run(true, really) : pretend();
  const undo = [
    ...CONSOLE_METHODS.map((method) =>
      patched(console, method, (original) => {
        const call = (original as (...args: unknown[]) => void).bind(console);
        return (...args: unknown[]) => {
          saw('log', `console.${method}`, written(method, args));
          write(
            () => {
              call(...args);
            },
            () => undefined,
          );
        };
      }),
    ),
    ...Array.from(streams(), ([stream, name]) =>
      patched(stream, 'write', (original) => {
        const call = (original as (...args: unknown[]) => boolean).bind(stream);
        return (...args: unknown[]) => {
          if (inside.getStore() === true) return call(...args);
          saw('log', name, textOf(args[0]));
          const pretend = (): true => {
            const done = args.at(-1);
            if (typeof done === 'function') process.nextTick(done);
            return true;
          };
          return write(() => call(...args), pretend);
        };
      }),
    ),
    ...watchDescriptors((name, bytes, really) => {
      if (inside.getStore() === true) return really();
      sawLines(saw, name, textOf(bytes));
      return write(really, () => bytes.length);
    }),
  ];
  // For modules that import `writeSync` by its name.
  syncBuiltinESMExports();
  return () => {
    for (const each of undo.reverse()) each();
    syncBuiltinESMExports();
  };
}

/** The console of a test runner has streams of its own, to which loggers may write as well. */
function streams(): Map<Pick<NodeJS.WriteStream, 'write'>, string> {
  const { _stdout, _stderr } = console as {
    readonly _stdout?: NodeJS.WriteStream;
    readonly _stderr?: NodeJS.WriteStream;
  };
  return new Map([
    ...(_stdout === undefined ? [] : ([[_stdout, 'stdout of the console']] as const)),
    ...(_stderr === undefined ? [] : ([[_stderr, 'stderr of the console']] as const)),
    [process.stdout, 'process.stdout'],
    [process.stderr, 'process.stderr'],
  ]);
}

/** An object may say itself how it is shown, by what only it knows; not to `dir` and `table`. */
function written(method: (typeof CONSOLE_METHODS)[number], args: readonly unknown[]): unknown {
  const value = args.length === 1 ? args[0] : args;
  const isShownBySelf = method !== 'dir' && method !== 'table' && args.some((arg) => Object(arg) === arg);
  return isShownBySelf
    ? new Written(
        value,
        attempt(() => format(...args)),
      )
    : value;
}

/** Several lines in one write come from a logger that collects them, also those of others than who wrote the last. */
function sawLines(saw: Saw, name: string, text: string): void {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  for (const line of lines) {
    if (lines.length === 1) saw('log', name, line);
    else saw('log', name, line, NOBODY);
  }
}
