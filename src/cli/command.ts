import { parseArgs, type ParseArgsConfig } from 'node:util';
import { tenantryError } from '../core/errors.js';
import { parseTenantId, type TenantId } from '../core/tenant-id.js';
import type { ExitCode } from './exit-codes.js';

/** Where a command writes: results to `out`, everything meant only for a person to `note`. */
export interface Terminal {
  out(text: string): void;
  note(text: string): void;
  /** Asks a person, where there is one: resolves with whether the answer was yes. */
  readonly confirm?: ((question: string) => Promise<boolean>) | undefined;
  /** Has a person type something, where there is one; an empty text where nothing was. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
  /** Whether results are shown in colours. Default: no. */
  readonly colors?: boolean | undefined;
  /** From the first call on, what ends the program in the middle of its work (Ctrl-C) only aborts this signal. */
  readonly interrupted?: (() => AbortSignal) | undefined;
}

/** One command of the command line. */
export interface Command {
  /** What is typed to call it: `['keys', 'generate']`. */
  readonly words: readonly string[];
  /** One line for the list of commands. */
  readonly summary: string;
  /** The whole help, without the name of the command above it. */
  readonly help: string;
  /**
   * @returns what to exit with; nothing where all is done
   * @throws TenantryError where nothing was done
   */
  run(args: readonly string[], terminal: Terminal): undefined | Promise<void> | Promise<ExitCode>;
}

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<O extends Options> = ReturnType<typeof parseArgs<{ args: string[]; options: O; allowPositionals: true }>>;

/** Reads the arguments of a command; anything it does not know is a usage error. */
export function parseCommandLine<O extends Options>(args: readonly string[], options: O): Parsed<O> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    // Node.js goes on with advice on positional arguments, which are not what people mean here.
    const [sentence = ''] = (error as Error).message.split(/\. |\n/);
    throw usageError(sentence);
  }
}

export function usageError(message: string): Error {
  return tenantryError('INVALID_OPTIONS', message, { problems: [{ path: '(command line)', message }] });
}

/** Nobody to ask, and no `--yes`: a command that cannot be undone does nothing. */
export function nobodyToAsk(option = '--yes does not ask'): Error {
  return usageError(`there is no terminal to ask at; ${option}`);
}

/** The only argument of a command for one tenant. */
export function parseOneTenant([id = '', ...more]: readonly string[]): TenantId {
  if (id === '' || more.length > 0) throw usageError('one tenant is needed');
  return parseTenantId(id);
}

/** The words of the command line that are options too: one number. */
export function parseCount(text: string, option: string, least = 1): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= least) return count;
  throw usageError(`${option} takes a number from ${least} on`);
}
