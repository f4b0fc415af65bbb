import { readFileSync } from 'node:fs';
import { systemClock, type Clock } from '../../core/clock.js';
import { describeForeignError } from '../../core/errors.js';
import { checkOptions } from '../../core/invalid-options.js';
import { createConfluentTransport } from '../../transport/confluent-transport.js';
import { transportOptionsSchema } from '../../transport/options.js';
import type { GroupOffsets } from '../../transport/port.js';
import { usageError } from '../command.js';

/** How long each question to the brokers may take. */
export const REQUEST_TIMEOUT_MS = 10_000;

/** The options that every command has which talks to a cluster. */
export const CONNECTION_OPTIONS = {
  brokers: { type: 'string' },
  connection: { type: 'string' },
} as const;

/** Those options, as every help tells them. */
export const CONNECTION_HELP = `  --brokers <list>      some brokers of the cluster, host:port[,host:port...];
                        default: the variable TENANTRY_BROKERS
  --connection <path>   a JSON file with what the client takes as "connection":
                        {"ssl": ..., "sasl": ...}; it may hold a password, so
                        keep it to its owner; default: the file that the variable
                        TENANTRY_CONNECTION names, or neither TLS nor SASL
`;

interface ConnectionValues {
  readonly brokers?: string | undefined;
  readonly connection?: string | undefined;
}

/** A command has nothing but its promises to live for. */
const clock: Clock = {
  ...systemClock,
  setTimer: (delayMs, callback) => systemClock.setTimer(delayMs, callback, { keepAlive: true }),
};

/** Connects to the cluster for as long as `work` takes. */
export async function withGroupOffsets<T>(
  values: ConnectionValues,
  groupId: string,
  work: (offsets: GroupOffsets) => Promise<T>,
): Promise<T> {
  const options = checkOptions('the connection', transportOptionsSchema, {
    brokers: brokersOf(values),
    clientId: 'tenantry-cli',
    connection: connectionOf(values),
    // Nobody joins here, and brokers before Kafka 4 know no other protocol.
    groupProtocol: 'classic',
  });
  const transport = createConfluentTransport(options, { clock, telemetry: { log: () => undefined } });
  const offsets = transport.createGroupOffsets(groupId);
  await offsets.connect();
  try {
    return await work(offsets);
  } finally {
    await offsets.disconnect(REQUEST_TIMEOUT_MS);
  }
}

/** A file of the user's as text. */
export function readTextFile(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw usageError(`${option}: ${path} cannot be read (${describeForeignError(error)})`);
  }
}

/** A file of the user's as JSON. The parser's own message quotes what it read. */
export function readJsonFile(path: string, option: string): unknown {
  const text = readTextFile(path, option);
  try {
    return JSON.parse(text);
  } catch {
    throw usageError(`${option}: ${path} is not JSON`);
  }
}

function brokersOf({ brokers = process.env['TENANTRY_BROKERS'] ?? '' }: ConnectionValues): readonly string[] {
  if (brokers === '') throw usageError('--brokers is missing, and the variable TENANTRY_BROKERS is not set');
  return brokers.split(',').map((broker) => broker.trim());
}

function connectionOf({ connection = process.env['TENANTRY_CONNECTION'] ?? '' }: ConnectionValues): unknown {
  return connection === '' ? undefined : readJsonFile(connection, '--connection');
}
