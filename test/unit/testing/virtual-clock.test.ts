import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { delay } from '../../../src/core/clock.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

describe('VirtualClock', () => {
  it('fires timers at their own time, those of one time in the order they were set', async () => {
    const clock = new VirtualClock(1_000);
    const fired: string[] = [];
    const note = (name: string) => () => void fired.push(`${name}@${clock.monotonicMs()}/${clock.nowMs()}`);
    clock.setTimer(20, note('c'));
    clock.setTimer(10, note('a'));
    clock.setTimer(10, note('b'));
    clock.setTimer(31, note('late'));
    await clock.advance(30);
    expect(fired).toEqual(['a@10/1010', 'b@10/1010', 'c@20/1020']);
    expect([clock.monotonicMs(), clock.pendingTimers]).toEqual([30, 1]);
  });

  it('lets what a timer sets off settle before the next timer fires', async () => {
    const clock = new VirtualClock();
    const order: string[] = [];
    void delay(clock, 10).then(async () => {
      for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
      order.push('settled');
    });
    clock.setTimer(11, () => void order.push('timer'));
    await clock.advance(11);
    expect(order).toEqual(['settled', 'timer']);
  });

  it('fires a timer that a timer sets within the same advance, and no cancelled one', async () => {
    const clock = new VirtualClock();
    let ticks = 0;
    const tick = (): void => {
      ticks += 1;
      clock.setTimer(10, tick);
    };
    clock.setTimer(10, tick);
    clock.setTimer(15, () => expect.fail('cancelled')).cancel();
    await clock.advance(100);
    expect(ticks).toBe(10);
  });

  it('fires a timer with the ambient values of where it was set', async () => {
    const clock = new VirtualClock();
    const ambient = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    ambient.run('acme', () => clock.setTimer(5, () => seen.push(ambient.getStore())));
    await ambient.run('globex', () => clock.advance(10));
    expect(seen).toEqual(['acme']);
  });

  it('advances until a promise settles, or says that it never will', async () => {
    const clock = new VirtualClock();
    await expect(clock.advanceUntil(delay(clock, 250).then(() => clock.monotonicMs()))).resolves.toBe(250);
    await expect(clock.advanceUntil(Promise.reject(new Error('as it was')))).rejects.toThrow('as it was');
    await expect(clock.advanceUntil(new Promise(() => undefined), 1_000)).rejects.toThrow(/nothing has come of it/);
  });
});
