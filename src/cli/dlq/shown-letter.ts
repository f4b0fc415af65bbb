import { NOBODY } from '../../consumer/ledger/record-owner.js';
import { parseRecordKey } from '../../record/record-key.js';
import { namedKeys } from '../keys/named-keys.js';
import { shownText } from '../output/shown-text.js';
import type { OpenedRecord } from '../records/record-opener.js';
import { shownTime } from '../shown-time.js';
import type { FoundLetter } from './read-letters.js';

/** What is told of a dead letter without opening it. */
export interface ShownLetter {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly group: string;
  readonly tenant: string | null;
  readonly aggregateId: string | null;
  readonly eventType: string | null;
  readonly eventId: string | null;
  readonly code: string | null;
  readonly reason: string | null;
  readonly failedAt: string | null;
  readonly attempts: number | null;
  /** Where the record stood that failed. */
  readonly origin: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    readonly writtenAt: string;
  } | null;
  /** null where nobody knows. */
  readonly redriven: boolean | null;
  /** It only points at a record that was too large to be copied. */
  readonly pointer: boolean;
  readonly valueBytes: number | null;
  readonly seal: ReturnType<typeof namedKeys>['state'];
  readonly keyIds: readonly string[];
}

export function shownLetter({ topic, owner, copy, letter, wasRedriven }: FoundLetter): ShownLetter {
  const { state, keys } = namedKeys(letter?.record ?? copy);
  const text = (name: string): string | null =>
    copy.headers.findLast((header) => header.name === name)?.value.toString('utf8') ?? null;
  return {
    topic: topic.topic,
    partition: copy.partition,
    offset: copy.offset,
    group: topic.groupId,
    tenant: owner === NOBODY ? null : owner,
    aggregateId: parseRecordKey(copy.key)?.aggregateId ?? null,
    eventType: letter?.eventType ?? null,
    eventId: text('event-id'),
    code: letter?.code ?? null,
    reason: letter === undefined ? null : text('dlq-reason'),
    failedAt: letter?.failedAtMs === undefined ? null : shownTime(letter.failedAtMs),
    attempts: letter?.origin.attempts ?? null,
    origin:
      letter === undefined
        ? null
        : {
            topic: letter.origin.topic,
            partition: letter.origin.partition,
            offset: letter.origin.offset,
            writtenAt: shownTime(letter.origin.timestampMs),
          },
    redriven: wasRedriven,
    pointer: text('dlq-pointer') !== null,
    valueBytes: copy.value?.length ?? null,
    seal: state,
    keyIds: keys.map(({ keyId }) => keyId),
  };
}

/** For people. */
export function letterText(letter: ShownLetter, opened: OpenedRecord | undefined): string {
  const { origin } = letter;
  const seal = letter.keyIds.length === 0 ? letter.seal : `${letter.seal} under key ${letter.keyIds.join(', ')}`;
  const lines: (readonly [label: string, text: string | null])[] = [
    ['tenant', letter.tenant],
    ['event', [letter.eventType ?? '(no type)', letter.eventId ?? '(no id)', letter.aggregateId ?? ''].join('  ')],
    [
      'failed',
      `${letter.code ?? '(no dead letter)'}, ${letter.failedAt ?? 'at no time told'}, tries: ${letter.attempts ?? 0}`,
    ],
    ['reason', letter.reason],
    ['origin', origin && `${origin.topic}/${origin.partition}@${origin.offset}, written ${origin.writtenAt}`],
    ['value', `${letter.valueBytes === null ? 'none' : `${letter.valueBytes} bytes`}, ${seal}`],
    ['pointer', letter.pointer ? 'only points at its origin: the record was too large to be copied' : null],
    ['redriven', letter.redriven === null ? 'not known' : letter.redriven ? 'a redrive was for it' : null],
    ['data', opened === undefined ? null : openedText(opened)],
  ];
  const body = lines.map(([label, text]) => (text === null ? '' : `  ${label.padEnd(10)}${shownText(text)}\n`));
  return `${letter.topic}/${letter.partition}/${letter.offset}\n${body.join('')}`;
}

/** The same for programs. */
export function openedJson(opened: OpenedRecord): object {
  if (opened.state === 'closed') return opened;
  const { data, timestamp, version } = opened.event;
  return { state: 'opened', version, timestamp: timestamp.toISOString(), data };
}

function openedText(opened: OpenedRecord): string {
  if (opened.state === 'closed') return `not opened: ${opened.code}`;
  return opened.event.data === null ? 'tombstone' : JSON.stringify(opened.event.data);
}
