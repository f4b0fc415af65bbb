import { tenantryError } from '../../core/errors.js';
import type { GroupOffsets } from '../../transport/port.js';
import { usageError } from '../command.js';
import { REQUEST_TIMEOUT_MS } from '../cluster.js';
import type { PartitionState } from './partition-state.js';

/** Where `--to` moves a group: an end of the log, an offset, or the first record at or after a time. */
export type ResetTarget = 'earliest' | 'latest' | { readonly offset: number } | { readonly timeMs: number };

type LogState = Pick<PartitionState, 'topic' | 'partition' | 'range'>;

const OFFSET = /^\d{1,16}$/;
/** ISO 8601. Without a zone a time would mean another one on every machine. */
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;

export function parseTarget(text: string, option = '--to'): ResetTarget {
  if (text === 'earliest' || text === 'latest') return text;
  if (OFFSET.test(text) && Number.isSafeInteger(Number(text))) return { offset: Number(text) };
  const timeMs = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(timeMs)) {
    throw usageError(`${option} takes earliest, latest, an offset, or a time such as 2026-11-28T09:30:00Z`);
  }
  return { timeMs };
}

/** The offset that a target means in one partition. Fails with `INVALID_STATE` for one that is not in its log. */
export async function targetOffset(target: ResetTarget, state: LogState, offsets: GroupOffsets): Promise<number> {
  const { lowOffset, highOffset } = state.range;
  if (target === 'earliest') return lowOffset;
  if (target === 'latest') return highOffset;
  if ('timeMs' in target) {
    // After the last record there is none; and what is written from now on is later.
    return (await offsets.offsetForTime(state, target.timeMs, REQUEST_TIMEOUT_MS)) ?? highOffset;
  }
  if (target.offset >= lowOffset && target.offset <= highOffset) return target.offset;
  throw notInLog(target.offset, state);
}

/** Nothing is set where one of the offsets is not in its log. */
export function notInLog(offset: number, { topic, partition, range }: LogState): Error {
  const ends = `${range.lowOffset} to ${range.highOffset}`;
  return tenantryError(
    'INVALID_STATE',
    `offset ${offset} is not in the log of ${topic}/${partition}, where ${ends} can be set; nothing was changed, and --partition leaves others out`,
  );
}
