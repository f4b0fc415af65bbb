import { TenantGuard } from '../../consumer/handling/tenant-guard.js';
import { tenantryError } from '../../core/errors.js';
import { parseTenantId, type TenantId } from '../../core/tenant-id.js';
import { clusterOf, EVENT_HELP, EVENT_OPTIONS, type Cluster } from '../cluster.js';
import { parseCommandLine, parseCount, usageError, type Command } from '../command.js';
import { findDeadLetterTopics, type DeadLetterTopic } from '../dlq/dead-letter-topics.js';
import { exitCodeOf, noteNotRead } from '../dlq/not-read.js';
import { readLetterAt, readLetters, type FoundLetter, type NotRead, type RecordPlace } from '../dlq/read-letters.js';
import { letterText, openedJson, shownLetter } from '../dlq/shown-letter.js';
import { EXIT_CODES, PARTIAL_EXIT_CODE } from '../exit-codes.js';
import { parseGroupId } from '../group-id.js';
import { RecordOpener, type OpenedRecord } from '../records/record-opener.js';

const HELP = `<tenant> | <topic>/<partition>/<offset> [options]

Shows the dead letters of a tenant, the last that failed first, or the one at a place:
what failed, why, when, where it came from, and under which key it is sealed. Without
--open no payload is shown. It changes nothing. It fails where nothing stands at the
place. Of a tenant it goes on where it may not read a topic, and names that.

Options:
  --open                show the data of what the contracts and keys of the settings
                        open; of the rest why it is not
  --limit <n>           show so many at the most; default: 20
  --group <id>          only of this group, as Kafka knows it: _shared.<group>
  --topic <topic>       only of events of this topic
${EVENT_HELP}  --json                for programs: {"found", "notRead": [...],
                        "deadLetters": [...]}
  -h, --help            show this

${EXIT_CODES}${PARTIAL_EXIT_CODE}
Examples:
  tenantry dlq show acme --group _shared.order-processor
  tenantry dlq show _shared.order-processor.orders.dlq/0/17 --open
`;

const OPTIONS = {
  ...EVENT_OPTIONS,
  open: { type: 'boolean', default: false },
  limit: { type: 'string', default: '20' },
  group: { type: 'string' },
  topic: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

/** `tenantry dlq show`: what a dead letter says of itself. */
export const dlqShow: Command = {
  words: ['dlq', 'show'],
  summary: "show a tenant's dead letters, or one",
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    const [what = '', ...more] = positionals;
    if (what === '' || more.length > 0) throw usageError('a tenant, or the place of one dead letter, is needed');
    const limit = parseCount(values.limit, '--limit');
    const place = parsePlace(what);
    const tenantId = place === undefined ? parseTenantId(what) : undefined;
    const group = values.group === undefined ? undefined : parseGroupId(values.group);
    const cluster = await clusterOf(values);
    const opener = values.open ? await RecordOpener.of(cluster) : undefined;
    try {
      const topics = await findDeadLetterTopics(cluster, { group, topic: values.topic });
      const wanted = place === undefined ? topics : topics.filter(({ topic }) => topic === place.topic);
      if (wanted.length === 0) throw noTopic(place?.topic);
      const found = new LastLetters(limit);
      const notRead = await findLetters(cluster, wanted, { place, tenantId }, found);
      const guard = new TenantGuard(tenantId, cluster.client.directory);
      const letters = [];
      for (const letter of found.all()) letters.push({ letter, opened: opener && (await open(letter, guard, opener)) });
      if (values.json) {
        const deadLetters = letters.map(({ letter, opened }) => ({
          ...shownLetter(letter),
          ...(opened !== undefined && { opened: openedJson(opened) }),
        }));
        const all = [...notRead.letters, ...notRead.controls];
        terminal.out(`${JSON.stringify({ found: found.count, notRead: all, deadLetters })}\n`);
      } else {
        const texts = letters.map(({ letter, opened }) => letterText(shownLetter(letter), opened));
        terminal.out(texts.length === 0 ? 'There are no such dead letters.\n' : texts.join('\n'));
        if (found.count > letters.length) terminal.note(`${found.count - letters.length} more; --limit shows more\n`);
        noteNotRead(notRead, terminal);
      }
      return exitCodeOf(notRead, wanted.length);
    } finally {
      opener?.close();
    }
  },
};

/** The last that failed, in bounded memory. */
class LastLetters {
  count = 0;
  readonly #limit: number;
  #kept: FoundLetter[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(letter: FoundLetter): void {
    this.count += 1;
    this.#kept.push(letter);
    if (this.#kept.length >= this.#limit * 2) this.#kept = this.all();
  }

  all(): FoundLetter[] {
    const timeOf = ({ letter, copy }: FoundLetter): number => letter?.failedAtMs ?? copy.timestampMs;
    return this.#kept.toSorted((a, b) => timeOf(b) - timeOf(a)).slice(0, this.#limit);
  }
}

/** Finds the one at a place, or all of a tenant. */
async function findLetters(
  cluster: Cluster,
  topics: readonly DeadLetterTopic[],
  { place, tenantId }: { readonly place: RecordPlace | undefined; readonly tenantId: TenantId | undefined },
  found: LastLetters,
): Promise<NotRead> {
  const [topic] = topics;
  if (place !== undefined && topic !== undefined) {
    const { letter, notRead } = await readLetterAt(cluster, topic, place);
    found.add(letter);
    return notRead;
  }
  return readLetters(cluster, topics, (letter) => {
    if (letter.owner === tenantId) found.add(letter);
  });
}

/** @returns undefined where it is no place: no tenant id has a slash */
function parsePlace(text: string): RecordPlace | undefined {
  if (!text.includes('/')) return undefined;
  const [, topic, partition, offset] = /^([^/]+)\/(\d{1,9})\/(\d{1,15})$/.exec(text) ?? [];
  if (topic === undefined) throw usageError('a place is <topic>/<partition>/<offset>, of a dead-letter topic');
  return { topic, partition: Number(partition), offset: Number(offset) };
}

/** What a dead letter holds is guarded like any record: anybody who may write there may have made it up. */
async function open(
  { copy, letter, topic }: FoundLetter,
  guard: TenantGuard,
  opener: RecordOpener,
): Promise<OpenedRecord> {
  const record = letter?.record ?? copy;
  const verdict = guard.check(record);
  if (verdict.kind !== 'own') return { state: 'closed', code: verdict.kind === 'foreign' ? 'FOREIGN' : verdict.code };
  return opener.open(record, verdict.record, topic.logicalTopic);
}

function noTopic(topic: string | undefined): Error {
  const what =
    topic === undefined ? 'there is no such dead-letter topic' : `${topic} is no dead-letter topic that is there`;
  return tenantryError('TOPIC_NOT_FOUND', `${what}, or it may not be described`, {
    topics: topic === undefined ? [] : [topic],
  });
}
