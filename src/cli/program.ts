import type { ErrorCode } from '../core/error-codes.js';
import { isTenantryError } from '../core/errors.js';
import { packageVersion } from '../core/package-version.js';
import { usageError, type Command, type Terminal } from './command.js';
import { COMMANDS } from './commands.js';
import { errorJson, errorText, wantsJson } from './error-report.js';
import { EXIT, EXIT_CODES, PARTIAL_EXIT_CODE } from './exit-codes.js';

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
      return EXIT.done;
    }
    const rest = args.slice(command.words.length);
    if (!asksForHelp(rest)) return (await command.run(rest, terminal)) ?? EXIT.done;
    terminal.out(`Usage: tenantry ${command.words.join(' ')} ${command.help}`);
    return EXIT.done;
  } catch (error) {
    return report(error, args, command, terminal);
  }
}

function runWithoutCommand(args: readonly string[], terminal: Terminal): void {
  const [first] = args;
  if (first === '--version' || first === '-v') terminal.out(`${packageVersion()}\n`);
  else if (asksForHelp(args)) terminal.out(overview());
  else if (first === undefined) throw usageError('a command is missing');
  else if (first.startsWith('-')) throw usageError(`Unknown option '${first}'`);
  else throw unknownCommand(args);
}

function unknownCommand(args: readonly string[]): Error {
  const words = args.filter((word) => !word.startsWith('-'));
  const ofThatName = COMMANDS.filter((command) => command.words[0] === words[0]);
  const known = ofThatName.map((command) => command.words.join(' ')).join(', ');
  return usageError(`Unknown command '${words.slice(0, 2).join(' ')}'${known && `; there is ${known}`}`);
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

${EXIT_CODES}${PARTIAL_EXIT_CODE}`;
}

/** A code, what is wrong, and what to do; never a stack trace. */
function report(error: unknown, args: readonly string[], command: Command | undefined, terminal: Terminal): number {
  const isUsage = isTenantryError(error) && USAGE_CODES.has(error.code);
  const help = ['tenantry', ...(command?.words ?? []), '--help'].join(' ');
  if (wantsJson(args)) terminal.note(errorJson(error, isUsage ? help : undefined));
  else terminal.note(errorText(error, isUsage ? help : undefined));
  return isUsage ? EXIT.usage : EXIT.failed;
}
