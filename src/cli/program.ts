import type { ErrorCode } from '../core/error-codes.js';
import { describeForeignError, isTenantryError } from '../core/errors.js';
import { usageError, type Command, type Terminal } from './command.js';
import { cursorsExport } from './commands/cursors-export.js';
import { cursorsReset } from './commands/cursors-reset.js';
import { cursorsShow } from './commands/cursors-show.js';
import { keysGenerate } from './commands/keys-generate.js';
import { EXIT, EXIT_CODES } from './exit-codes.js';
import { packageVersion } from './package-version.js';

const COMMANDS: readonly Command[] = [keysGenerate, cursorsShow, cursorsExport, cursorsReset];
const USAGE_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['INVALID_OPTIONS', 'INVALID_TENANT_ID']);

/**
 * Runs the command line.
 *
 * @param args - without the names of Node.js and of the program
 * @returns the exit code
 */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  const command = COMMANDS.find(({ words }) => words.every((word, index) => args[index] === word));
  try {
    if (command === undefined) {
      runWithoutCommand(args, terminal);
    } else {
      const rest = args.slice(command.words.length);
      if (asksForHelp(rest)) terminal.out(`Usage: tenantry ${command.words.join(' ')} ${command.help}`);
      else await command.run(rest, terminal);
    }
    return EXIT.done;
  } catch (error) {
    return report(error, command, terminal);
  }
}

function runWithoutCommand(args: readonly string[], terminal: Terminal): void {
  const [first] = args;
  if (first === '--version' || first === '-v') terminal.out(`${packageVersion()}\n`);
  else if (asksForHelp(args)) terminal.out(overview());
  else if (first === undefined) throw usageError('a command is missing');
  else if (first.startsWith('-')) throw usageError(`Unknown option '${first}'`);
  else
    throw usageError(
      `Unknown command '${args
        .filter((word) => !word.startsWith('-'))
        .slice(0, 2)
        .join(' ')}'`,
    );
}

function asksForHelp(args: readonly string[]): boolean {
  return args.includes('--help') || args.includes('-h');
}

function overview(): string {
  const names = COMMANDS.map(({ words }) => words.join(' '));
  const width = Math.max(...names.map((name) => name.length));
  const list = COMMANDS.map(({ summary }, index) => `  ${(names[index] ?? '').padEnd(width)}   ${summary}`);
  return `Usage: tenantry <command> [arguments] [options]

Commands:
${list.join('\n')}

Options:
  -h, --help      show this, or the help of a command
  -v, --version   show the version

${EXIT_CODES}`;
}

/** A code, what is wrong, and what to do; never a stack trace. */
function report(error: unknown, command: Command | undefined, terminal: Terminal): number {
  if (!isTenantryError(error)) {
    terminal.note(`tenantry: unexpected error: ${describeForeignError(error)}\n`);
    return EXIT.failed;
  }
  const isUsage = USAGE_CODES.has(error.code);
  const help = ['tenantry', ...(command?.words ?? []), '--help'].join(' ');
  terminal.note(`tenantry: ${error.code}: ${error.message}\n${isUsage ? `See ${help}\n` : ''}`);
  return isUsage ? EXIT.usage : EXIT.failed;
}
