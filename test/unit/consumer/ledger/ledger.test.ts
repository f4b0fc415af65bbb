import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordedProgress } from '../../../../src/consumer/ledger/commit-metadata.js';
import { CursorRun } from '../../../../src/consumer/reading/cursor-run.js';
import { PartitionLedger } from '../../../../src/consumer/ledger/ledger.js';
import { fingerprintOf, ownerOf, type Owner } from '../../../../src/consumer/ledger/record-owner.js';

const [acme, globex] = ['acme', 'globex'].map((id) => ownerOf(Buffer.from(`${id}:k`))) as [Owner, Owner];
const always = (): boolean => true;

/** Reads offsets for the head and takes what is offered. */
const takeAll = (ledger: PartitionLedger, offsets: readonly number[], owner = acme): string[] =>
  offsets.map((offset) => {
    const receipt = ledger.receive(offset, owner);
    if (receipt === 'offered') ledger.take(offset);
    return receipt;
  });

describe('a ledger', () => {
  it('of a plain offset starts there', () => {
    const ledger = new PartitionLedger(7);
    expect([ledger.head, ledger.watermark, ledger.unfinished, ledger.nextToRead]).toEqual([7, 7, 0, 7]);
    expect(ledger.progress()).toEqual({ watermark: 7, head: 7, cursors: [], taken: [] });
  });

  it('has the lowest unfinished record as its watermark, else its head', () => {
    const ledger = new PartitionLedger(0);
    expect(takeAll(ledger, [0, 1, 2])).toEqual(['offered', 'offered', 'offered']);
    ledger.finish(1);
    expect([ledger.watermark, ledger.head]).toEqual([0, 3]);
    ledger.finish(0);
    expect(ledger.watermark).toBe(2);
    ledger.finish(2);
    expect([ledger.watermark, ledger.unfinished]).toEqual([3, 0]);
  });

  it('passes over offsets that hold nothing once a later record, or the end of the log, shows it', () => {
    const ledger = new PartitionLedger(0);
    takeAll(ledger, [5]);
    expect([ledger.head, ledger.watermark]).toEqual([6, 5]);
    ledger.finish(5);
    ledger.passTo(9);
    expect(ledger.watermark).toBe(9);
  });

  it('awaits what its predecessor had taken, and nothing else below its head', () => {
    const ledger = new PartitionLedger({
      watermark: 2,
      head: 8,
      cursors: [],
      taken: [
        { start: 2, length: 1 },
        { start: 4, length: 2 },
      ],
    });
    expect([ledger.watermark, ledger.head, ledger.unfinished, ledger.isRecovering]).toEqual([2, 8, 3, true]);
    expect(takeAll(ledger, [2])).toEqual(['awaited']);
    expect(ledger.nextToRead).toBe(4);
    expect(takeAll(ledger, [3, 4, 5])).toEqual(['passed', 'awaited', 'awaited']);
    expect([ledger.nextToRead, ledger.isRecovering]).toEqual([8, false]);
    expect(takeAll(ledger, [6, 7, 8])).toEqual(['passed', 'passed', 'offered']);
    for (const offset of [2, 4, 5, 8]) ledger.finish(offset);
    expect([ledger.watermark, ledger.unfinished]).toEqual([9, 0]);
  });

  it('forgets awaited records that have left the log', () => {
    const told = { watermark: 2, head: 10, cursors: [], taken: [{ start: 2, length: 4 }] };
    const ledger = new PartitionLedger(told);
    expect(takeAll(ledger, [4])).toEqual(['awaited']);
    expect([ledger.watermark, ledger.unfinished]).toEqual([4, 2]);
    ledger.passTo(20);
    expect([ledger.watermark, ledger.head]).toEqual([4, 20]);
    ledger.finish(4);
    expect(ledger.watermark).toBe(20);
  });

  it('does not forget a record that runs, though it has left the log', () => {
    const ledger = new PartitionLedger(0);
    takeAll(ledger, [0]);
    ledger.passTo(100);
    expect([ledger.watermark, ledger.unfinished]).toEqual([0, 1]);
  });

  it('takes a record that comes twice once', () => {
    const ledger = new PartitionLedger(0);
    expect(takeAll(ledger, [0, 0])).toEqual(['offered', 'passed']);
    expect([ledger.watermark, ledger.unfinished]).toEqual([0, 1]);
  });
});

describe('a parked owner', () => {
  it('holds the watermark at its cursor, and no other owner’s records', () => {
    const ledger = new PartitionLedger(0);
    ledger.receive(0, acme);
    ledger.park(acme, 0);
    expect(takeAll(ledger, [1, 2], globex)).toEqual(['offered', 'offered']);
    expect(takeAll(ledger, [3])).toEqual(['passed']);
    ledger.finish(1);
    ledger.finish(2);
    expect(ledger.progress()).toMatchObject({
      watermark: 0,
      head: 4,
      taken: [],
      cursors: [{ fingerprint: fingerprintOf(acme), offset: 0 }],
    });
  });

  it('is read for by a run, and live once the run is at the head', () => {
    const ledger = new PartitionLedger(0);
    ledger.receive(0, acme);
    ledger.park(acme, 0);
    takeAll(ledger, [1], globex);
    takeAll(ledger, [2, 3]);
    const run = new CursorRun(ledger, 0);
    expect([0, 1, 2].map((offset) => run.receive(offset, offset === 1 ? globex : acme, always))).toEqual([
      'taken',
      'passed',
      'taken',
    ]);
    run.settle(1);
    expect([ledger.cursors.of(acme)?.offset, run.isAtHead]).toEqual([3, false]);
    run.receive(3, acme, always);
    run.settle(1);
    expect([ledger.cursors.of(acme), run.isAtHead, ledger.unfinished]).toEqual([undefined, true, 4]);
    expect(takeAll(ledger, [4])).toEqual(['offered']);
  });

  it('is left behind where it has no room, while the run goes on for the rest', () => {
    const ledger = new PartitionLedger(0);
    for (const [offset, owner] of [acme, globex, acme, globex].entries()) {
      if (ledger.receive(offset, owner) === 'offered') ledger.park(owner, offset);
    }
    const run = new CursorRun(ledger, 0);
    const hasRoom = (owner: Owner): boolean => owner === globex;
    expect(run.receive(0, acme, hasRoom)).toBe('no-room');
    run.leaveBehind(0, acme);
    expect(run.receive(1, globex, hasRoom)).toBe('taken');
    expect(run.receive(2, acme, always)).toBe('passed');
    expect(run.receive(3, globex, hasRoom)).toBe('taken');
    run.settle(1);
    expect([ledger.cursors.of(acme)?.offset, ledger.cursors.of(globex), ledger.watermark]).toEqual([0, undefined, 0]);
  });

  it('is not served by a run that began beyond its cursor', () => {
    const ledger = new PartitionLedger(0);
    ledger.receive(0, acme);
    ledger.park(acme, 0);
    takeAll(ledger, [1, 2]);
    const run = new CursorRun(ledger, 1);
    expect(run.receive(2, acme, always)).toBe('passed');
    run.settle(1);
    expect(ledger.cursors.of(acme)?.offset).toBe(0);
  });

  it('that was moved back behind a run is not taken along by it', () => {
    const ledger = new PartitionLedger(0);
    ledger.receive(0, acme);
    ledger.park(acme, 0);
    takeAll(ledger, [1, 2, 3]);
    const run = new CursorRun(ledger, 0);
    expect([run.receive(0, acme, always), run.receive(1, acme, always)]).toEqual(['taken', 'taken']);
    run.settle(1);
    ledger.rewind(acme, [1]);
    expect(run.receive(2, acme, always)).toBe('passed');
    run.settle(2);
    expect([ledger.cursors.of(acme)?.offset, ledger.watermark]).toEqual([1, 0]);
  });

  it('is moved back before very many records that were dropped, as before one', () => {
    const ledger = new PartitionLedger(0);
    const dropped = Array.from({ length: 500_000 }, (_, offset) => offset);
    for (const offset of dropped) {
      ledger.receive(offset, acme);
      ledger.take(offset);
    }
    ledger.rewind(acme, dropped);
    expect([ledger.cursors.of(acme)?.offset, ledger.unfinished]).toEqual([0, 0]);
    ledger.replay(acme, [], 0, 10);
    expect(ledger.cursors.of(acme)).toMatchObject({ offset: 0 });
  });

  it('comes to the head across offsets that hold nothing by the end of the log alone', () => {
    const ledger = new PartitionLedger(0);
    ledger.receive(0, acme);
    ledger.park(acme, 0);
    ledger.passTo(9);
    const run = new CursorRun(ledger, 0);
    run.receive(0, acme, always);
    run.passTo(9);
    run.settle(1);
    expect([run.isAtHead, ledger.cursors.size]).toEqual([true, 0]);
  });

  it('of a predecessor is known by its fingerprint, and two that share one do not wait for each other', () => {
    const fingerprint = fingerprintOf(acme);
    const ledger = new PartitionLedger({ watermark: 0, head: 5, cursors: [{ fingerprint, offset: 0 }], taken: [] });
    expect([ledger.cursors.of(acme)?.offset, ledger.cursors.of(globex)]).toEqual([0, undefined]);
    const run = new CursorRun(ledger, 0);
    expect(run.receive(0, acme, () => false)).toBe('no-room');
    run.leaveBehind(0, acme);
    run.passTo(5);
    run.settle(1);
    expect([ledger.cursors.of(acme)?.offset, ledger.cursors.size, ledger.watermark]).toEqual([0, 1, 0]);
  });

  it('whose records have left the log waits at its beginning, or is live where that is the head', () => {
    const ledger = new PartitionLedger(0);
    for (const [offset, owner] of [acme, globex].entries()) {
      ledger.receive(offset, owner);
      ledger.park(owner, offset);
    }
    ledger.forgetBelow(1);
    expect([ledger.cursors.of(acme)?.offset, ledger.cursors.of(globex)?.offset]).toEqual([1, 1]);
    ledger.forgetBelow(7);
    expect([ledger.cursors.size, ledger.watermark, ledger.head]).toEqual([0, 7, 7]);
  });
});

describe('a ledger through parking, runs and crashes', () => {
  const owners = ['a', 'b', 'c'].map((id) => ownerOf(Buffer.from(`${id}:k`)));
  const action = fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('head' as const, 'run'), full: fc.nat(7) }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('finish' as const), pick: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('end' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), lower: fc.nat(5) }) },
  );

  /** What fits less into metadata lowers the recorded head and drops what is at or above it. */
  const lowered = (told: RecordedProgress, by: number): RecordedProgress => {
    const head = Math.max(told.watermark, told.head - by);
    return {
      ...told,
      head,
      cursors: told.cursors.filter(({ offset }) => offset < head),
      taken: told.taken
        .filter(({ start }) => start < head)
        .map(({ start, length }) => ({ start, length: Math.min(length, head - start) })),
    };
  };

  it('takes every record at least once, in the order of its owner, and records no unfinished one as finished', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { maxLength: 40 }), fc.array(action, { maxLength: 200 }), (log, actions) => {
        const ownerAt = (offset: number): Owner | undefined => owners[log[offset] ?? 3];
        const finished = new Set<number>();
        let ledger = new PartitionLedger(0);
        let running: number[] = [];
        let run: CursorRun | undefined;
        let at = 0;
        const take = (offset: number): void => {
          for (let earlier = 0; earlier < offset; earlier += 1) {
            const isBefore = ownerAt(earlier) === ownerAt(offset);
            if (isBefore && !finished.has(earlier)) expect(running).toContain(earlier);
          }
          running.push(offset);
        };
        const step = (act: { do: 'head' | 'run'; full: number } | { do: 'end' }): void => {
          if (act.do === 'head' || ledger.isRecovering) {
            at = Math.max(at, ledger.nextToRead);
            const owner = ownerAt(at);
            if (at >= log.length) ledger.passTo(log.length);
            else if (owner !== undefined) {
              const receipt = ledger.receive(at, owner);
              if (receipt === 'awaited') take(at);
              if (receipt === 'offered' && 'full' in act && ((act.full >> (log[at] ?? 0)) & 1) === 1)
                ledger.park(owner, at);
              else if (receipt === 'offered') {
                ledger.take(at);
                take(at);
              }
            }
            at += 1;
          } else if (act.do === 'run') {
            const start = [...ledger.cursors].at(act.full % Math.max(1, ledger.cursors.size));
            if (run === undefined && start === undefined) return;
            run ??= new CursorRun(ledger, start?.offset ?? 0);
            const offset = run.position;
            const owner = ownerAt(offset);
            const hasRoom = (named: Owner): boolean => ((act.full >> owners.indexOf(named)) & 1) === 0;
            if (owner === undefined || offset >= log.length) run.passTo(offset + 1);
            else {
              const receipt = run.receive(offset, owner, hasRoom);
              if (receipt === 'taken') take(offset);
              if (receipt === 'no-room') run.leaveBehind(offset, owner);
            }
            run.settle(1);
            if (run.isAtHead) run = undefined;
          } else run = undefined;
        };
        for (const act of actions) {
          if (act.do === 'crash') {
            ledger = new PartitionLedger(lowered(ledger.progress(), act.lower));
            running = [];
            run = undefined;
            at = ledger.nextToRead;
          } else if (act.do === 'finish') {
            // In the order of each owner, as the lanes of one key are worked off.
            const offset = running.find((one) => ownerAt(one) === ownerAt(running[act.pick % running.length] ?? 0));
            if (offset === undefined) continue;
            running.splice(running.indexOf(offset), 1);
            ledger.finish(offset);
            finished.add(offset);
          } else step(act);
          const { watermark, head, cursors, taken } = ledger.progress();
          const isTold = (offset: number): boolean =>
            taken.some(({ start, length }) => offset >= start && offset < start + length) ||
            cursors.some(
              (cursor) => cursor.fingerprint === fingerprintOf(ownerAt(offset) ?? '') && cursor.offset <= offset,
            );
          for (let offset = 0; offset < head; offset += 1) {
            if (ownerAt(offset) === undefined || finished.has(offset)) continue;
            expect([offset, offset >= watermark, isTold(offset)]).toEqual([offset, true, true]);
          }
        }
        for (let rounds = 0; rounds < 40 * (log.length + 2); rounds += 1) {
          step({ do: ledger.head < log.length || ledger.isRecovering ? 'head' : 'run', full: 0 });
          for (const offset of running.splice(0)) {
            ledger.finish(offset);
            finished.add(offset);
          }
        }
        for (const [offset] of log.entries()) if (ownerAt(offset) !== undefined) expect(finished).toContain(offset);
        expect(ledger.progress()).toMatchObject({ watermark: log.length, cursors: [], taken: [] });
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a skip that reaches beyond what was read', () => {
  it('holds in the next ledger too, where a recorded cursor stands for its owner', () => {
    const cursors = [{ fingerprint: fingerprintOf(acme), offset: 1 }];
    const skipped = new PartitionLedger({ watermark: 0, head: 3, taken: [{ start: 0, length: 1 }], cursors });
    skipped.skip(acme, [], 3);
    const next = new PartitionLedger({ ...skipped.progress(), ...skipped.notes() });
    expect(next.receive(0, acme)).toBe('passed');
    const run = new CursorRun(next, 0);
    expect([1, 2].map((offset) => run.receive(offset, acme, always))).toEqual(['passed', 'passed']);
    expect(next.unfinished).toBe(0);
  });

  it('ends where a replay of the same records is asked for', () => {
    const ledger = new PartitionLedger(0);
    for (const offset of [0, 1]) {
      ledger.receive(offset, acme);
      ledger.take(offset);
      ledger.finish(offset);
    }
    ledger.skip(acme, [], 5);
    expect(ledger.receive(2, acme)).toBe('passed');
    ledger.replay(acme, [], 0, 5);
    expect(ledger.receive(3, acme)).toBe('passed');
    expect(ledger.cursors.of(acme)).toMatchObject({ offset: 0, replay: { until: 3, resume: 3 }, unread: 1 });
    expect(ledger.notes().skips).toEqual([]);
  });

  it('goes on where only what was read before is handled again', () => {
    const ledger = new PartitionLedger(0);
    for (const offset of [0, 1]) {
      ledger.receive(offset, acme);
      ledger.take(offset);
      ledger.finish(offset);
    }
    ledger.skip(acme, [], 5);
    ledger.replay(acme, [], 0, 2);
    expect(ledger.notes().skips).toEqual([{ owner: acme, until: 5 }]);
  });

  it('holds after a crash for what ran when it was told, until that is finished', () => {
    const ledger = new PartitionLedger(0);
    for (const offset of [0, 1]) {
      ledger.receive(offset, acme);
      ledger.take(offset);
    }
    ledger.skip(acme, [1], 2);
    const afterCrash = new PartitionLedger({ ...ledger.progress(), ...ledger.notes() });
    expect([afterCrash.receive(0, acme), afterCrash.watermark]).toEqual(['passed', 2]);
    expect(afterCrash.notes().skips).toEqual([]);
    ledger.finish(0);
    expect(ledger.notes().skips).toEqual([]);
  });

  it('of what runs ends where that is to be handled again', () => {
    const ledger = new PartitionLedger(0);
    ledger.receive(0, acme);
    ledger.take(0);
    ledger.skip(acme, [], 1);
    ledger.replay(acme, [], 0, 1);
    expect(ledger.notes().skips).toEqual([]);
  });

  it('holds for what a predecessor had taken, also through one more crash', () => {
    const taken = [{ start: 3, length: 2 }];
    const ledger = new PartitionLedger({ watermark: 3, head: 6, cursors: [], taken });
    ledger.skip(acme, [], 4);
    const again = new PartitionLedger({ ...ledger.progress(), ...ledger.notes() });
    expect([again.receive(3, acme), again.watermark, again.receive(4, acme), again.watermark]).toEqual([
      'passed',
      4,
      'awaited',
      4,
    ]);
    expect(again.notes().skips).toEqual([]);
  });
});
