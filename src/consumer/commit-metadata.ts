import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { OffsetRun } from './offset-runs.js';
import { pushVarint, VarintReader } from './varint.js';

// The metadata committed beside a watermark, so that the next owner redelivers only what was unfinished.
//
//   "t1" ‖ base64url( crc32 u32 ‖ log hash 8 ‖ varint watermark ‖ varint (head − watermark)
//        ‖ varint cursors { fingerprint u32 as varint, varint (cursor − watermark) }
//        ‖ varint runs { varint gap since the end of the run before, varint length }
//        ‖ extensions { varint type, varint length, bytes } ) ‖ "."
//
// All of it is ASCII and it ends in a sentinel that may be missing, because the client appends a NUL, cuts at an
// inner NUL and may chop the last character. The CRC covers everything after itself. Extensions of a later version are
// skipped, so that a rollback still reads the base.

const MAGIC = 't1';
const SENTINEL = '.';
/** The sentinel, or what the client put in its place. */
const END = /[.\0]/;
const CRC_BYTES = 4;
const HASH_BYTES = 8;
const FIXED_BYTES = CRC_BYTES + HASH_BYTES;

/** The most characters of metadata that are written: a Kafka broker takes 4,095 by default. */
export const MAX_METADATA_CHARACTERS = 4_000;

/** More taken records than any consumer holds: metadata that says so is not believed. */
const MAX_TAKEN = 1_000_000;

/** Where a parked tenant's reading stands, by a fingerprint of the tenant; a collision only redelivers. */
export interface RecordedCursor {
  readonly fingerprint: number;
  readonly offset: number;
}

/** How far a partition is, beyond its watermark. */
export interface RecordedProgress {
  /** Below it everything is finished. */
  readonly watermark: number;
  /** At and above it nothing was begun. */
  readonly head: number;
  /** Parked tenants' cursors, below the head. */
  readonly cursors: readonly RecordedCursor[];
  /** Taken offsets that were not finished, below the head. */
  readonly taken: readonly OffsetRun[];
}

/** What identifies a partition's log, so that metadata copied to another log is not believed. */
export function logHash(logIdentity: string): Buffer {
  return createHash('sha256').update(logIdentity).digest().subarray(0, HASH_BYTES);
}

/**
 * Writes progress into at most `maxCharacters`. What does not fit lowers the recorded head, and the entries
 * at or above it are dropped: they will be delivered again.
 *
 * @returns the text, and the head that it records; an empty text where not even the base fits
 */
export function encodeMetadata(
  progress: RecordedProgress,
  log: Buffer,
  maxCharacters: number,
): { readonly text: string; readonly recordedHead: number } {
  const maxBytes = Math.floor(((maxCharacters - MAGIC.length - SENTINEL.length) * 3) / 4) - FIXED_BYTES;
  const { head, taken } = fit(progress, maxBytes);
  const body = encodeBody(progress, head, taken);
  if (body.length > maxBytes) return { text: '', recordedHead: progress.watermark };
  const bytes = Buffer.concat([Buffer.alloc(CRC_BYTES), log, Buffer.from(body)]);
  bytes.writeUInt32BE(crc32(bytes.subarray(CRC_BYTES)), 0);
  return { text: MAGIC + bytes.toString('base64url') + SENTINEL, recordedHead: head };
}

/**
 * Reads metadata that was committed with `watermark` for the log with this hash.
 *
 * @returns undefined where it is not ours, is damaged, or belongs to another offset or log; nothing may be
 * skipped on it then
 */
export function decodeMetadata(text: string, watermark: number, log: Buffer): RecordedProgress | undefined {
  if (!text.startsWith(MAGIC)) return undefined;
  const end = text.search(END);
  const bytes = Buffer.from(text.slice(MAGIC.length, end < 0 ? undefined : end), 'base64url');
  if (bytes.length < FIXED_BYTES || bytes.readUInt32BE(0) !== crc32(bytes.subarray(CRC_BYTES))) return undefined;
  if (!bytes.subarray(CRC_BYTES, FIXED_BYTES).equals(log)) return undefined;
  const reader = new VarintReader(bytes, FIXED_BYTES);
  if (reader.next() !== watermark) return undefined;
  const head = watermark + reader.next();
  const cursors: RecordedCursor[] = [];
  for (let left = reader.next(); left > 0 && !reader.failed; left -= 1) {
    cursors.push({ fingerprint: reader.next(), offset: watermark + reader.next() });
  }
  const taken: OffsetRun[] = [];
  let previousEnd = watermark;
  let takenCount = 0;
  for (let left = reader.next(); left > 0 && !reader.failed; left -= 1) {
    const start = previousEnd + reader.next();
    const length = reader.next();
    taken.push({ start, length });
    takenCount += length;
    previousEnd = start + length;
  }
  while (!reader.atEnd && !reader.failed) {
    reader.next();
    reader.skip(reader.next());
  }
  if (reader.failed || takenCount > MAX_TAKEN || previousEnd > head || cursors.some((cursor) => cursor.offset > head))
    return undefined;
  return { watermark, head, cursors, taken };
}

function fit(
  progress: RecordedProgress,
  maxBytes: number,
): { readonly head: number; readonly taken: readonly OffsetRun[] } {
  const whole = encodeBody(progress, progress.head, progress.taken);
  if (whole.length <= maxBytes) return progress;
  let low = 0;
  let high = progress.taken.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (encodeBody(progress, headAfter(progress, middle), progress.taken.slice(0, middle)).length <= maxBytes)
      low = middle;
    else high = middle - 1;
  }
  return { head: headAfter(progress, low), taken: progress.taken.slice(0, low) };
}

/** The head that can be recorded with the first `count` runs: everything below it is told by them. */
function headAfter(progress: RecordedProgress, count: number): number {
  return progress.taken[count]?.start ?? progress.head;
}

function encodeBody(progress: RecordedProgress, head: number, taken: readonly OffsetRun[]): number[] {
  const bytes: number[] = [];
  const cursors = progress.cursors.filter((cursor) => cursor.offset < head);
  pushVarint(bytes, progress.watermark);
  pushVarint(bytes, head - progress.watermark);
  pushVarint(bytes, cursors.length);
  for (const cursor of cursors) {
    pushVarint(bytes, cursor.fingerprint);
    pushVarint(bytes, cursor.offset - progress.watermark);
  }
  pushVarint(bytes, taken.length);
  let previousEnd = progress.watermark;
  for (const run of taken) {
    pushVarint(bytes, run.start - previousEnd);
    pushVarint(bytes, run.length);
    previousEnd = run.start + run.length;
  }
  return bytes;
}
