// Whether what the group had committed, at each moment that it was looked at, was true: docs/tenant-cursors.md, "What
// always holds", 1 and 2.
import { decodeMetadata, logHash } from '../../src/consumer/ledger/commit-metadata.ts';
import { fingerprintOf } from '../../src/consumer/ledger/record-owner.ts';
import type { FirstDone } from './judge-handling.ts';
import type { LoggedRecord, Micros, SeenCommit } from './journal.ts';

export interface CommitJudgement {
  readonly looks: number;
  /** From when on the commits said of a place that it was finished. */
  readonly toldDone: ReadonlyMap<string, Micros>;
  /** Tenants that had a cursor of their own in any of them. */
  readonly parked: readonly string[];
  readonly wrongs: readonly string[];
}

/** @param replayed - tenants that may have taken a watermark back */
export function judgeCommits(
  topic: string,
  commits: readonly SeenCommit[],
  records: readonly LoggedRecord[],
  firstDone: FirstDone,
  replayed: readonly string[] = [],
): CommitJudgement {
  const owners = new Map(records.map(({ key }) => [fingerprintOf(ownerIn(key)), ownerIn(key)]));
  const logs = new Map<number, LoggedRecord[]>();
  for (const record of [...records].sort((one, other) => one.offset - other.offset)) {
    const log = logs.get(record.partition) ?? [];
    logs.set(record.partition, log);
    log.push(record);
  }
  const toldDone = new Map<string, Micros>();
  const parked = new Set<string>();
  const wrongs: string[] = [];
  const before = new Map<number, number>();
  for (const { at, partition, offset, metadata } of commits) {
    const name = `the commit of partition ${partition} at ${offset}`;
    const told = decodeMetadata(metadata, offset, logHash(`/${topic}/${partition}`));
    if (told === undefined) wrongs.push(`${name} has metadata that cannot be read`);
    // A tenant has two where its own and that of a former owner of the partition stand beside each other.
    const cursors = new Map<number, number>();
    for (const { fingerprint, offset: place } of told?.cursors ?? []) {
      cursors.set(fingerprint, Math.min(place, cursors.get(fingerprint) ?? Infinity));
      parked.add(owners.get(fingerprint) ?? 'a stranger');
    }
    const isReplayed = replayed.some((tenant) => {
      const first = logs.get(partition)?.find((record) => record.offset === offset);
      return cursors.get(fingerprintOf(tenant)) === offset || (first !== undefined && ownerIn(first.key) === tenant);
    });
    if (offset < (before.get(partition) ?? 0) && !isReplayed) wrongs.push(`${name} went back`);
    before.set(partition, offset);
    for (const record of logs.get(partition) ?? []) {
      if (record.offset >= (told?.head ?? offset)) break;
      const isTaken = told?.taken.some(({ start, length }) => record.offset >= start && record.offset < start + length);
      const cursor = cursors.get(fingerprintOf(ownerIn(record.key))) ?? Infinity;
      if (record.offset >= offset && (isTaken === true || cursor <= record.offset)) continue;
      const place = `${partition}/${record.offset}`;
      if (!toldDone.has(place)) toldDone.set(place, at);
      if ((firstDone.get(place) ?? Infinity) > at)
        wrongs.push(`${name} passes over ${record.offset} of ${record.key}, which was not handled`);
    }
  }
  return { looks: commits.length, toldDone, parked: [...parked].sort(), wrongs };
}

function ownerIn(key: string): string {
  return key.slice(0, key.indexOf(':'));
}
