import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deadlines, type Timed } from '../../../../src/consumer/handling/deadlines.js';
import { VirtualClock } from '../../../../src/testing/virtual-clock.js';

interface Running extends Timed<Running> {
  readonly name: string;
}

function deadlines(): {
  clock: VirtualClock;
  over: [string, number][];
  begin: (name: string) => Running;
  end: (running: Running | undefined) => void;
} {
  const clock = new VirtualClock();
  const over: [string, number][] = [];
  const all = new Deadlines<Running>(clock, 1_000, ({ name }) => over.push([name, clock.monotonicMs()]));
  return {
    clock,
    over,
    begin: (name) => {
      const running: Running = { name, deadlineMs: undefined, earlier: undefined, later: undefined };
      all.begin(running);
      return running;
    },
    end: (running) => {
      if (running !== undefined) all.end(running);
    },
  };
}

describe('the deadlines', () => {
  it('tell of each that did not end in time, at its own time and once', async () => {
    const { clock, over, begin, end } = deadlines();
    const a = begin('a');
    await clock.advance(300);
    begin('b');
    begin('c');
    await clock.advance(900);
    end(a);
    await clock.advance(5_000);
    expect(over).toEqual([
      ['a', 1_000],
      ['b', 1_300],
      ['c', 1_300],
    ]);
  });

  it('say nothing of what ended, whatever began before or after it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(4), { maxLength: 30 }), async (steps) => {
        const { clock, over, begin, end } = deadlines();
        const open: Running[] = [];
        const expected: [string, number][] = [];
        for (const [index, step] of steps.entries()) {
          if (step === 0) open.push(begin(`${index}`));
          else end(open.splice(step - 1, 1)[0]);
          await clock.advance(10);
        }
        for (const { name } of open) expected.push([name, Number(name) * 10 + 1_000]);
        await clock.advance(5_000);
        expect(over).toEqual(expected);
        expect(clock.pendingTimers).toBe(0);
      }),
    );
  });

  it('have one timer at most, and none while nothing runs', async () => {
    const { clock, over, begin, end } = deadlines();
    let before: Running | undefined;
    for (let count = 0; count < 100; count += 1) {
      const running = begin(`${count}`);
      await clock.advance(30);
      expect(clock.pendingTimers).toBe(1);
      end(before);
      before = running;
    }
    end(before);
    expect(clock.pendingTimers).toBe(0);
    begin('late');
    await clock.advance(1_000);
    expect(over).toEqual([['late', 4_000]]);
    expect(clock.pendingTimers).toBe(0);
  });
});
