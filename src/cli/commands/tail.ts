import { ownerOf } from '../../consumer/ledger/record-owner.js';
import { TenantGuard } from '../../consumer/handling/tenant-guard.js';
import { parseTenantId, type TenantId } from '../../core/tenant-id.js';
import type { ReceivedRecord } from '../../record/wire-record.js';
import { assertKnownTenant } from '../../tenant/directory.js';
import type { GroupOffsets, StartPosition } from '../../transport/port.js';
import { clusterOf, EVENT_HELP, EVENT_OPTIONS, withOffsets } from '../cluster.js';
import { parseCommandLine, parseCount, usageError, type Command } from '../command.js';
import { parseTarget, targetOffset, type ResetTarget } from '../cursors/reset-target.js';
import { EXIT_CODES } from '../exit-codes.js';
import { paintFor } from '../output/style.js';
import { follow } from '../records/record-follower.js';
import { wholeTopics } from '../records/read-range.js';
import { RecordOpener } from '../records/record-opener.js';
import { tailJson, tailText, type TailRecord } from '../records/tail-line.js';

const HELP = `<tenant> <topic> [options]

Shows the records of one tenant as they are written, and never one of another tenant.
What the contracts and keys of the settings open is shown as data, and of the rest why
it is not: sealed, not readable, or an event that opens and does not fit its contract.
A record that has the tenant's key and contradicts itself is told by its place alone.
It joins no group and changes nothing. Ctrl-C ends it.

It shows a tenant's data to whoever runs it: give keys only to those who may see them.

Options:
  --from <target>       earliest, latest (the default), an offset, or a time in ISO
                        8601 with its zone
  --limit <n>           end after so many records
  --no-follow           end where the topic ends now
  --group <id>          the consumer group whose permission to read is used; it is
                        neither joined nor changed; default: tenantry-cli
${EVENT_HELP}  --json                for programs: one object a line; "state" is opened, sealed,
                        unreadable, invalid, no-contract or violation
  -h, --help            show this

${EXIT_CODES}
Examples:
  tenantry tail acme orders --from earliest --limit 10
  tenantry tail acme orders --contracts dist/contracts.js --key-file keys.json
`;

const OPTIONS = {
  ...EVENT_OPTIONS,
  from: { type: 'string', default: 'latest' },
  limit: { type: 'string' },
  'no-follow': { type: 'boolean', default: false },
  group: { type: 'string', default: 'tenantry-cli' },
  json: { type: 'boolean', default: false },
} as const;

/** `tenantry tail`: a tenant's records as they are written. */
export const tail: Command = {
  words: ['tail'],
  summary: "show a tenant's records as they are written",
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    const [id = '', topic = '', ...more] = positionals;
    if (id === '' || topic === '') throw usageError('a tenant and a topic are needed');
    if (more.length > 0) throw usageError('one topic at a time');
    if (values.group === '') throw usageError('--group needs a group');
    const tenantId = parseTenantId(id);
    const target = parseTarget(values.from, '--from');
    let left = values.limit === undefined ? Infinity : parseCount(values.limit, '--limit');
    const cluster = await clusterOf(values);
    assertKnownTenant(cluster.client.directory, tenantId);
    const opener = await RecordOpener.of(cluster);
    const guard = new TenantGuard(tenantId, cluster.client.directory);
    const paint = paintFor(terminal);
    const { transport } = cluster;
    try {
      await withOffsets(cluster, values.group, async (offsets) => {
        const { positions, ends } = await startsOf(offsets, topic, target);
        await follow(positions, {
          transport,
          groupId: values.group,
          signal: terminal.interrupted?.(),
          untilOffsets: values['no-follow'] ? ends : undefined,
          visit: async (record) => {
            const shown = await recordOf(tenantId, record, guard, opener);
            if (shown === undefined) return true;
            terminal.out(values.json ? `${JSON.stringify(tailJson(shown))}\n` : tailText(shown, paint));
            left -= 1;
            return left > 0;
          },
        });
      });
    } finally {
      opener.close();
    }
  },
};

/** What is shown of a record; undefined where it is not the tenant's. */
async function recordOf(
  tenantId: TenantId,
  record: ReceivedRecord,
  guard: TenantGuard,
  opener: RecordOpener,
): Promise<TailRecord | undefined> {
  if (ownerOf(record.key) !== tenantId) return undefined;
  const verdict = guard.check(record);
  if (verdict.kind === 'foreign') return undefined;
  if (verdict.kind === 'violation') return { record, violation: verdict.code };
  return { record, guarded: verdict.record, opened: await opener.open(record, verdict.record, record.topic) };
}

async function startsOf(
  offsets: GroupOffsets,
  topic: string,
  target: ResetTarget,
): Promise<{ readonly positions: readonly StartPosition[]; readonly ends: ReadonlyMap<number, number> }> {
  const positions: StartPosition[] = [];
  const ends = new Map<number, number>();
  for (const { partition, from, until } of await wholeTopics(offsets, [topic])) {
    const range = { lowOffset: from, highOffset: until };
    const wanted = typeof target === 'object' && 'offset' in target ? target.offset : undefined;
    // Partitions are of different length: an offset that one does not have is its nearest end.
    const offset =
      wanted === undefined
        ? await targetOffset(target, { topic, partition, range }, offsets)
        : Math.min(Math.max(wanted, range.lowOffset), range.highOffset);
    positions.push({ topic, partition, offset, leaderEpoch: undefined });
    ends.set(partition, range.highOffset);
  }
  return { positions, ends };
}
