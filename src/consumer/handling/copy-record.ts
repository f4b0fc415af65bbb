import { createHash } from 'node:crypto';
import type { ErrorCode } from '../../core/error-codes.js';
import type { OutgoingRecord, ReceivedRecord, WireHeader } from '../../record/wire-record.js';

/** Why a record is copied, and for whom. */
export interface CopyReason {
  readonly code: ErrorCode;
  /** For people; holds no payload. */
  readonly detail: string | undefined;
  readonly groupId: string;
  readonly attempts: number;
  /** Whether it was handled again on purpose when it failed. */
  readonly replay: boolean;
}

/**
 * The copy of a record for a dead-letter or quarantine topic: key, value and headers as they were, and after
 * them `dlq-*` headers that say what happened, where, when and how often. Its timestamp is the time of
 * copying, or retention would delete the copy of an old record; the original's is in a header.
 */
export function copyOf(record: ReceivedRecord, target: string, reason: CopyReason, nowMs: number): OutgoingRecord {
  return {
    topic: target,
    partition: undefined,
    key: record.key,
    value: record.value,
    headers: [...record.headers, ...copyHeaders(record, reason, nowMs)],
    timestampMs: nowMs,
  };
}

/**
 * What takes the place of a copy that the broker refuses for good: where the original is, how large, and the
 * SHA-256 of its key and value. It has no key and no header of the original.
 */
export function pointerTo(record: ReceivedRecord, target: string, reason: CopyReason, nowMs: number): OutgoingRecord {
  const pointer = {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    keyBytes: record.key?.length ?? null,
    valueBytes: record.value?.length ?? null,
    headers: record.headers.length,
    keySha256: sha256(record.key),
    valueSha256: sha256(record.value),
    reason: reason.code,
  };
  return {
    topic: target,
    partition: undefined,
    key: Buffer.from(`${record.topic}/${record.partition}/${record.offset}`),
    value: Buffer.from(JSON.stringify(pointer)),
    headers: [...copyHeaders(record, reason, nowMs), header('dlq-pointer', '1')],
    timestampMs: nowMs,
  };
}

function copyHeaders(record: ReceivedRecord, reason: CopyReason, nowMs: number): WireHeader[] {
  const headers = [
    header('dlq-code', reason.code),
    header('dlq-group', reason.groupId),
    header('dlq-topic', record.topic),
    header('dlq-partition', String(record.partition)),
    header('dlq-offset', String(record.offset)),
    header('dlq-timestamp', String(record.timestampMs)),
    header('dlq-failed-at', String(nowMs)),
    header('dlq-attempts', String(reason.attempts)),
  ];
  if (reason.replay) headers.push(header('dlq-replay', '1'));
  if (reason.detail !== undefined) headers.push(header('dlq-reason', reason.detail));
  return headers;
}

function header(name: string, text: string): WireHeader {
  return { name, value: Buffer.from(text, 'utf8') };
}

function sha256(bytes: Buffer | null): string | null {
  return bytes === null ? null : createHash('sha256').update(bytes).digest('hex');
}
