import { HEADER } from '../../record/header-names.js';
import type { ReceivedRecord, WireHeader } from '../../record/wire-record.js';

/** Where a record stood before it was copied, and how often its handler was tried. */
export interface Origin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly attempts: number;
  /** Whether it failed when it was handled again on purpose. */
  readonly replay: boolean;
}

/**
 * A copy in a dead-letter topic, taken apart. What it says of itself is for people and for filters: anybody who may
 * write to the topic may have made it up, so the record in it is guarded and opened like any other.
 */
export interface DeadLetter {
  /** With the headers that it had. */
  readonly record: ReceivedRecord;
  /** Why it failed, an error code. */
  readonly code: string;
  /** Type and version, as the record's header has them. */
  readonly eventType: string | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly failedAtMs: number | undefined;
  readonly origin: Origin;
}

/** The first of the headers that a copy adds after the record's own. */
const FIRST_HEADER = 'dlq-code';

/** @returns undefined where it is not a copy */
export function readDeadLetter(copy: ReceivedRecord): DeadLetter | undefined {
  const { headers } = copy;
  // The last, for the record may have had some of its own.
  const first = headers.findLastIndex(({ name }) => name === FIRST_HEADER);
  if (first < 0) return undefined;
  const added = headers.slice(first);
  const own = headers.slice(0, first);
  return {
    record: { ...copy, headers: own },
    code: textOf(added, FIRST_HEADER) ?? '',
    eventType: textOf(own, HEADER.eventType),
    failedAtMs: numberOf(added, 'dlq-failed-at'),
    origin: {
      topic: textOf(added, 'dlq-topic') ?? copy.topic,
      partition: numberOf(added, 'dlq-partition') ?? copy.partition,
      offset: numberOf(added, 'dlq-offset') ?? copy.offset,
      timestampMs: numberOf(added, 'dlq-timestamp') ?? copy.timestampMs,
      attempts: numberOf(added, 'dlq-attempts') ?? 0,
      replay: textOf(added, 'dlq-replay') === '1',
    },
  };
}

function textOf(headers: readonly WireHeader[], wanted: string): string | undefined {
  return headers.find(({ name }) => name === wanted)?.value.toString('latin1');
}

function numberOf(headers: readonly WireHeader[], wanted: string): number | undefined {
  const text = textOf(headers, wanted);
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
