import { withOffsets, type Cluster } from '../cluster.js';
import { commandClock } from '../command-clock.js';
import { readRanges, wholeTopics } from '../records/read-range.js';
import { errorText, findingsOf, type Finding } from './finding.js';

const finding = findingsOf('clocks');
/** What clocks that are kept in step may differ by, and the way of a record here. */
const TOLERATED_MS = 2_000;
const MAX_PARTITIONS = 50;

/** What this machine's clock was compared with. */
export interface Compared {
  /** The time of the newest record. */
  readonly newestMs: number;
  /** Of so many partitions the last record was looked at. */
  readonly partitions: number;
  /** So many hold records. */
  readonly of: number;
}

/** Brokers do not tell the time. But no record can have been written in the future. */
export async function checkClocks(cluster: Cluster, topics: readonly string[]): Promise<readonly Finding[]> {
  const groupId = 'tenantry-cli';
  try {
    const compared = await withOffsets(cluster, groupId, async (offsets): Promise<Compared | undefined> => {
      const filled = (await wholeTopics(offsets, topics)).filter(({ from, until }) => from < until);
      const last = filled.slice(0, MAX_PARTITIONS).map((range) => ({ ...range, from: range.until - 1 }));
      const times: number[] = [];
      await readRanges({ transport: cluster.transport, offsets, groupId }, last, ({ timestampMs }) => {
        times.push(timestampMs);
      });
      if (times.length === 0) return undefined;
      return { newestMs: Math.max(...times), partitions: times.length, of: filled.length };
    });
    if (compared === undefined) return [notMade('no topic has a record whose time could be compared')];
    return [clockFinding(compared, commandClock.nowMs())];
  } catch (error) {
    return [notMade(errorText(error))];
  }
}

/** @param nowMs - by this machine */
export function clockFinding({ newestMs, partitions, of }: Compared, nowMs: number): Finding {
  const aheadMs = newestMs - nowMs;
  const what = `compared with the last records of ${partitions} of ${of} partitions with events, at most ${MAX_PARTITIONS}`;
  if (aheadMs <= TOLERATED_MS) {
    const detail = `${what}: none was written in its future (a clock here that is fast cannot be seen)`;
    return finding('ok', 'this machine', detail);
  }
  return finding(
    'warning',
    'this machine',
    `${what}: the newest was written ${Math.round(aheadMs / 1_000)} s in its future`,
    'keep the clocks of this machine, the brokers and whoever publishes in step (NTP): lag, replays by time and retention go by them',
  );
}

function notMade(why: string): Finding {
  return finding('not-made', 'this machine', `brokers do not tell the time, and ${why}`, 'compare the clocks yourself');
}
