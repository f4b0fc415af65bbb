// test/vectors/wire-format.json, as docs/wire-format.md tells of it.
import { readFileSync } from 'node:fs';
import type { WireHeader } from '../../src/record/wire-record.js';

/** A header: its name, and its value in hex. */
export type HexHeader = readonly [name: string, value: string];

/** What a record's clear parts say. */
export interface WireEvent {
  readonly tenant: string;
  readonly aggregateId: string;
  readonly type: string;
  readonly version: number;
  readonly eventId: string;
  readonly eventTimeMs: number | null;
  readonly publishTimeMs?: number;
}

interface WireVectors {
  readonly partitionCounts: readonly number[];
  readonly keys: readonly {
    readonly tenant: string;
    readonly aggregateId: string;
    readonly key: string;
    readonly partitions: readonly number[];
  }[];
  readonly refusedIdentities: readonly {
    readonly why: string;
    readonly tenant: string;
    readonly aggregateId: string;
    readonly code: string;
  }[];
  readonly records: readonly (HexRecord & { readonly name: string; readonly event: WireEvent })[];
  /** Records that no producer of ours writes so, and every consumer takes. */
  readonly readOnly: readonly (HexRecord & { readonly name: string; readonly event: WireEvent })[];
  readonly refusedRecords: readonly (HexRecord & { readonly why: string; readonly code: string })[];
}

/** A record's clear parts. */
export interface HexRecord {
  readonly key: string | null;
  readonly headers: readonly HexHeader[];
}

export const wireVectors = JSON.parse(
  readFileSync(new URL('../vectors/wire-format.json', import.meta.url), 'utf8'),
) as WireVectors;

export function wireHeaders(headers: readonly HexHeader[]): WireHeader[] {
  return headers.map(([name, value]) => ({ name, value: Buffer.from(value, 'hex') }));
}

export function hexHeaders(headers: readonly WireHeader[]): HexHeader[] {
  return headers.map(({ name, value }) => [name, value.toString('hex')]);
}

export function keyBytes(key: string | null): Buffer | null {
  return key === null ? null : Buffer.from(key, 'hex');
}
