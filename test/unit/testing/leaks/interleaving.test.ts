import timers from 'node:timers';
import timersPromises, { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { holdTimers } from '../../../../src/testing/leaks/order/hold-timers.js';
import { Interleaving } from '../../../../src/testing/leaks/order/interleaving.js';
import { runAs } from '../../../../src/testing/leaks/watch/owner.js';
import { VirtualClock } from '../../../../src/testing/virtual-clock.js';

const idle = (): boolean => false;

async function orderOf(seed: number): Promise<string> {
  const interleaving = new Interleaving(seed);
  const order: string[] = [];
  const work = Promise.all(
    ['a', 'b', 'c', 'd'].map(async (name) => {
      await interleaving.turn();
      order.push(name);
      await interleaving.turn();
      order.push(name.toUpperCase());
    }),
  );
  expect(await interleaving.drive(work, new VirtualClock(), idle, 5_000)).toBe(true);
  return order.join('');
}

describe('an interleaving', () => {
  it('is the same for a seed, and differs between seeds', async () => {
    expect(await orderOf(1)).toBe(await orderOf(1));
    const orders = await Promise.all(Array.from({ length: 20 }, (_, seed) => orderOf(seed)));
    expect(new Set(orders).size).toBeGreaterThan(10);
    expect(orders.some((order) => /[A-Z].*[a-z]/.test(order))).toBe(true);
  });

  it('keeps timers in their order, and lets no time pass for them', async () => {
    const interleaving = new Interleaving(5);
    const order: number[] = [];
    const work = Promise.all(
      [300, 100, 200].map(
        (delayMs) =>
          new Promise<void>((resolve) =>
            interleaving.holdTimer(delayMs, () => {
              order.push(delayMs);
              resolve();
            }),
          ),
      ),
    );
    await interleaving.drive(work, new VirtualClock(), idle, 5_000);
    expect(order).toEqual([100, 200, 300]);
  });

  it('lets nobody go on while an answer of the network is to come', async () => {
    const interleaving = new Interleaving(1);
    const order: string[] = [];
    const end = interleaving.beginIo();
    const turn = interleaving.turn().then(() => order.push('turn'));
    const answer = sleep(20).then(() => {
      order.push('answer');
      end();
      end();
    });
    await interleaving.drive(Promise.all([turn, answer]), new VirtualClock(), idle, 5_000);
    expect(order).toEqual(['answer', 'turn']);
    expect(interleaving.impatient).toBe(0);
  });

  it('says where it is not over in time', async () => {
    const never = new Promise(() => undefined);
    expect(await new Interleaving(1).drive(never, new VirtualClock(), () => true, 20)).toBe(false);
  });

  it('keeps the process alive while it waits', async () => {
    const timeout = setTimeout(() => undefined, 0);
    const unref = vi.spyOn(Object.getPrototypeOf(timeout) as NodeJS.Timeout, 'unref');
    const never = new Promise(() => undefined);
    expect(await new Interleaving(1).drive(never, new VirtualClock(), () => true, 20)).toBe(false);
    expect(unref).not.toHaveBeenCalled();
  });

  it('lets go at last of what is left behind', async () => {
    const interleaving = new Interleaving(1);
    let count = 0;
    const again = (): void => {
      count += 1;
      if (count < 100) interleaving.hold(again);
    };
    again();
    await interleaving.drain(new VirtualClock(), 10);
    expect(count).toBe(12);
  });
});

describe('timers', () => {
  const run = { tenantId: 'acme', eventType: 'a.b.v1', record: 0, attempt: 1 };
  const A_DAY = 86_400_000;

  it('of handlers are held, in all their forms; others are not', async () => {
    const interleaving = new Interleaving(1);
    const before = [setTimeout, clearTimeout, clearInterval, timersPromises.setTimeout];
    const release = holdTimers(interleaving, A_DAY);
    const fired: unknown[] = [];
    try {
      const work = runAs(run, async () => {
        const cleared = setTimeout(() => fired.push('cleared'), 5);
        clearTimeout(cleared);
        clearTimeout(undefined);
        await new Promise((resolve) => setTimeout(resolve, A_DAY, 'x').unref());
        fired.push(await sleep(A_DAY, 'sleep'), await timersPromises.setTimeout(A_DAY, 'module'));
        await promisify(setTimeout)(A_DAY);
        fired.push('promisified');
      });
      expect(await interleaving.drive(work, new VirtualClock(), idle, 5_000)).toBe(true);
      expect(fired).toEqual(['sleep', 'module', 'promisified']);
      const choices = interleaving.choices;
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(interleaving.choices).toBe(choices);
    } finally {
      release();
    }
    expect([setTimeout, clearTimeout, clearInterval, timersPromises.setTimeout]).toEqual(before);
  });

  it.each<[string, (handle: NodeJS.Timeout) => void]>([
    ['clearTimeout', (handle) => clearTimeout(handle)],
    ['clearInterval', (handle) => clearInterval(handle)],
    ['clearTimeout of its number', (handle) => clearTimeout(+handle)],
    ['clearTimeout of its number as a text', (handle) => clearTimeout(String(+handle))],
    ['clearTimeout of the module', (handle) => timers.clearTimeout(handle)],
    ['clearInterval of the module', (handle) => timers.clearInterval(+handle)],
    ['close', (handle) => handle.close()],
    ['refresh and close', (handle) => handle.refresh().close()],
    ['close, whatever is refreshed then', (handle) => handle.close().refresh()],
    ['using', (handle) => handle[Symbol.dispose]()],
  ])('that are held do not fire once they are cancelled by %s', async (_, cancel) => {
    const interleaving = new Interleaving(1);
    const release = holdTimers(interleaving, A_DAY);
    const fired: string[] = [];
    try {
      const work = runAs(run, async () => {
        const handle = setTimeout(() => fired.push('cancelled'), 5);
        const other = setTimeout(() => fired.push('other'), 5);
        expect(+other).not.toBe(+handle);
        await sleep(1);
        cancel(handle);
        await sleep(10);
      });
      expect(await interleaving.drive(work, new VirtualClock(), idle, 5_000)).toBe(true);
      expect(fired).toEqual(['other']);
    } finally {
      release();
    }
  });

  it('that are held wait anew where they are refreshed, also once they have fired', async () => {
    const interleaving = new Interleaving(1);
    const release = holdTimers(interleaving, A_DAY);
    const fired: string[] = [];
    try {
      const work = runAs(run, async () => {
        const handle = setTimeout(() => fired.push('refreshed'), 10);
        await sleep(5);
        handle.refresh();
        await sleep(7);
        fired.push('awake');
        await sleep(5);
        handle.refresh();
        await sleep(20);
      });
      expect(await interleaving.drive(work, new VirtualClock(), idle, 5_000)).toBe(true);
      expect(fired).toEqual(['awake', 'refreshed', 'refreshed']);
    } finally {
      release();
    }
  });

  it('take their time where none is to be held, also those of no time', async () => {
    const interleaving = new Interleaving(1);
    const release = holdTimers(interleaving, 0);
    try {
      await runAs(run, async () => {
        await new Promise((resolve) => setTimeout(resolve));
        await sleep(0);
      });
      expect(interleaving.choices).toBe(0);
    } finally {
      release();
    }
  });

  it('longer than allowed, or with a signal, take their time', async () => {
    const interleaving = new Interleaving(1);
    const release = holdTimers(interleaving, 1);
    try {
      await runAs(run, async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        await new Promise((resolve) => setTimeout(resolve, '5' as never));
        await sleep(5);
        await sleep(1, undefined, { signal: AbortSignal.timeout(1_000) });
      });
      expect(interleaving.choices).toBe(0);
    } finally {
      release();
    }
  });
});
