// One run of a handler after the other, from what the members have written.
import type { Journal, Micros } from './journal.ts';

export interface Handling {
  readonly process: string;
  readonly partition: number;
  readonly offset: number;
  readonly tenants: readonly string[];
  readonly keys: readonly string[];
  readonly id: string;
  /** It is handled again on purpose. */
  readonly isReplay: boolean;
  /** It is a dead letter: its place is among those. */
  readonly isRedriven: boolean;
  readonly from: Micros;
  /** When the handler returned, or gave the record up; undefined where it failed, or its process was killed before. */
  done?: Micros;
  isGivenUp: boolean;
}

/** All of them, in the order in which they began, and what no single process may do. */
export function handlingsOf(journals: readonly Journal[]): {
  readonly handlings: Handling[];
  readonly wrongs: string[];
} {
  const handlings: Handling[] = [];
  const wrongs: string[] = [];
  for (const { process, entries } of journals) {
    const running = new Map<string, Handling>();
    const lanes = new Map<string, string>();
    for (const entry of entries) {
      if (entry.kind !== 'start' && entry.kind !== 'end' && entry.kind !== 'fail') continue;
      const log = entry.redriven === true ? `dead letters ${entry.partition}` : String(entry.partition);
      const place = `${log}/${entry.offset}`;
      if (entry.kind === 'start') {
        const { partition, offset, tenants, keys, at, id = '' } = entry;
        const lane = `${log}/${tenants[0] ?? ''}:${keys[0] ?? ''}`;
        const before = lanes.get(lane);
        if (before !== undefined) wrongs.push(`${process}: ${place} began while ${before} of its key still ran`);
        lanes.set(lane, place);
        const kind = { isReplay: entry.replay === true, isRedriven: entry.redriven === true, isGivenUp: false };
        const handling: Handling = { process, partition, offset, tenants, keys, id, ...kind, from: at };
        running.set(place, handling);
        handlings.push(handling);
        continue;
      }
      const handling = running.get(place);
      if (handling === undefined) {
        wrongs.push(`${process}: the end of ${place}, which had not begun`);
        continue;
      }
      running.delete(place);
      lanes.delete(`${log}/${handling.tenants[0] ?? ''}:${handling.keys[0] ?? ''}`);
      if (entry.kind === 'end') {
        handling.done = entry.at;
        if (entry.tenant !== handling.tenants[0]) wrongs.push(`${process}: ${place} ended under another tenant`);
      } else if (entry.isGivenUp === true) {
        handling.done = entry.at;
        handling.isGivenUp = true;
      }
    }
  }
  return { handlings: handlings.sort((one, other) => one.from - other.from), wrongs };
}
