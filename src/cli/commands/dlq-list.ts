import { parseTenantId } from '../../core/tenant-id.js';
import { clusterOf, CONNECTION_HELP, CONNECTION_OPTIONS } from '../cluster.js';
import { parseCommandLine, usageError, type Command, type Terminal } from '../command.js';
import { findDeadLetterTopics } from '../dlq/dead-letter-topics.js';
import { LetterCounts, type LetterCount } from '../dlq/letter-counts.js';
import { exitCodeOf, noteNotRead } from '../dlq/not-read.js';
import { readLetters } from '../dlq/read-letters.js';
import { EXIT_CODES, PARTIAL_EXIT_CODE } from '../exit-codes.js';
import { parseGroupId } from '../group-id.js';
import { paintFor } from '../output/style.js';
import { table, type Column } from '../output/table.js';
import { shownTime } from '../shown-time.js';

const HELP = `[options]

Counts the dead letters of the cluster by consumer group, topic, tenant and reason. It
reads every dead-letter topic that it may describe from end to end, opens and changes
nothing. One that it may not read is named, with what it needs, and the others are
listed. REDRIVEN are those that a redrive was for already: they stay in the topic, and
who may not read the group's control topic does not know them. What records say of
themselves is not authenticated.

Options:
  --group <id>          only of this group, as Kafka knows it: _shared.<group>
  --topic <topic>       only of events of this topic
  --tenant <id>         only this tenant's; may be given several times
${CONNECTION_HELP}  --json                for programs: {"topics": [...], "notRead": [...],
                        "deadLetters": [...]}
  -h, --help            show this

${EXIT_CODES}${PARTIAL_EXIT_CODE}
Examples:
  tenantry dlq list
  tenantry dlq list --group _shared.order-processor --tenant acme --json
`;

const OPTIONS = {
  ...CONNECTION_OPTIONS,
  group: { type: 'string' },
  topic: { type: 'string' },
  tenant: { type: 'string', multiple: true },
  json: { type: 'boolean', default: false },
} as const;

const COLUMNS: readonly Column<LetterCount>[] = [
  { name: 'GROUP', cell: ({ group }) => group },
  { name: 'TOPIC', cell: ({ topic }) => topic },
  { name: 'TENANT', cell: ({ tenant }) => tenant },
  { name: 'REASON', cell: ({ code }) => code },
  { name: 'RECORDS', cell: ({ records }) => records },
  { name: 'REDRIVEN', cell: ({ redriven }) => redriven ?? 'not known' },
  { name: 'LAST FAILED', cell: ({ lastMs }) => shownTime(lastMs) },
];

/** `tenantry dlq list`: how many dead letters there are. */
export const dlqList: Command = {
  words: ['dlq', 'list'],
  summary: 'count dead letters by group, topic, tenant and reason',
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    if (positionals.length > 0) throw usageError('dlq list takes no arguments; --tenant names a tenant');
    const tenants = values.tenant && new Set<string>(values.tenant.map(parseTenantId));
    const group = values.group === undefined ? undefined : parseGroupId(values.group);
    const cluster = await clusterOf(values);
    const topics = await findDeadLetterTopics(cluster, { group, topic: values.topic });
    const counts = new LetterCounts();
    const notRead = await readLetters(cluster, topics, (letter) => {
      if (tenants?.has(letter.owner) !== false) counts.add(letter);
    });
    const unread = new Set(notRead.letters.map(({ topic }) => topic));
    const read = topics.map(({ topic }) => topic).filter((topic) => !unread.has(topic));
    const all = counts.all(unread);
    if (values.json) {
      const deadLetters = all.map(({ lastMs, ...count }) => ({ ...count, lastFailedAt: shownTime(lastMs) }));
      const answer = { topics: read, notRead: [...notRead.letters, ...notRead.controls], deadLetters };
      terminal.out(`${JSON.stringify(answer)}\n`);
    } else {
      terminal.out(listText(all, topics.length, read.length, terminal));
      noteNotRead(notRead, terminal);
    }
    return exitCodeOf(notRead, topics.length);
  },
};

function listText(counts: readonly LetterCount[], found: number, read: number, terminal: Terminal): string {
  if (found === 0) return 'There is no such dead-letter topic, or none that may be described.\n';
  if (counts.length > 0) return table(COLUMNS, counts, paintFor(terminal));
  return read === found ? 'There are no such dead letters.\n' : 'There are no such dead letters in what was read.\n';
}
