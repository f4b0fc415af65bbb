import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordedProgress } from '../../../src/consumer/commit-metadata.js';
import { PartitionLedger } from '../../../src/consumer/ledger.js';

const unfinishedOf = ({ taken }: RecordedProgress): number[] =>
  taken.flatMap(({ start, length }) => Array.from({ length }, (_, at) => start + at));

describe('a ledger', () => {
  it('of a plain offset starts there', () => {
    const ledger = new PartitionLedger(7);
    expect([ledger.head, ledger.watermark, ledger.unfinished]).toEqual([7, 7, 0]);
    expect(ledger.progress()).toEqual({ watermark: 7, head: 7, cursors: [], taken: [] });
  });

  it('has the lowest unfinished record as its watermark, else its head', () => {
    const ledger = new PartitionLedger(0);
    for (const offset of [0, 1, 2]) expect(ledger.receive(offset)).toBe('take');
    ledger.finish(1);
    expect([ledger.watermark, ledger.head]).toEqual([0, 3]);
    ledger.finish(0);
    expect(ledger.watermark).toBe(2);
    ledger.finish(2);
    expect([ledger.watermark, ledger.unfinished]).toEqual([3, 0]);
  });

  it('passes over offsets that hold nothing once a later record shows it', () => {
    const ledger = new PartitionLedger(0);
    ledger.receive(5);
    expect([ledger.head, ledger.watermark]).toEqual([6, 5]);
    ledger.finish(5);
    expect(ledger.watermark).toBe(6);
  });

  it('takes of what a predecessor read only what it had not finished', () => {
    const ledger = new PartitionLedger({
      watermark: 2,
      head: 8,
      cursors: [],
      taken: [
        { start: 2, length: 1 },
        { start: 4, length: 2 },
      ],
    });
    expect([ledger.watermark, ledger.head, ledger.unfinished]).toEqual([2, 8, 3]);
    const receipts = [2, 3, 4, 5, 6, 7, 8].map((offset) => ledger.receive(offset));
    expect(receipts.map((receipt) => receipt === 'take')).toEqual([true, false, true, true, false, false, true]);
    for (const offset of [2, 4, 5, 8]) ledger.finish(offset);
    expect([ledger.watermark, ledger.unfinished]).toEqual([9, 0]);
  });

  it('forgets awaited records that have left the log', () => {
    const told = { watermark: 2, head: 10, cursors: [], taken: [{ start: 2, length: 4 }] };
    const ledger = new PartitionLedger(told);
    expect(ledger.receive(4)).toBe('take');
    expect([ledger.watermark, ledger.unfinished]).toEqual([4, 2]);
    ledger.passTo(20);
    expect([ledger.watermark, ledger.head]).toEqual([4, 20]);
    ledger.finish(4);
    expect(ledger.watermark).toBe(20);
  });

  it('does not forget a record that runs, though it has left the log', () => {
    const ledger = new PartitionLedger(0);
    ledger.receive(0);
    ledger.passTo(100);
    expect([ledger.watermark, ledger.unfinished]).toEqual([0, 1]);
  });

  it('takes a record that comes twice once', () => {
    const ledger = new PartitionLedger(0);
    expect(ledger.receive(0)).toBe('take');
    expect(ledger.receive(0)).toBe('finished-before');
    expect([ledger.watermark, ledger.unfinished]).toEqual([0, 1]);
  });

  it('delivers again what parked tenants had not been given', () => {
    const told = {
      watermark: 1,
      head: 9,
      cursors: [{ fingerprint: 3, offset: 4 }],
      taken: [
        { start: 1, length: 1 },
        { start: 6, length: 1 },
      ],
    };
    const ledger = new PartitionLedger(told);
    expect([ledger.head, ledger.watermark]).toEqual([4, 1]);
    const taken = [1, 2, 3, 4, 5, 6, 7, 8].filter((offset) => ledger.receive(offset) === 'take');
    expect(taken).toEqual([1, 4, 5, 6, 7, 8]);
  });
});

describe('a ledger through crashes', () => {
  const action = fc.oneof(
    { weight: 5, arbitrary: fc.constant('read' as const) },
    { weight: 5, arbitrary: fc.nat(9) },
    { weight: 1, arbitrary: fc.constantFrom('compact' as const, 'crash' as const) },
  );

  it('never passes an unfinished record, and delivers again exactly what was recorded as unfinished', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 40 }), fc.array(action, { maxLength: 150 }), (holds, actions) => {
        const log = new Set(holds.flatMap((held, offset) => (held ? [offset] : [])));
        const finished = new Set<number>();
        let ledger = new PartitionLedger(0);
        let running: number[] = [];
        let position = 0;
        let mayCome: (offset: number) => boolean = () => true;
        for (const act of actions) {
          if (act === 'read') {
            while (position < holds.length && !log.has(position)) position += 1;
            if (position >= holds.length) continue;
            const taken = ledger.receive(position) === 'take';
            expect(taken).toBe(mayCome(position));
            if (taken) running.push(position);
            position += 1;
          } else if (act === 'compact') {
            // Compaction takes what nobody has begun as well.
            const [gone] = [...log].filter((offset) => offset >= position);
            if (gone !== undefined) log.delete(gone);
          } else if (act === 'crash') {
            const told = ledger.progress();
            const unfinished = new Set(unfinishedOf(told));
            ledger = new PartitionLedger(told);
            running = [];
            position = told.watermark;
            mayCome = (offset) => unfinished.has(offset) || offset >= told.head;
          } else {
            const [offset] = running.splice(act % Math.max(1, running.length), 1);
            if (offset === undefined) continue;
            ledger.finish(offset);
            finished.add(offset);
          }
          const { watermark, head, taken } = ledger.progress();
          expect(watermark).toBe(ledger.watermark);
          const told = new Set(unfinishedOf({ watermark, head, cursors: [], taken }));
          for (const offset of log) {
            if (offset < watermark) expect(finished).toContain(offset);
            else if (offset < head && !told.has(offset)) expect(finished).toContain(offset);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
