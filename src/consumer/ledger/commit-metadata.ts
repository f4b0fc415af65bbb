import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { OffsetRun } from './offset-runs.js';
import type { Owner } from './record-owner.js';
import { pushUint32, pushVarint, VarintReader } from './varint.js';

// The metadata committed beside a watermark, so that the next owner redelivers only what was unfinished.
//
//   "t1" ‖ base64url( crc32 u32 ‖ log hash 8 ‖ varint watermark ‖ varint (head − watermark)
//        ‖ varint cursors { fingerprint u32, varint (cursor − watermark) }
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

/** More cursors than fit into any metadata. */
const MAX_CURSORS = 10_000;

/** Extension: when the group began, in milliseconds since the Unix epoch, as a varint. */
const BEGAN_AT = 1;
/** Extension: up to which offset the group's control topic is obeyed, as a varint. */
const CONTROL_OFFSET = 2;
/** Extension: a replay under way: varints of `until` and `resume` − `until`, then the tenant's id. */
const REPLAY = 3;
/** Extension: a skip below whose end something is unfinished or not read: a varint of its end, then the tenant's id. */
const SKIP = 4;

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

/** What is told beside the progress. */
export interface RecordedNotes {
  /** When a group that reads from the latest record began: what was written since is its to read, in every partition. */
  readonly beganAtMs?: number | undefined;
  /** Up to which offset of the group's control topic all is obeyed in this partition. */
  readonly controlOffset?: number | undefined;
  /** Tenants whose records are handled again on purpose. */
  readonly replays?: readonly RecordedReplay[] | undefined;
  /** Tenants whose records that are awaited, or were not read yet, are passed over on purpose up to an offset. */
  readonly skips?: readonly { readonly owner: Owner; readonly until: number }[] | undefined;
}

/** A replay under way: the tenant's cursor goes from where it is to `until`, then jumps to `resume`. */
export interface RecordedReplay {
  readonly owner: Owner;
  readonly until: number;
  readonly resume: number;
}

/** What identifies a partition's log, so that metadata copied to another log is not believed. */
export function logHash(logIdentity: string): Buffer {
  return createHash('sha256').update(logIdentity).digest().subarray(0, HASH_BYTES);
}

/**
 * Writes progress into at most `maxCharacters`. What does not fit lowers the recorded head, and the entries
 * at or above it are dropped: what they stand for will be delivered again.
 *
 * @returns the text, the head that it records, and which part of the room the taken records need; an empty text,
 * and no fill, where not even the base fits
 */
export function encodeMetadata(
  progress: RecordedProgress,
  log: Buffer,
  maxCharacters: number,
  notes: RecordedNotes = {},
): { readonly text: string; readonly recordedHead: number; readonly fill: number } {
  const room = Math.floor(((maxCharacters - MAGIC.length - SENTINEL.length) * 3) / 4) - FIXED_BYTES;
  const extensions = encodeNotes(notes, room / 2);
  const maxBytes = room - extensions.length;
  const whole = encodeBody(progress, progress.head);
  const runBytes = whole.length - encodeBody({ ...progress, taken: [] }, progress.head).length;
  const fill = room > 0 ? runBytes / room : 0;
  const head = whole.length <= maxBytes ? progress.head : highestHead(progress, maxBytes);
  const body = head === progress.head ? whole : encodeBody(progress, head);
  if (body.length > maxBytes) return { text: '', recordedHead: progress.watermark, fill: 0 };
  const told = head === progress.head ? extensions : encodeNotes(notes, room / 2, head);
  const bytes = Buffer.concat([Buffer.alloc(CRC_BYTES), log, Buffer.from(body), Buffer.from(told)]);
  bytes.writeUInt32BE(crc32(bytes.subarray(CRC_BYTES)), 0);
  return { text: MAGIC + bytes.toString('base64url') + SENTINEL, recordedHead: head, fill };
}

/**
 * Reads metadata that was committed with `watermark` for the log with this hash.
 *
 * @returns undefined where it is not ours, is damaged, or belongs to another offset or log; nothing may be
 * skipped on it then
 */
export function decodeMetadata(
  text: string,
  watermark: number,
  log: Buffer,
): (RecordedProgress & RecordedNotes) | undefined {
  const bytes = payloadOf(text);
  if (bytes?.subarray(CRC_BYTES, FIXED_BYTES).equals(log) !== true) return undefined;
  const reader = new VarintReader(bytes, FIXED_BYTES);
  if (reader.next() !== watermark) return undefined;
  const head = watermark + reader.next();
  const cursors = readCursors(reader, watermark);
  const taken = readRuns(reader, watermark);
  const notes = readNotes(reader);
  const takenCount = taken.reduce((sum, run) => sum + run.length, 0);
  const end = taken.reduce((_, run) => run.start + run.length, watermark);
  if (reader.failed || takenCount > MAX_TAKEN || end > head) return undefined;
  if (cursors.length > MAX_CURSORS || cursors.some((cursor) => cursor.offset >= head)) return undefined;
  return { watermark, head, cursors, taken, ...notes };
}

/**
 * Why metadata is not believed: it has not our form, was damaged, or belongs to another partition or another offset.
 *
 * @returns undefined where `decodeMetadata` reads it
 */
export function metadataFault(
  text: string,
  watermark: number,
  log: Buffer,
): 'foreign' | 'damaged' | 'other-log' | 'other-offset' | undefined {
  if (decodeMetadata(text, watermark, log) !== undefined) return undefined;
  if (!text.startsWith(MAGIC)) return 'foreign';
  const bytes = payloadOf(text);
  if (bytes === undefined) return 'damaged';
  if (!bytes.subarray(CRC_BYTES, FIXED_BYTES).equals(log)) return 'other-log';
  return new VarintReader(bytes, FIXED_BYTES).next() === watermark ? 'damaged' : 'other-offset';
}

/** What metadata tells beside the progress, whatever offset it belongs to; nothing where it is not ours. */
export function notesIn(text: string, log: Buffer): RecordedNotes {
  const bytes = payloadOf(text);
  if (bytes === undefined) return {};
  const watermark = new VarintReader(bytes, FIXED_BYTES).next();
  return decodeMetadata(text, watermark, log) ?? {};
}

/** The bytes of metadata of ours that is whole. */
function payloadOf(text: string): Buffer | undefined {
  if (!text.startsWith(MAGIC)) return undefined;
  const end = text.search(END);
  const bytes = Buffer.from(text.slice(MAGIC.length, end < 0 ? undefined : end), 'base64url');
  if (bytes.length < FIXED_BYTES || bytes.readUInt32BE(0) !== crc32(bytes.subarray(CRC_BYTES))) return undefined;
  return bytes;
}

function readCursors(reader: VarintReader, watermark: number): RecordedCursor[] {
  const cursors: RecordedCursor[] = [];
  for (let left = reader.next(); left > 0 && !reader.failed; left -= 1) {
    cursors.push({ fingerprint: reader.uint32(), offset: watermark + reader.next() });
  }
  return cursors;
}

function readRuns(reader: VarintReader, watermark: number): OffsetRun[] {
  const runs: OffsetRun[] = [];
  let previousEnd = watermark;
  for (let left = reader.next(); left > 0 && !reader.failed; left -= 1) {
    const start = previousEnd + reader.next();
    const length = reader.next();
    runs.push({ start, length });
    previousEnd = start + length;
  }
  return runs;
}

function readNotes(reader: VarintReader): RecordedNotes {
  let beganAtMs: number | undefined;
  let controlOffset: number | undefined;
  const replays: RecordedReplay[] = [];
  const skips: { owner: Owner; until: number }[] = [];
  while (!reader.atEnd && !reader.failed) {
    const type = reader.next();
    const value = reader.part(reader.next());
    if (type === BEGAN_AT) beganAtMs = value.next();
    else if (type === CONTROL_OFFSET) controlOffset = value.next();
    else if (type === REPLAY) {
      const until = value.next();
      const resume = until + value.next();
      replays.push({ until, resume, owner: value.rest() as Owner });
    } else if (type === SKIP) {
      const until = value.next();
      skips.push({ until, owner: value.rest() as Owner });
    }
  }
  return {
    ...(beganAtMs !== undefined && { beganAtMs }),
    ...(controlOffset !== undefined && { controlOffset }),
    ...(replays.length > 0 && { replays }),
    ...(skips.length > 0 && { skips }),
  };
}

/** Replays and skips that find no room are left out: after a crash their records come as ordinary ones. */
function encodeNotes(
  { beganAtMs, controlOffset, replays = [], skips = [] }: RecordedNotes,
  maxBytes: number,
  recordedHead = Number.POSITIVE_INFINITY,
): number[] {
  const bytes: number[] = [];
  if (beganAtMs !== undefined) bytes.push(...extension(BEGAN_AT, [beganAtMs]));
  if (controlOffset !== undefined) bytes.push(...extension(CONTROL_OFFSET, [controlOffset]));
  const tenants: number[][] = [];
  for (const { owner, until, resume } of replays) {
    // Beyond the recorded head nothing is told of what runs: the owner comes by there again.
    const further = Math.max(0, Math.min(resume, recordedHead) - until);
    tenants.push(extension(REPLAY, [until, further], owner));
  }
  for (const { owner, until } of skips) tenants.push(extension(SKIP, [until], owner));
  for (const one of tenants) if (bytes.length + one.length <= maxBytes) bytes.push(...one);
  return bytes;
}

function extension(type: number, numbers: readonly number[], text = ''): number[] {
  const value: number[] = [];
  for (const number of numbers) pushVarint(value, number);
  value.push(...Buffer.from(text, 'latin1'));
  const bytes: number[] = [];
  pushVarint(bytes, type);
  pushVarint(bytes, value.length);
  return [...bytes, ...value];
}

/** The highest head that fits: everything below it is told by the entries below it. */
function highestHead(progress: RecordedProgress, maxBytes: number): number {
  const heads = [...progress.taken.map(({ start }) => start), ...progress.cursors.map(({ offset }) => offset)];
  heads.sort((a, b) => a - b);
  let low = 0;
  let high = heads.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (encodeBody(progress, heads[middle] ?? progress.watermark).length <= maxBytes) low = middle;
    else high = middle - 1;
  }
  return heads[low] ?? progress.watermark;
}

function encodeBody(progress: RecordedProgress, head: number): number[] {
  const bytes: number[] = [];
  const cursors = progress.cursors.filter((cursor) => cursor.offset < head);
  const taken = progress.taken.filter((run) => run.start < head);
  pushVarint(bytes, progress.watermark);
  pushVarint(bytes, head - progress.watermark);
  pushVarint(bytes, cursors.length);
  for (const cursor of cursors) {
    pushUint32(bytes, cursor.fingerprint);
    pushVarint(bytes, cursor.offset - progress.watermark);
  }
  pushVarint(bytes, taken.length);
  let previousEnd = progress.watermark;
  for (const run of taken) {
    const end = Math.min(run.start + run.length, head);
    pushVarint(bytes, run.start - previousEnd);
    pushVarint(bytes, end - run.start);
    previousEnd = end;
  }
  return bytes;
}
