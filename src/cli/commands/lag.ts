import { parseTenantId } from '../../core/tenant-id.js';
import { sharedGroupId } from '../../routing/naming.js';
import { assertKnownTenant } from '../../tenant/directory.js';
import { clusterOf, CONNECTION_HELP, EVENT_OPTIONS, withOffsets, type Cluster } from '../cluster.js';
import { commandClock } from '../command-clock.js';
import { parseCommandLine, parseCount, usageError, type Command } from '../command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { parseGroupId } from '../group-id.js';
import { groupLag } from '../lag/group-lag.js';
import { lagText } from '../lag/lag-text.js';
import { paintFor } from '../output/style.js';
import { unreadText } from '../records/unread-topic.js';

const HELP = `[<group> [<topic>...]] [options]

Tells how far behind a consumer group is, in each partition for each tenant: how many
records it has not finished, how many seconds ago the oldest of them was written, and
whether the tenant is parked or paused. It counts from what the group has committed,
which is as old as its last commit, and reads the records that are not finished, of
which only the keys are looked at. It changes nothing, and the group may run meanwhile.

The group is named as Kafka knows it: a worker's is _shared.<group>, a tenant's own
<tenant>.<group>. Without it, all worker groups of the settings; without topics, those
of the contracts of the settings.

Options:
  --tenant <id>         only this tenant; may be given several times
  --max-records <n>     read so many of a partition at the most; where there are more,
                        numbers are followed by a +, and whoever is not named there
                        may lag too; default: 1000000
  --contracts <path>    a module that exports event contracts; may be given several
                        times; default: "contracts" of the settings
${CONNECTION_HELP}  --json                for programs: {"groups": [{"group", "notRead": [...],
                        "partitions": [...]}]}; "paused" is null where not known
  -h, --help            show this

${EXIT_CODES}
Examples:
  tenantry lag _shared.order-processor orders --brokers localhost:9092
  tenantry lag --json
`;

const OPTIONS = {
  ...EVENT_OPTIONS,
  tenant: { type: 'string', multiple: true },
  'max-records': { type: 'string', default: '1000000' },
  json: { type: 'boolean', default: false },
} as const;

/** `tenantry lag`: how far behind groups and their tenants are. */
export const lag: Command = {
  words: ['lag'],
  summary: 'tell how far behind consumer groups and their tenants are',
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    const maxRecords = parseCount(values['max-records'], '--max-records');
    const tenants = values.tenant?.map(parseTenantId);
    const cluster = await clusterOf(values);
    for (const tenant of tenants ?? []) assertKnownTenant(cluster.client.directory, tenant);
    const { groupIds, topics } = await wanted(positionals, cluster);
    const counting = { nowMs: commandClock.nowMs(), maxRecords, tenants };
    const groups = [];
    for (const groupId of groupIds) {
      const measured = await withOffsets(cluster, groupId, (offsets) =>
        groupLag({ transport: cluster.transport, offsets, groupId }, topics, counting),
      );
      groups.push(measured);
    }
    if (values.json) {
      terminal.out(`${JSON.stringify({ groups })}\n`);
      return;
    }
    terminal.out(groups.map((group) => lagText(group, tenants, paintFor(terminal))).join('\n'));
    for (const { group, notRead } of groups)
      for (const unread of notRead)
        terminal.note(`Who of group ${group} is paused is not known: ${unreadText(unread)}\n`);
  },
};

async function wanted(
  [group, ...named]: readonly string[],
  { settings }: Cluster,
): Promise<{ readonly groupIds: readonly string[]; readonly topics: readonly string[] }> {
  if (named.includes('')) throw usageError('a topic is an empty text');
  const groupIds = group === undefined ? settings.groups.map(sharedGroupId) : [parseGroupId(group)];
  if (groupIds.length === 0) throw usageError('a group is missing, and the settings name no groups');
  const topics = named.length > 0 ? named : [...new Set((await settings.contracts()).map(({ topic }) => topic))];
  if (topics.length === 0) throw usageError('a topic is missing, and the settings have no contracts');
  return { groupIds, topics };
}
