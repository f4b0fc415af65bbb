import { describe, expect, it } from 'vitest';
import { UnhandledSales, type UnhandledSale } from '../../../examples/retail/unhandled-sales.js';

const never = new AbortController().signal;
const LOG_BYTES_PER_PARTITION = 5_000_000;

function sale(bytes: number): UnhandledSale {
  return { tenantId: 'eire', publishedAtMs: 0, bytes };
}

/** Whether a promise settles without anything more happening. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  const turn = new Promise((resolve) => setImmediate(resolve, pending));
  return (await Promise.race([promise, turn])) !== pending;
}

describe('UnhandledSales', () => {
  it('gives each sale out once', () => {
    const sales = new UnhandledSales();
    sales.add(1, sale(10));
    expect(sales.count).toBe(1);
    expect(sales.take(2)).toBeUndefined();
    expect(sales.take(1)).toEqual(sale(10));
    expect(sales.take(1)).toBeUndefined();
    expect(sales.count).toBe(0);
  });

  it('holds the publisher back long before a partition drops what is unhandled', async () => {
    const sales = new UnhandledSales();
    let row = 0;
    while (await isSettled(sales.room(never))) sales.add((row += 1), sale(1_000));
    expect(row * 1_000).toBeGreaterThan(LOG_BYTES_PER_PARTITION / 10);
    expect(row * 1_000).toBeLessThan(LOG_BYTES_PER_PARTITION / 2);

    const room = sales.room(never);
    expect(await isSettled(room)).toBe(false);
    sales.take(1);
    expect(await isSettled(room)).toBe(true);
  });

  it('stops waiting when the run is aborted, with its reason', async () => {
    const sales = new UnhandledSales();
    sales.add(1, sale(LOG_BYTES_PER_PARTITION));
    const run = new AbortController();
    const room = sales.room(run.signal);
    run.abort(new Error('stalled'));
    await expect(room).rejects.toThrow('stalled');
    await expect(sales.room(run.signal)).rejects.toThrow('stalled');
  });
});
