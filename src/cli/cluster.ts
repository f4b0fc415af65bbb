import type { CompiledOptions } from '../client/client-options.js';
import { createTransport } from '../transport/create-transport.js';
import type { GroupOffsets, TopicAdmin, Transport } from '../transport/port.js';
import { commandClock } from './command-clock.js';
import type { SettingFlags } from './settings/environment.js';
import { readSettings, type Settings } from './settings/settings.js';

/** How long each question to the brokers may take. */
export const REQUEST_TIMEOUT_MS = 10_000;

/** The options that every command has which talks to a cluster. */
export const CONNECTION_OPTIONS = {
  config: { type: 'string' },
  brokers: { type: 'string' },
  connection: { type: 'string' },
} as const;

/** Those options, as every help tells them. */
export const CONNECTION_HELP = `  --brokers <list>      some brokers of the cluster, host:port[,host:port...]
  --connection <path>   a JSON file with what the client takes as "connection":
                        {"ssl": ..., "sasl": ...}; it may hold a password, so
                        keep it to its owner
  --config <path>       settings; default: tenantry.config.ts, .mjs, .js or .json
                        of this folder. The variables TENANTRY_BROKERS and so on
                        outweigh it, and options outweigh those: "tenantry config"
`;

/** The options of commands that open events. */
export const EVENT_OPTIONS = {
  ...CONNECTION_OPTIONS,
  contracts: { type: 'string', multiple: true },
  'key-file': { type: 'string' },
} as const;

/** Those options, as every help tells them. */
export const EVENT_HELP = `  --contracts <path>    a module that exports event contracts, which is run; may be
                        given several times; default: "contracts" of the settings
  --key-file <path>     a key file; default: "encryption" of the settings
${CONNECTION_HELP}`;

/** A cluster as the settings of a command tell it. */
export interface Cluster {
  readonly settings: Settings;
  readonly client: CompiledOptions;
  readonly transport: Transport;
}

/** @throws TenantryError `INVALID_OPTIONS`; nothing is connected yet */
export async function clusterOf(flags: SettingFlags): Promise<Cluster> {
  const settings = await readSettings(flags);
  const client = settings.client();
  // Nobody joins here, and brokers before Kafka 4 know no other protocol.
  const options = { ...client, groupProtocol: 'classic' } as const;
  const transport = createTransport(options, { clock: commandClock, telemetry: { log: () => undefined } });
  return { settings, client, transport };
}

/** Connects to a group's offsets for as long as `work` takes. */
export async function withOffsets<T>(
  { transport }: Pick<Cluster, 'transport'>,
  groupId: string,
  work: (offsets: GroupOffsets) => Promise<T>,
): Promise<T> {
  const offsets = transport.createGroupOffsets(groupId);
  await offsets.connect();
  try {
    return await work(offsets);
  } finally {
    await offsets.disconnect(REQUEST_TIMEOUT_MS);
  }
}

/** Connects for questions about topics for as long as `work` takes. */
export async function withTopics<T>(
  { transport }: Pick<Cluster, 'transport'>,
  work: (topics: TopicAdmin) => Promise<T>,
): Promise<T> {
  const topics = transport.createAdmin();
  await topics.connect();
  try {
    return await work(topics);
  } finally {
    await topics.disconnect();
  }
}
