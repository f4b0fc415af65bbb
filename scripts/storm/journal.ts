// What processes have written down, and what was done to them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Microseconds of the machine's monotonic clock, which all processes share. */
export type Micros = number;

interface Place {
  readonly partition: number;
  readonly offset: number;
}

/** Where a handled record stands; where it is redriven, among the group's dead letters. */
type HandledPlace = Place & { readonly redriven?: boolean };

/** What a group is told about a tenant. */
export type Command = 'pause' | 'resume' | 'replay' | 'redrive';

export type Entry = { readonly at: Micros } & (
  | ({
      readonly kind: 'start';
      readonly tenants: readonly string[];
      readonly keys: readonly string[];
      /** The event's. */
      readonly id?: string;
      /** It is handled again on purpose. */
      readonly replay?: boolean;
    } & HandledPlace)
  | ({ readonly kind: 'end'; readonly tenant: string } & HandledPlace)
  | ({ readonly kind: 'fail'; readonly isGivenUp?: boolean } & HandledPlace)
  | { readonly kind: 'told' | 'confirmed'; readonly command: Command; readonly tenant: string }
  | ({
      readonly kind: 'log';
      readonly event: string;
      readonly lost?: boolean;
      readonly reason?: string;
    } & Partial<Place>)
  | { readonly kind: 'health'; readonly status: string; readonly reasons: readonly string[] }
  | { readonly kind: 'stopped'; readonly uncommitted: number; readonly unfinished: number }
  | ({ readonly kind: 'acked'; readonly tenant: string; readonly key: string } & Place)
  | { readonly kind: 'refused'; readonly code: string }
);

/** A process by its name, and what it has written. */
export interface Journal {
  readonly process: string;
  readonly entries: readonly Entry[];
}

/** What was done to a process, or to the broker (`process` undefined). */
export interface Disruption {
  readonly kind: 'kill' | 'pause' | 'leave' | 'broker';
  readonly process?: string;
  readonly from: Micros;
  readonly to: Micros;
}

/** What the group had committed for a partition, seen from outside. */
export interface SeenCommit {
  /** When it was known: everything that it tells was so before. */
  readonly at: Micros;
  readonly partition: number;
  readonly offset: number;
  readonly metadata: string;
}

/** A record of the log. */
export interface LoggedRecord extends Place {
  /** `{tenant}:{aggregate}`. */
  readonly key: string;
  /** The event's. */
  readonly id: string;
}

export function now(): Micros {
  return Number(process.hrtime.bigint() / 1_000n);
}

export function readJournals(folder: string): Journal[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.journal'))
    .map((name) => {
      // A process that was killed may have left half a line: what it would tell had not happened yet.
      const lines = readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1);
      return { process: name.slice(0, -'.journal'.length), entries: lines.map((line) => JSON.parse(line) as Entry) };
    });
}
