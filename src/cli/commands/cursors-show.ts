import { parseCommandLine, type Command } from '../command.js';
import { decodedForm } from '../cursors/decoded-form.js';
import { CONNECTION_HELP, CONNECTION_OPTIONS } from '../cluster.js';
import { withGroupOffsets } from '../cursors/group-connection.js';
import { parseGroupAndTopics } from '../cursors/group-and-topics.js';
import { readStates, type PartitionState } from '../cursors/partition-state.js';
import { showText } from '../cursors/show-text.js';
import { tenantNames, type TenantsOf } from '../cursors/tenant-names.js';
import { EXIT_CODES } from '../exit-codes.js';

const HELP = `<group> <topic>... [options]

Shows where a consumer group stands in every partition of the topics: the ends of
the log, the watermark that is committed, the head that is recorded beside it, and
what lies between them: parked tenants, records that are not finished, replays and
skips. It reads only, and the group may run meanwhile.

The group is named as Kafka knows it: a worker's is _shared.<group>, a tenant's own
<tenant>.<group>.

Options:
${CONNECTION_HELP}  --tenant <id>         name this tenant where it is parked, which is recorded by a
                        fingerprint only; may be given several times
  --tenants-from <path> the same for every line of a file
  --json                for programs: {"group", "partitions": [...]}
  -h, --help            show this

${EXIT_CODES}
Examples:
  tenantry cursors show _shared.order-processor orders --brokers localhost:9092
  tenantry cursors show acme.mailer orders --tenant acme --json
`;

const OPTIONS = {
  ...CONNECTION_OPTIONS,
  tenant: { type: 'string', multiple: true, default: [] as string[] },
  'tenants-from': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

/** `tenantry cursors show`: where a group stands. */
export const cursorsShow: Command = {
  words: ['cursors', 'show'],
  summary: 'show where a consumer group and its tenants stand',
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    const { groupId, topics } = parseGroupAndTopics(positionals);
    const tenantsOf = tenantNames(values.tenant, values['tenants-from']);
    const states = await withGroupOffsets(values, groupId, (offsets) => readStates(offsets, topics));
    if (values.json) {
      const partitions = states.map((state) => shownJson(state, tenantsOf));
      terminal.out(`${JSON.stringify({ group: groupId, partitions })}\n`);
    } else {
      terminal.out(`group ${groupId}\n\n${states.map((state) => showText(state, tenantsOf)).join('\n')}`);
    }
  },
};

function shownJson(
  { topic, partition, range, committed, progress, fault }: PartitionState,
  tenantsOf: TenantsOf,
): object {
  return {
    topic,
    partition,
    log: { low: range.lowOffset, high: range.highOffset },
    watermark: committed?.offset ?? null,
    leaderEpoch: committed?.leaderEpoch ?? null,
    metadataIgnored: fault ?? null,
    recorded: progress === undefined ? null : decodedForm(progress, tenantsOf),
  };
}
