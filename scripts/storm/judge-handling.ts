// Whether every record was handled, as the tenant's that it is, in the order of its key.
import type { Handling } from './handlings.ts';
import type { Journal, LoggedRecord, Micros } from './journal.ts';

export interface HandlingJudgement {
  readonly acknowledged: number;
  /** Starts of a record after a later one of its key had begun: its key was rewound. */
  readonly rewound: number;
  /** Starts while another process ran a handler of the key: a stalled former owner. */
  readonly overlapping: number;
  readonly wrongs: readonly string[];
}

/** When the handler of each place first returned. */
export type FirstDone = ReadonlyMap<string, Micros>;

export function firstDoneOf(handlings: readonly Handling[]): FirstDone {
  const first = new Map<string, Micros>();
  for (const { partition, offset, done = Infinity } of handlings) {
    const place = `${partition}/${offset}`;
    first.set(place, Math.min(done, first.get(place) ?? Infinity));
  }
  return first;
}

/** @param records - the whole log */
export function judgeHandling(
  records: readonly LoggedRecord[],
  handlings: readonly Handling[],
  journals: readonly Journal[],
): HandlingJudgement {
  const firstDone = firstDoneOf(handlings);
  const keys = new Map(records.map(({ partition, offset, key }) => [`${partition}/${offset}`, key]));
  const wrongs: string[] = [];

  let acknowledged = 0;
  const missing = new Map<string, number>();
  for (const { partition, key } of records)
    missing.set(`${partition} ${key}`, (missing.get(`${partition} ${key}`) ?? 0) - 1);
  for (const entry of journals.flatMap(({ entries }) => entries)) {
    if (entry.kind !== 'acked') continue;
    acknowledged += 1;
    const lane = `${entry.partition} ${entry.tenant}:${entry.key}`;
    missing.set(lane, (missing.get(lane) ?? 0) + 1);
    if (entry.offset < 0) continue; // it was there already when it was sent again, and nobody tells where
    const place = `${entry.partition}/${entry.offset}`;
    if (keys.get(place) !== `${entry.tenant}:${entry.key}`)
      wrongs.push(
        `${place} was acknowledged for ${entry.tenant}:${entry.key}, and the log has ${String(keys.get(place))}`,
      );
  }
  for (const [lane, count] of missing) {
    if (count > 0) wrongs.push(`${count} records of ${lane} were acknowledged and are not in the log`);
  }
  for (const [place, key] of keys) {
    if ((firstDone.get(place) ?? Infinity) === Infinity) wrongs.push(`${place} of ${key} was never handled`);
  }
  for (const { process, partition, offset, tenants, keys: told } of handlings) {
    const place = `${partition}/${offset}`;
    const key = keys.get(place);
    if (tenants.some((tenant) => told.some((aggregate) => `${tenant}:${aggregate}` !== key)))
      wrongs.push(`${process}: ${place} of ${String(key)} was handled as ${tenants.join(', ')}: ${told.join(', ')}`);
  }
  return { acknowledged, ...judgeOrder(records, handlings, firstDone, wrongs), wrongs };
}

function judgeOrder(
  records: readonly LoggedRecord[],
  handlings: readonly Handling[],
  firstDone: FirstDone,
  wrongs: string[],
): { readonly rewound: number; readonly overlapping: number } {
  const mayBegin = earliestStarts(records, firstDone);
  const newest = new Map<string, number>();
  const last = new Map<string, Handling>();
  let rewound = 0;
  let overlapping = 0;
  for (const handling of handlings) {
    const { process, partition, offset, from, isReplay } = handling;
    const place = `${partition}/${offset}`;
    if (from < (mayBegin.get(place) ?? 0))
      wrongs.push(`${process}: ${place} began before every earlier record of its key had been handled`);
    if (isReplay) continue;
    const lane = `${partition}/${handling.tenants[0] ?? ''}:${handling.keys[0] ?? ''}`;
    const highest = newest.get(lane) ?? -1;
    if (offset < highest) rewound += 1;
    newest.set(lane, Math.max(highest, offset));
    const other = last.get(lane);
    if (other !== undefined && other.process !== process && (other.done ?? 0) > from) overlapping += 1;
    last.set(lane, handling);
  }
  return { rewound, overlapping };
}

/** From when on each record may begin: once a handler has returned for every earlier record of its key. */
function earliestStarts(records: readonly LoggedRecord[], firstDone: FirstDone): Map<string, Micros> {
  const starts = new Map<string, Micros>();
  const lanes = new Map<string, Micros>();
  for (const { partition, offset, key } of [...records].sort((one, other) => one.offset - other.offset)) {
    const lane = `${partition}/${key}`;
    const place = `${partition}/${offset}`;
    const from = lanes.get(lane) ?? 0;
    starts.set(place, from);
    lanes.set(lane, Math.max(from, firstDone.get(place) ?? Infinity));
  }
  return starts;
}
