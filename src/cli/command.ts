import { parseArgs, type ParseArgsConfig } from 'node:util';
import { tenantryError } from '../core/errors.js';

/** Where a command writes: results to `out`, everything meant only for a person to `note`. */
export interface Terminal {
  out(text: string): void;
  note(text: string): void;
  /** Asks a person, where there is one: resolves with whether the answer was yes. */
  readonly confirm?: ((question: string) => Promise<boolean>) | undefined;
}

/** One command of the command line. */
export interface Command {
  /** What is typed to call it: `['keys', 'generate']`. */
  readonly words: readonly string[];
  /** One line for the list of commands. */
  readonly summary: string;
  /** The whole help, without the name of the command above it. */
  readonly help: string;
  /** @throws TenantryError where nothing was done */
  run(args: readonly string[], terminal: Terminal): void | Promise<void>;
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
