import { isTenantId, type TenantId } from '../../core/tenant-id.js';
import { decodeUtf8 } from '../../core/utf8.js';
import type { OutgoingRecord, ReceivedRecord } from '../../record/wire-record.js';
import { placeName } from '../group/places.js';
import type { RedriveFilter } from './redrive-filter.js';
import type { UnreadableRange } from './unreadable-ranges.js';

/** Where in one partition a tenant is moved to. `from`: a replay begins there. `until`: it ends there; of a skip, reading goes on there. */
export interface Move {
  readonly from?: number;
  readonly until: number;
}

/** What the members of a group are told. */
export type Control = TenantControl | ({ readonly kind: 'unreadable' } & UnreadableRange);

/**
 * What they are told about a tenant. `pause`: whether its handlers rest. `replay`: its records of
 * these partitions are handled again. `skip`: they are passed over. `redrive`: its dead letters are handled again.
 */
export type TenantControl =
  | { readonly kind: 'pause'; readonly tenantId: TenantId; readonly paused: boolean }
  | {
      readonly kind: 'replay' | 'skip';
      readonly tenantId: TenantId;
      /** By `{topic}/{partition}`. */
      readonly partitions: ReadonlyMap<string, Move>;
    }
  | {
      readonly kind: 'redrive';
      readonly tenantId: TenantId;
      /** Of this redrive alone. */
      readonly id: string;
      /** The offset of the tenant's redrive before it, as far as its teller knew; −1 where there was none. */
      readonly after: number;
      /** What was dead-lettered later is not meant; milliseconds since the Unix epoch. */
      readonly toldAtMs: number;
      readonly filter: RedriveFilter;
      readonly partitions: ReadonlyMap<string, Move>;
    };

// The control topic is compacted. Its keys, and the JSON that stands under each:
//
//   pause:{tenant}                            {"paused":true}
//   move:{tenant}                             {"replay":{"orders/0":[from,until]}} or {"skip":{"orders/0":[until]}}
//   redrive:{tenant}:{id}                     {"redrive":{"{group}.orders.dlq/0":[from,until]},"after":-1,"toldAt":ms,"filter":{…}}
//   unreadable:{topic}/{partition}/{from}     {"until":offset}
//
// A move stays there: a partition that has obeyed it says so in its commit, and one that has not may be opened at any
// time. Redrives stay because they tell which dead letters are done with.

const PAUSE = 'pause:';
const MOVE = 'move:';
const REDRIVE = 'redrive:';
const UNREADABLE = 'unreadable:';

/** The record that tells a control to all members. */
export function encodeControl(topic: string, control: Control): OutgoingRecord {
  return {
    topic,
    partition: 0,
    key: Buffer.from(keyOf(control)),
    value: valueOf(control),
    headers: [],
    timestampMs: undefined,
  };
}

/** @returns undefined for what is not a control of this version */
export function decodeControl({ key, value }: Pick<ReceivedRecord, 'key' | 'value'>): Control | undefined {
  const name = (key === null ? undefined : decodeUtf8(key)) ?? '';
  if (name.startsWith(UNREADABLE)) return readUnreadable(name.slice(UNREADABLE.length), parsed(value));
  const kind = [PAUSE, MOVE, REDRIVE].find((prefix) => name.startsWith(prefix));
  const [tenantId, id = ''] = name.slice(kind?.length).split(':');
  if (kind === undefined || !isTenantId(tenantId)) return undefined;
  if (kind === PAUSE) return { kind: 'pause', tenantId, paused: property(parsed(value), 'paused') === true };
  const told = parsed(value);
  if (kind === REDRIVE) return readRedrive(tenantId, id, told);
  for (const move of ['replay', 'skip'] as const) {
    const partitions = readMoves(property(told, move), move);
    if (partitions !== undefined) return { kind: move, tenantId, partitions };
  }
  return undefined;
}

/** That a tenant is not paused needs no saying: a null takes it out of the topic. */
function valueOf(control: Control): Buffer | null {
  if (control.kind === 'unreadable') return Buffer.from(JSON.stringify({ until: control.until }));
  if (control.kind === 'pause') return control.paused ? Buffer.from(JSON.stringify({ paused: true })) : null;
  const moves = [...control.partitions].map(([place, { from, until }]) => [
    place,
    from === undefined ? [until] : [from, until],
  ]);
  const told = { [control.kind]: Object.fromEntries(moves) as object };
  if (control.kind !== 'redrive') return Buffer.from(JSON.stringify(told));
  const { after, toldAtMs: toldAt, filter } = control;
  return Buffer.from(JSON.stringify({ ...told, after, toldAt, filter }));
}

function keyOf(control: Control): string {
  if (control.kind === 'unreadable') return `${UNREADABLE}${placeName(control)}/${control.from}`;
  if (control.kind === 'redrive') return `${REDRIVE}${control.tenantId}:${control.id}`;
  return (control.kind === 'pause' ? PAUSE : MOVE) + control.tenantId;
}

function readUnreadable(name: string, told: unknown): Control | undefined {
  const [topic = '', partition, from] = name.split('/');
  const range = { topic, partition: Number(partition), from: Number(from), until: property(told, 'until') };
  const { until } = range;
  if (!isWhole(range.partition, 0) || !isWhole(range.from, 0) || !isWhole(until, 0)) return undefined;
  return { kind: 'unreadable', ...range, until };
}

function readRedrive(tenantId: TenantId, id: string, told: unknown): Control | undefined {
  const partitions = readMoves(property(told, 'redrive'), 'redrive');
  const [after, toldAtMs] = [property(told, 'after'), property(told, 'toldAt')];
  const filter = readFilter(property(told, 'filter'));
  if (partitions === undefined || filter === undefined || !isWhole(after, -1) || !isWhole(toldAtMs, 0))
    return undefined;
  return { kind: 'redrive', tenantId, id, after, toldAtMs, filter, partitions };
}

/** @returns undefined for a filter that this version does not know: it would let pass what is not meant */
function readFilter(value: unknown): RedriveFilter | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, part] of Object.entries(value)) {
    const isKnown =
      name === 'codes' || name === 'eventTypes'
        ? Array.isArray(part) && part.every((one) => typeof one === 'string')
        : (name === 'fromMs' || name === 'untilMs') && Number.isSafeInteger(part);
    if (!isKnown) return undefined;
  }
  return value;
}

function isWhole(value: unknown, least: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

function parsed(value: Buffer | null): unknown {
  try {
    return value === null ? undefined : JSON.parse(value.toString('utf8'));
  } catch {
    return undefined;
  }
}

function property(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
  return isObject ? (value as Record<string, unknown>)[name] : undefined;
}

function readMoves(
  value: unknown,
  kind: Exclude<TenantControl['kind'], 'pause'>,
): ReadonlyMap<string, Move> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const moves = new Map<string, Move>();
  for (const [place, offsets] of Object.entries(value)) {
    if (!Array.isArray(offsets) || !offsets.every((offset) => isWhole(offset, 0))) return undefined;
    const [first, second] = offsets;
    if (first === undefined) return undefined;
    if (kind === 'skip') moves.set(place, { until: first });
    else if (second !== undefined) moves.set(place, { from: first, until: second });
  }
  return moves;
}
