import { beforeEach, describe, expect, it } from 'vitest';
import { Tally } from '../../../examples/retail/tally.js';
import { UnhandledSales } from '../../../examples/retail/unhandled-sales.js';
import { soldEvent } from './sold-event.js';

let unhandled: UnhandledSales;
let tally: Tally;

beforeEach(() => {
  unhandled = new UnhandledSales();
  tally = new Tally(
    [
      ['eire', { country: 'EIRE' }],
      ['usa', { country: 'USA' }],
    ],
    unhandled,
  );
});

function publish(row: number, tenantId: string, publishedAtMs = 0): void {
  unhandled.add(row, { tenantId, publishedAtMs, bytes: 1 });
  tally.countPublished(tenantId);
}

describe('Tally', () => {
  it('adds up exactly, and measures from publish to handler', () => {
    publish(1, 'eire', 100);
    publish(2, 'eire', 100);
    publish(3, 'usa', 100);
    tally.countHandled(soldEvent('eire', { row: 1, invoiceNo: 'a', quantity: 3, unitPriceThousandths: 100 }), 110);
    tally.countHandled(soldEvent('eire', { row: 2, invoiceNo: 'a', quantity: -1, unitPriceThousandths: 1 }), 110);
    tally.countHandled(soldEvent('usa', { row: 3, invoiceNo: 'a', quantity: 9e8, unitPriceThousandths: 9e11 }), 150);

    expect(tally).toMatchObject({ published: 3, handled: 3, faults: { count: 0, first: [] } });
    expect(tally.tenants.get('eire')).toMatchObject({
      country: 'EIRE',
      published: 2,
      handled: 2,
      revenueThousandths: 299n,
    });
    expect(tally.tenants.get('usa')).toMatchObject({
      published: 1,
      handled: 1,
      revenueThousandths: 810_000_000_000_000_000_000n,
    });
    expect(tally.tenants.get('eire')?.latency.getValueAtPercentile(50)).toBe(100);
  });

  it('notes a line that is handled twice, and one that nobody published', () => {
    publish(1, 'eire');
    for (let time = 0; time < 2; time += 1) tally.countHandled(soldEvent('eire', { row: 1, invoiceNo: 'a' }), 1);
    tally.countHandled(soldEvent('eire', { row: 7, invoiceNo: 'a' }), 1);
    expect(tally.faults.first).toEqual([
      expect.stringMatching(/^row 1 was handled a second time/),
      expect.stringMatching(/^row 7 was handled a second time, or was never published/),
    ]);
    expect(tally.tenants.get('eire')).toMatchObject({ handled: 1, revenueThousandths: 1_000n });
  });

  it('notes a line that is handled for another tenant', () => {
    publish(1, 'eire');
    tally.countHandled(soldEvent('usa', { row: 1, invoiceNo: 'a' }), 1);
    expect(tally.faults.first).toEqual(['row 1 was published for eire and handled for usa']);
  });

  it('notes lines of one invoice that are handled out of order, and leaves other invoices alone', () => {
    for (const row of [1, 2, 3]) publish(row, 'eire');
    tally.countHandled(soldEvent('eire', { row: 2, invoiceNo: 'a' }), 1);
    tally.countHandled(soldEvent('eire', { row: 3, invoiceNo: 'b' }), 1);
    tally.countHandled(soldEvent('eire', { row: 1, invoiceNo: 'a' }), 1);
    expect(tally.faults).toEqual({ count: 1, first: ['row 1 was handled after row 2 of the same invoice'] });
  });

  it('keeps the first few faults and counts the rest', () => {
    for (let row = 1; row <= 1_000; row += 1) tally.countHandled(soldEvent('eire', { row, invoiceNo: 'a' }), 1);
    expect(tally.faults.count).toBe(1_000);
    expect(tally.faults.first).toHaveLength(10);
  });
});
