import { PartitionScan } from '../../consumer/control/partition-scan.js';
import { parseTenantId } from '../../core/tenant-id.js';
import type { GroupOffsets, LogRange, TopicPartition, Transport } from '../../transport/port.js';
import { parseCommandLine, usageError, type Command, type Terminal } from '../command.js';
import { commandClock } from '../command-clock.js';
import { CONNECTION_HELP, CONNECTION_OPTIONS, REQUEST_TIMEOUT_MS } from '../cluster.js';
import { withGroupOffsets } from '../cursors/group-connection.js';
import { EXIT_CODES } from '../exit-codes.js';
import { KeyUsages, type KeySelection } from '../keys/key-usages.js';
import { usageJson, usageText, type TopicReport } from '../keys/usage-report.js';

const HELP = `<topic>... [options]

Reads topics from end to end and tells for each tenant and key encryption key how many
records are sealed under it, from when to when, and the last offset in each partition:
a previous key can be removed once no record names it. It opens and changes nothing,
and needs no key. Name dead-letter and quarantine topics too, because it reads no
other topic than those named; and of each partition only what is there when its turn
comes.

What records say is not authenticated: a forged one may make a key look needed, and
none can make it look unneeded.

Options:
  --tenant <id>         only this tenant's keys; may be given several times
  --key <id>            only this key, 16 hex digits; may be given several times
  --data-keys           tell the data keys under each key apart
  --group <id>          the consumer group whose permission to read is used, where the
                        brokers ask for one; it is neither joined nor changed;
                        default: tenantry-cli
${CONNECTION_HELP}  --json                for programs: {"topics": [...], "keys": [...]}
  -h, --help            show this

${EXIT_CODES}
Example:
  tenantry keys needed orders _quarantine.orders _shared.order-processor.orders.dlq
`;

const OPTIONS = {
  ...CONNECTION_OPTIONS,
  tenant: { type: 'string', multiple: true },
  key: { type: 'string', multiple: true },
  'data-keys': { type: 'boolean', default: false },
  group: { type: 'string', default: 'tenantry-cli' },
  json: { type: 'boolean', default: false },
} as const;

/** `tenantry keys needed`: which keys records are sealed under. */
export const keysNeeded: Command = {
  words: ['keys', 'needed'],
  summary: 'tell which keys the records of topics still need',
  help: HELP,
  async run(args, terminal) {
    const { values, positionals: topics } = parseCommandLine(args, OPTIONS);
    if (topics.length === 0 || topics.includes('')) throw usageError('a topic is missing');
    const twice = topics.find((topic, index) => topics.indexOf(topic) !== index);
    if (twice !== undefined) throw usageError(`topic ${twice} is given twice`);
    if (values.group === '') throw usageError('--group needs a group');
    const selection: KeySelection = {
      tenants: values.tenant && new Set(values.tenant.map(parseTenantId)),
      keyIds: values.key && new Set(values.key.map(parseKeyId)),
      dataKeys: values['data-keys'],
    };
    const usages = new KeyUsages(selection);
    const reports = await withGroupOffsets(values, values.group, (offsets, transport) =>
      readTopics(topics, { offsets, transport, usages, terminal, groupId: values.group }),
    );
    if (values.json) terminal.out(`${JSON.stringify(usageJson(reports, usages.usages(), selection.dataKeys))}\n`);
    else terminal.out(usageText(reports, usages.usages()));
  },
};

function parseKeyId(text: string): string {
  if (!/^[0-9a-fA-F]{16}$/.test(text)) throw usageError('--key takes a key id, 16 hex digits');
  return text.toLowerCase();
}

interface Reading {
  readonly offsets: GroupOffsets;
  readonly transport: Transport;
  readonly usages: KeyUsages;
  readonly terminal: Terminal;
  readonly groupId: string;
}

async function readTopics(topics: readonly string[], reading: Reading): Promise<readonly TopicReport[]> {
  const { offsets, transport, usages, terminal, groupId } = reading;
  const counts = new Map<string, number>();
  // Of all topics first: a name that is wrong is not found out about after an hour.
  for (const topic of topics) counts.set(topic, await offsets.partitionCount(topic, REQUEST_TIMEOUT_MS));
  const ranges = new Map<string, LogRange>();
  const places = topics.flatMap((topic) =>
    Array.from({ length: counts.get(topic) ?? 0 }, (_, partition) => ({ topic, partition })),
  );
  const scan = new PartitionScan({
    clock: commandClock,
    createReader: () => transport.createReader({ groupId, clientIdSuffix: 'keys' }),
    logRange: async (place) => {
      const range = await offsets.logRange(place, REQUEST_TIMEOUT_MS);
      const name = nameOf(place);
      // It is asked for anew where retention passes by; the first answer is what is read up to.
      if (!ranges.has(name)) {
        ranges.set(name, range);
        if (place.partition === 0)
          terminal.note(`reading ${place.topic}, partitions: ${counts.get(place.topic) ?? 0}\n`);
      }
      return range;
    },
    visit: (record) => {
      usages.add(record);
    },
    givenUpUntil: () => undefined,
    signal: undefined,
  });
  await scan.run(places);
  return topics.map((topic) => ({
    topic,
    tally: usages.tallyOf(topic),
    partitions: places
      .filter((place) => place.topic === topic)
      .map((place) => ({ ...place, range: ranges.get(nameOf(place)) ?? { lowOffset: 0, highOffset: 0 } })),
  }));
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
