import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallSlots, SLOTS, WAITING, type Slot } from '../../../src/encryption/call-slots.js';
import { KeyServiceFailure } from '../../../src/encryption/key-service.js';
import { outcome } from './fixtures.js';
import { ManualClock } from './manual-clock.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const atOnce = (slot: Slot | Promise<Slot>): Slot => {
  if (slot instanceof Promise) throw new Error('there was no slot');
  return slot;
};

describe('slots for calls', () => {
  it('are 4 for a key and 64 in all', () => {
    const slots = new CallSlots(new ManualClock(), () => false);
    for (let key = 0; key < 16; key++) {
      for (let call = 0; call < SLOTS.perKey; call++) atOnce(slots.take(`t${key}:0`));
    }
    expect(slots.take('t0:0')).toBeInstanceOf(Promise);
    expect(slots.take('t16:0')).toBeInstanceOf(Promise);
  });

  it('go to waiting keys in turns', async () => {
    const slots = new CallSlots(new ManualClock(), () => false);
    const held = Array.from({ length: 16 }, (_, key) =>
      Array.from({ length: 4 }, () => atOnce(slots.take(`busy${key}:0`))),
    ).flat();
    const order: string[] = [];
    const want = (key: string, times: number): void => {
      for (let call = 0; call < times; call++)
        void Promise.resolve(slots.take(key)).then((slot) => {
          order.push(key);
          slots.giveBack(slot);
        });
    };
    want('many:0', 20);
    want('one:0', 1);
    want('two:0', 2);
    slots.giveBack(held[0]!);
    for (let round = 0; round < 50; round++) await turn();
    expect(order).toHaveLength(23);
    expect(order.indexOf('one:0')).toBeLessThan(3);
    expect(order.lastIndexOf('two:0')).toBeLessThan(6);
  });

  it('are half of them at most for keys that the service did not answer about', async () => {
    const slots = new CallSlots(new ManualClock(), (key) => key.startsWith('bad'));
    const bad = Array.from({ length: 40 }, (_, key) => slots.take(`bad${key}:0`));
    expect(bad.filter((slot) => !(slot instanceof Promise))).toHaveLength(SLOTS.suspects);
    const good = Array.from({ length: 32 }, (_, key) => atOnce(slots.take(`good${key}:0`)));
    const late = slots.take('good:1');
    slots.giveBack(atOnce(bad[0]!));
    expect(await late).toMatchObject({ isSuspect: false });
    slots.giveBack(good[0]!);
    expect(await bad[32]!).toMatchObject({ isSuspect: true });
  });

  it('are not waited for longer than 30 s, nor by more than 64 calls of a key', async () => {
    const clock = new ManualClock();
    const slots = new CallSlots(clock, () => false);
    for (let call = 0; call < 4; call++) void slots.take('a:0');
    const waiting = Array.from({ length: WAITING.perKey }, () => outcome(() => slots.take('a:0')));
    expect(await outcome(() => slots.take('a:0'))).toBeInstanceOf(KeyServiceFailure);
    clock.advance(WAITING.maxMs);
    for (const result of await Promise.all(waiting)) expect(result).toMatchObject({ kind: 'away' });
    expect(clock.pendingTimers).toBe(0);
    expect(slots.take('a:0')).toBeInstanceOf(Promise);
  });

  it('can be denied to those who wait, for one key or all', async () => {
    const clock = new ManualClock();
    const slots = new CallSlots(clock, () => false);
    for (const key of ['a:0', 'b:0']) for (let call = 0; call < 4; call++) void slots.take(key);
    const [a, b] = ['a:0', 'b:0'].map((key) => outcome(() => slots.take(key)));
    slots.failWaiting(() => new Error('no'), 'a:0');
    expect(await a).toMatchObject({ message: 'no' });
    slots.failWaiting(() => new Error('none'));
    expect(await b).toMatchObject({ message: 'none' });
    expect(clock.pendingTimers).toBe(0);
  });

  it('never exceed a bound, and none is lost, in whatever order calls come and go', async () => {
    const step = fc.record({
      key: fc.nat(29),
      action: fc.constantFrom('take', 'take', 'take', 'give', 'heal', 'fail'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 100, maxLength: 400 }), async (steps) => {
        const suspects = new Set<string>();
        const slots = new CallSlots(new ManualClock(), (key) => suspects.has(key));
        const running: Slot[] = [];
        let asked = 0;
        let settled = 0;
        const giveBack = async (): Promise<void> => {
          const slot = running.shift();
          if (slot !== undefined) slots.giveBack(slot);
          await turn();
        };
        for (const { key, action } of steps) {
          const name = `t${key}:0`;
          if (action === 'take') {
            asked += 1;
            void outcome(() => slots.take(name)).then((slot) => {
              settled += 1;
              if (!(slot instanceof Error)) running.push(slot);
            });
            await turn();
          } else if (action === 'give') await giveBack();
          else if (action === 'heal') suspects.delete(name);
          else suspects.add(name);
          const ofKey = new Map<string, number>();
          for (const { line } of running) ofKey.set(line.key, (ofKey.get(line.key) ?? 0) + 1);
          expect(Math.max(0, ...ofKey.values())).toBeLessThanOrEqual(SLOTS.perKey);
          expect(running.length).toBeLessThanOrEqual(SLOTS.overall);
          expect(running.filter(({ isSuspect }) => isSuspect).length).toBeLessThanOrEqual(SLOTS.suspects);
        }
        while (running.length > 0) await giveBack();
        expect(settled).toBe(asked);
        // Whoever waited has had a turn: with nothing running nobody waits.
        for (let key = 0; key < 30; key++) slots.giveBack(atOnce(slots.take(`t${key}:0`)));
      }),
      { numRuns: 40 },
    );
  });
});
