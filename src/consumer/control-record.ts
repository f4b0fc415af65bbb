import { isTenantId, type TenantId } from '../core/tenant-id.js';
import { decodeUtf8 } from '../core/utf8.js';
import type { OutgoingRecord, ReceivedRecord } from '../record/wire-record.js';

/** Where in one partition a tenant is moved to. `from`: a replay begins there. `until`: it ends there; of a skip, reading goes on there. */
export interface Move {
  readonly from?: number;
  readonly until: number;
}

/**
 * What the members of a group are told about a tenant. `pause`: whether its handlers rest. `replay`: its records of
 * these partitions are handled again. `skip`: they are passed over.
 */
export type Control =
  | { readonly kind: 'pause'; readonly tenantId: TenantId; readonly paused: boolean }
  | {
      readonly kind: 'replay' | 'skip';
      readonly tenantId: TenantId;
      /** By `{topic}/{partition}`. */
      readonly partitions: ReadonlyMap<string, Move>;
    };

// The control topic is compacted: one key for whether a tenant is paused, one for where it was last moved. Values are
// JSON: {"paused":true}, or {"replay":{"orders/0":[from,until]}}, or {"skip":{"orders/0":[until]}}. A move stays there: a
// partition that has obeyed it says so in its commit, and one that has not may be opened at any time.

const PAUSE = 'pause:';
const MOVE = 'move:';

/** The record that tells a control to all members. */
export function encodeControl(topic: string, control: Control): OutgoingRecord {
  return {
    topic,
    partition: 0,
    key: Buffer.from((control.kind === 'pause' ? PAUSE : MOVE) + control.tenantId),
    value: valueOf(control),
    headers: [],
    timestampMs: undefined,
  };
}

/** @returns undefined for what is not a control of this version */
export function decodeControl({ key, value }: Pick<ReceivedRecord, 'key' | 'value'>): Control | undefined {
  const name = key === null ? undefined : decodeUtf8(key);
  const kind = name?.startsWith(PAUSE) === true ? PAUSE : MOVE;
  const tenantId = name?.slice(kind.length);
  if (name?.startsWith(kind) !== true || !isTenantId(tenantId)) return undefined;
  if (kind === PAUSE) return { kind: 'pause', tenantId, paused: property(parsed(value), 'paused') === true };
  const told = parsed(value);
  for (const move of ['replay', 'skip'] as const) {
    const partitions = readMoves(property(told, move), move);
    if (partitions !== undefined) return { kind: move, tenantId, partitions };
  }
  return undefined;
}

/** That a tenant is not paused needs no saying: a null takes it out of the topic. */
function valueOf(control: Control): Buffer | null {
  if (control.kind === 'pause') return control.paused ? Buffer.from(JSON.stringify({ paused: true })) : null;
  const moves = [...control.partitions].map(([place, { from, until }]) => [
    place,
    from === undefined ? [until] : [from, until],
  ]);
  return Buffer.from(JSON.stringify({ [control.kind]: Object.fromEntries(moves) as object }));
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

function readMoves(value: unknown, kind: 'replay' | 'skip'): ReadonlyMap<string, Move> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const moves = new Map<string, Move>();
  for (const [place, offsets] of Object.entries(value)) {
    if (!Array.isArray(offsets) || !offsets.every((offset) => Number.isSafeInteger(offset) && offset >= 0))
      return undefined;
    const [first, second] = offsets as number[];
    if (first === undefined) return undefined;
    if (kind === 'skip') moves.set(place, { until: first });
    else if (second !== undefined) moves.set(place, { from: first, until: second });
  }
  return moves;
}
