import { describe, expect, it } from 'vitest';
import { handlingsOf } from '../../../scripts/storm/handlings.js';
import type { Disruption, Entry, Journal, LoggedRecord, SeenCommit } from '../../../scripts/storm/journal.js';
import { judgeCommits } from '../../../scripts/storm/judge-commits.js';
import { firstDoneOf, judgeHandling } from '../../../scripts/storm/judge-handling.js';
import { judgePauses, pausesOf } from '../../../scripts/storm/judge-pauses.js';
import { judgeRedrives } from '../../../scripts/storm/judge-redrives.js';
import { judgeRepeats } from '../../../scripts/storm/judge-repeats.js';
import { encodeMetadata, logHash, type RecordedProgress } from '../../../src/consumer/ledger/commit-metadata.js';
import { fingerprintOf } from '../../../src/consumer/ledger/record-owner.js';

const LOG: readonly LoggedRecord[] = ['acme:k', 'acme:k', 'ab:k'].map((key, offset) => ({
  partition: 0,
  offset,
  key,
  id: `id-${offset}`,
}));
const LIMITS = { commitIntervalMs: 200, sessionMs: 3_000, isClassic: false };
const SECOND = 1_000_000;

function handled(offset: number, from: number, to?: number, tenant = offset < 2 ? 'acme' : 'ab'): Entry[] {
  const place = { partition: 0, offset };
  const start: Entry = { kind: 'start', at: from, ...place, tenants: [tenant], keys: ['k'] };
  return to === undefined ? [start] : [start, { kind: 'end', at: to, ...place, tenant }];
}

function wrongsOf(...members: readonly (readonly Entry[])[]): readonly string[] {
  const journals = journalsOf(members);
  const { handlings, wrongs } = handlingsOf(journals);
  return [...wrongs, ...judgeHandling(LOG, handlings, journals).wrongs];
}

function repeatsOf(
  members: readonly (readonly Entry[])[],
  disruptions: readonly Disruption[] = [],
  toldDone: ReadonlyMap<string, number> = new Map(),
): ReturnType<typeof judgeRepeats> {
  const journals = journalsOf(members);
  return judgeRepeats(handlingsOf(journals).handlings, journals, disruptions, toldDone, LIMITS);
}

function journalsOf(members: readonly (readonly Entry[])[]): Journal[] {
  return members.map((entries, index) => ({ process: `member-${index}`, entries }));
}

function pauseWrongs(disruptions: readonly Disruption[], ...members: readonly (readonly Entry[])[]): readonly string[] {
  const journals = journalsOf(members);
  const { handlings } = handlingsOf(journals);
  return judgePauses(pausesOf(journals), handlings, journals, disruptions, LIMITS.sessionMs).wrongs;
}

function commitWrongs(...commits: readonly (RecordedProgress & { readonly at: number })[]): readonly string[] {
  const { handlings } = handlingsOf(journalsOf([[...handled(0, 1, 10), ...handled(1, 11, 20), ...handled(2, 11, 30)]]));
  const seen: SeenCommit[] = commits.map(({ at, ...progress }) => ({
    at,
    partition: 0,
    offset: progress.watermark,
    metadata: encodeMetadata(progress, logHash('/t/0'), 4_000).text,
  }));
  return judgeCommits('t', seen, LOG, firstDoneOf(handlings), ['acme']).wrongs;
}

describe('what is handled', () => {
  it('may be handled again, and overlap with a stalled owner', () => {
    const first = [...handled(0, 1, 2), ...handled(1, 3, 9)];
    expect(wrongsOf(first, [...handled(0, 4, 5), ...handled(1, 6, 7), ...handled(2, 4, 5)])).toEqual([]);
  });

  it('may have been acknowledged without its offset, but not more of it than the log has', () => {
    const all = [...handled(0, 1, 2), ...handled(1, 3, 4), ...handled(2, 4, 5)];
    const acked: Entry = { kind: 'acked', at: 1, tenant: 'acme', key: 'k', partition: 0, offset: -1 };
    expect(wrongsOf(all, [acked, acked])).toEqual([]);
    expect(wrongsOf(all, [acked, acked, acked])).toEqual([
      '1 records of 0 acme:k were acknowledged and are not in the log',
    ]);
  });

  it('may not be left out', () => {
    expect(wrongsOf([...handled(0, 1, 2), ...handled(1, 3), ...handled(2, 4, 5)])).toEqual([
      '0/1 of acme:k was never handled',
    ]);
  });

  it('may not begin before an earlier record of its key has been handled', () => {
    expect(wrongsOf([...handled(1, 1, 2), ...handled(0, 3, 4), ...handled(2, 5, 6)])).toEqual([
      'member-0: 0/1 began before every earlier record of its key had been handled',
    ]);
  });

  it('may not run beside another record of its key in one process', () => {
    const [start, end] = handled(0, 1, 5);
    expect(wrongsOf([start!, ...handled(1, 6, 7), end!, ...handled(2, 8, 9)])[0]).toMatch(/0\/1 began while 0\/0/);
  });

  it("may not be handled as another tenant's", () => {
    expect(wrongsOf([...handled(0, 1, 2), ...handled(1, 3, 4), ...handled(2, 5, 6, 'a')])).toHaveLength(1);
  });

  it('is all that was acknowledged', () => {
    const all = [...handled(0, 1, 2), ...handled(1, 3, 4), ...handled(2, 5, 6)];
    const acked: Entry = { kind: 'acked', at: 1, partition: 0, offset: 3, tenant: 'acme', key: 'k' };
    expect(wrongsOf(all, [acked])).toEqual(['0/3 was acknowledged for acme:k, and the log has undefined']);
  });
});

describe('what is handled again', () => {
  const again = handled(2, 5 * SECOND, 5 * SECOND + 1);
  const kill = (at: number): Disruption => ({ kind: 'kill', process: 'member-0', from: at, to: at });

  it('needs a disruption', () => {
    expect(repeatsOf([handled(2, 1, 2), again]).wrongs).toHaveLength(1);
  });

  it('was finished after the last commit before a kill', () => {
    expect(repeatsOf([handled(2, 1, 2), again], [kill(SECOND)])).toMatchObject({ repeated: 1, bound: 1, wrongs: [] });
    expect(repeatsOf([handled(2, 1, 2), again], [kill(2 * SECOND)])).toMatchObject({ repeated: 1, bound: 0 });
    expect(repeatsOf([handled(2, 1, 2), again], [kill(2 * SECOND)]).wrongs).toHaveLength(1);
  });

  it('was held by a process that was stalled', () => {
    const pause: Disruption = { kind: 'pause', process: 'member-1', from: 3 * SECOND, to: 5 * SECOND };
    expect(repeatsOf([handled(2, 1, 2), again], [pause]).wrongs).toEqual([]);
  });

  it('was not told as finished by a commit', () => {
    expect(repeatsOf([handled(2, 1, 2), again], [kill(SECOND)], new Map([['0/2', SECOND]])).wrongs).toHaveLength(1);
  });
});

describe('a tenant that rests', () => {
  const told = (at: number, command: 'pause' | 'resume'): Entry => ({ kind: 'told', at, command, tenant: 'ab' });
  const confirmed: Entry = { kind: 'confirmed', at: 10, command: 'pause', tenant: 'ab' };
  const rest = [told(1, 'pause'), confirmed, told(20, 'resume')];

  it('begins nothing from the confirmation of its pause on, until it is resumed', () => {
    expect(pauseWrongs([], rest, handled(2, 9, 11))).toEqual([]);
    expect(pauseWrongs([], rest, handled(2, 21, 22))).toEqual([]);
    expect(pauseWrongs([], rest, handled(1, 15, 16))).toEqual([]);
    expect(pauseWrongs([], rest, handled(2, 15, 16))).toEqual(['member-1: 0/2 of ab began while it was paused']);
  });

  it('may begin something in a member that is cut off, or where nobody has confirmed', () => {
    const stall: Disruption = { kind: 'pause', process: 'member-1', from: 5, to: 14 };
    expect(pauseWrongs([stall], rest, handled(2, 15, 16))).toEqual([]);
    expect(pauseWrongs([], [told(1, 'pause'), told(20, 'resume')], handled(2, 15, 16))).toEqual([]);
  });

  it('may be handled again from where it waited', () => {
    const again = handled(2, 5 * SECOND, 5 * SECOND + 1);
    const journals = journalsOf([
      [...handled(2, 1, 2), ...again],
      [told(SECOND, 'pause'), told(2 * SECOND, 'resume')],
    ]);
    const { handlings } = handlingsOf(journals);
    expect(judgeRepeats(handlings, journals, [], new Map(), LIMITS, pausesOf(journals)).wrongs).toEqual([]);
    expect(judgeRepeats(handlings, journals, [], new Map(), LIMITS).wrongs).toHaveLength(1);
  });
});

describe('a replay', () => {
  it('repeats on purpose', () => {
    const [start, end] = handled(2, 5 * SECOND, 5 * SECOND + 1);
    const replayed = { ...start!, replay: true } as Entry;
    expect(repeatsOf([[...handled(2, 1, 2), replayed, end!]], [], new Map([['0/2', SECOND]]))).toMatchObject({
      repeated: 0,
      wrongs: [],
    });
  });

  it('takes the watermark back to its own tenant, and to no other', () => {
    const back = (fingerprint: number): readonly (RecordedProgress & { readonly at: number })[] => [
      { at: 40, watermark: 3, head: 3, taken: [], cursors: [] },
      { at: 41, watermark: 2, head: 3, taken: [], cursors: [{ fingerprint, offset: 2 }] },
    ];
    expect(commitWrongs(...back(fingerprintOf('acme')))).toEqual([]);
    expect(commitWrongs(...back(fingerprintOf('globex')))).toHaveLength(1);
  });
});

describe('what is given up', () => {
  const letter: LoggedRecord = { partition: 0, offset: 7, key: 'ab:k', id: 'id-2' };
  const place = { partition: 0, offset: 7, redriven: true };
  const start = { kind: 'start', at: 1, partition: 0, offset: 2, tenants: ['ab'], keys: ['k'], id: 'id-2' } as const;
  const givenUp: Entry[] = [start, { kind: 'fail', at: 2, partition: 0, offset: 2, isGivenUp: true }];
  const redriven: Entry[] = [
    { ...start, at: 3, ...place },
    { kind: 'end', at: 4, ...place, tenant: 'ab' },
  ];
  const redriveWrongs = (letters: readonly LoggedRecord[], entries: readonly Entry[]): readonly string[] =>
    judgeRedrives(letters, handlingsOf(journalsOf([entries])).handlings);

  it('is among the dead letters, and redriven', () => {
    expect(redriveWrongs([letter], [...givenUp, ...redriven])).toEqual([]);
    expect(redriveWrongs([letter], givenUp)).toEqual(['dead letter 0/7 of ab:k was never redriven']);
    expect(redriveWrongs([], givenUp)).toEqual(['id-2 was given up, and is not among the dead letters']);
  });

  it('is all that is redriven', () => {
    expect(redriveWrongs([letter], redriven)).toEqual(['dead letter 0/7 of ab:k was not given up']);
    expect(redriveWrongs([], redriven)).toEqual(['member-0: id-2 was redriven as dead letter 0/7']);
  });
});

describe('what is committed', () => {
  it('is handled, or taken, or behind a cursor', () => {
    const taken = [{ start: 1, length: 1 }];
    const cursors = [{ fingerprint: fingerprintOf('ab'), offset: 2 }];
    expect(commitWrongs({ at: 15, watermark: 1, head: 3, taken, cursors })).toEqual([]);
    expect(commitWrongs({ at: 15, watermark: 1, head: 3, taken, cursors: [] })).toEqual([
      'the commit of partition 0 at 1 passes over 2 of ab:k, which was not handled',
    ]);
    expect(commitWrongs({ at: 15, watermark: 2, head: 2, taken: [], cursors: [] })).toHaveLength(1);
  });

  it('does not go back', () => {
    const at = (watermark: number): RecordedProgress => ({ watermark, head: watermark, taken: [], cursors: [] });
    expect(commitWrongs({ at: 40, ...at(3) }, { at: 41, ...at(2) })).toEqual([
      'the commit of partition 0 at 2 went back',
    ]);
  });
});
