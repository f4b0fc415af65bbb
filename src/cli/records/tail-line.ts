import type { GuardVerdict } from '../../consumer/handling/tenant-guard.js';
import type { ErrorCode } from '../../core/error-codes.js';
import type { ReceivedRecord } from '../../record/wire-record.js';
import { namedKeys } from '../keys/named-keys.js';
import { shownText } from '../output/shown-text.js';
import type { Paint } from '../output/style.js';
import { shownTime } from '../shown-time.js';
import { NO_CONTRACT, type OpenedRecord } from './record-opener.js';

/** A record of the tenant, or one that has its key and contradicts itself: of that nothing but its place is told. */
export type TailRecord =
  | { readonly record: ReceivedRecord; readonly guarded: OwnRecord; readonly opened: OpenedRecord }
  | { readonly record: ReceivedRecord; readonly violation: string };

type OwnRecord = Extract<GuardVerdict, { readonly kind: 'own' }>['record'];

/** For programs, one object a line. */
export function tailJson(one: TailRecord): object {
  const { topic, partition, offset, timestampMs } = one.record;
  const place = { topic, partition, offset, writtenAt: shownTime(timestampMs) };
  if ('violation' in one) return { ...place, state: 'violation', code: one.violation };
  const { guarded, opened, record } = one;
  const { tenantId: tenant, aggregateId, eventType, eventId } = guarded;
  const known = { ...place, tenant, aggregateId, eventType, eventId, valueBytes: record.value?.length ?? null };
  if (opened.state === 'closed') return { ...known, state: stateOf(record, opened.code), code: opened.code };
  const { data, timestamp, version, headers } = opened.event;
  return { ...known, state: 'opened', version, timestamp: timestamp.toISOString(), headers, data };
}

/** For people, one line. */
export function tailText(one: TailRecord, paint: Paint): string {
  const { topic, partition, offset, timestampMs } = one.record;
  const place = paint('quiet', `${shownTime(timestampMs)}  ${topic}/${partition}@${offset}`);
  if ('violation' in one) return `${place}  ${paint('bad', `not shown: ${one.violation}`)}\n`;
  const { guarded, opened } = one;
  const names = `${guarded.eventType}  ${shownText(guarded.aggregateId)}`;
  if (opened.state === 'opened') return `${place}  ${names}  ${shownText(textOf(opened.event.data))}\n`;
  const { code } = opened;
  return `${place}  ${names}  ${paint('warning', `${STATE_TEXT[stateOf(one.record, code)]}: ${code}`)}\n`;
}

/** Errors that come once a seal is open: the event itself is not what its contract says. */
const INVALID: ReadonlySet<string> = new Set<ErrorCode>([
  'PAYLOAD_INVALID',
  'SEALED_FIELDS_INVALID',
  'UNEXPECTED_TOMBSTONE',
  'UPCAST_FAILED',
]);
/** And those that come then where its bytes cannot be decoded here. */
const UNREADABLE: ReadonlySet<string> = new Set<ErrorCode>([
  'PAYLOAD_MALFORMED',
  'SCHEMA_REGISTRY_AWAY',
  'SCHEMA_REGISTRY_DENIED',
  'SCHEMA_UNKNOWN',
  'SCHEMA_MISMATCH',
]);

type ClosedState = 'no-contract' | 'sealed' | 'unreadable' | 'invalid';

/** What keeps a record closed: its seal, its bytes, or that it is not what its contract says. */
function stateOf(record: ReceivedRecord, code: string): ClosedState {
  if (code === NO_CONTRACT) return 'no-contract';
  if (INVALID.has(code)) return 'invalid';
  if (UNREADABLE.has(code)) return 'unreadable';
  return namedKeys(record).state === 'unsealed' ? 'unreadable' : 'sealed';
}

const STATE_TEXT: Readonly<Record<ClosedState, string>> = {
  'no-contract': 'not opened',
  sealed: 'sealed',
  unreadable: 'not readable',
  invalid: 'does not fit its contract',
};

function textOf(data: unknown): string {
  return data === null ? 'tombstone' : JSON.stringify(data);
}
