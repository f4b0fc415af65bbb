import { fileURLToPath } from 'node:url';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { DemoError } from './demo-error.js';

const DATA_FILE = 'data/online-retail.csv.gz';

/** What the command line asks for. */
export interface DemoOptions {
  readonly file: string;
  /** Sales lines at most; infinite where all of the file is meant. */
  readonly rows: number;
  /** A real Kafka; undefined for the broker in the process. */
  readonly brokers: readonly string[] | undefined;
  readonly json: boolean;
  readonly encryption: boolean;
}

/**
 * Reads the command line.
 *
 * @param args - without Node and the script
 * @returns undefined where only the help was asked for, which has been printed then
 * @throws DemoError `INVALID_OPTION`
 */
export function readArgs(args: readonly string[]): DemoOptions | undefined {
  const command = new Command('npm run demo --')
    .description('Publishes and handles real sales lines, each inside the boundary of its tenant.')
    .addOption(
      new Option(
        '--file <path>',
        'a CSV file with the columns of the one that is used by default, gzipped or not',
      ).default(fileURLToPath(new URL(DATA_FILE, import.meta.url)), `examples/retail/${DATA_FILE}`),
    )
    .addOption(
      new Option('--rows <n>', 'only the first n sales lines')
        .argParser(wholeNumber)
        .default(Number.POSITIVE_INFINITY, 'all of them'),
    )
    .option(
      '--brokers <host:port,...>',
      'a real Kafka, in topics made for this run (default: a broker in the process)',
      brokerList,
    )
    .option('--json', 'print the result as JSON, and nothing else, to stdout', false)
    .option('--no-encryption', 'do not seal the events: fewer forgeries can be told then')
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  try {
    return command.parse(args, { from: 'user' }).opts<DemoOptions>();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    const problem = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    throw new DemoError('INVALID_OPTION', `${problem} (--help shows the options)`);
  }
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}

function brokerList(text: string): string[] {
  const brokers = text.split(',').map((broker) => broker.trim());
  if (brokers.every((broker) => /^(?:\[[\da-fA-F:]+\]|[\w.-]+):\d{1,5}$/.test(broker))) return brokers;
  throw new InvalidArgumentError('It must be host:port, or several of them with commas between.');
}
