import { describe, expect, it } from 'vitest';
import type { HostileRecord } from '../../../examples/retail/attack/attacker.js';
import { FORGERIES } from '../../../examples/retail/attack/forgeries.js';
import type { PlainRecord } from '../../../examples/retail/attack/plain-record.js';
import { checkResult, type RunOutcome } from '../../../examples/retail/check/check-result.js';
import { report } from '../../../examples/retail/output/report.js';
import { demoResult } from '../../../examples/retail/output/result.js';
import { Tally } from '../../../examples/retail/tally.js';
import { UnhandledSales } from '../../../examples/retail/unhandled-sales.js';
import { soldEvent } from './sold-event.js';

const genuine: PlainRecord = {
  partition: 0,
  key: Buffer.from('eire:a'),
  value: Buffer.alloc(100, 1),
  headers: [
    { name: 'tenant-id', value: Buffer.from('eire') },
    { name: 'event-id', value: Buffer.from('one') },
  ],
};

const hostile: HostileRecord[] = FORGERIES.map((forgery) => ({ forgery, record: forgery.forge(genuine) }));

function quarantinedCopy({ forgery, record }: HostileRecord, code = forgery.expectedCode): PlainRecord {
  return { ...record, headers: [...record.headers, { name: 'dlq-code', value: Buffer.from(code) }] };
}

/** A run of two lines of 1.50 each in which all went well. */
function goodRun(): RunOutcome {
  const unhandled = new UnhandledSales();
  const tally = new Tally([['eire', { country: 'EIRE' }]], unhandled);
  for (const row of [1, 2]) {
    unhandled.add(row, { tenantId: 'eire', publishedAtMs: 0, bytes: 1 });
    tally.countPublished('eire');
    tally.countHandled(soldEvent('eire', { row, invoiceNo: 'a', unitPriceThousandths: 1_500 }), 20);
  }
  return {
    expectation: { lines: 2, tenants: new Map([['eire', { country: 'EIRE', lines: 2, revenueThousandths: 3_000n }]]) },
    tally,
    unhandled: 0,
    hostile,
    quarantined: hostile.map((record) => quarantinedCopy(record)).reverse(),
  };
}

describe('checkResult', () => {
  it('finds nothing wrong with a good run', () => {
    expect(checkResult(goodRun())).toEqual([]);
  });

  it('finds lines that were never handled', () => {
    expect(checkResult({ ...goodRun(), unhandled: 3 })).toEqual(['3 lines were published and not handled']);
  });

  it('finds a tenant whose counts or revenue differ from the file', () => {
    const tenants = new Map([
      ['eire', { country: 'EIRE', lines: 3, revenueThousandths: 3_001n }],
      ['usa', { country: 'USA', lines: 1, revenueThousandths: 0n }],
    ]);
    expect(checkResult({ ...goodRun(), expectation: { lines: 4, tenants } })).toEqual([
      'eire: the file has 3 lines, 2 were published',
      'eire: the file has 3 lines, 2 were handled',
      "eire: the file's revenue is 3.001, the worker's 3.00",
      'usa: the file has 1 lines, 0 were published',
      'usa: the file has 1 lines, 0 were handled',
    ]);
  });

  it('finds what the handler should not have seen', () => {
    const run = goodRun();
    (run.tally as Tally).countHandled(soldEvent('eire', { row: 1, invoiceNo: 'a' }), 1);
    expect(checkResult(run)).toEqual([expect.stringMatching(/^row 1 was handled a second time/)]);
  });

  it.each(hostile.map((record, index) => [record.forgery.name, index] as const))(
    'finds that quarantine lacks %s',
    (_, index) => {
      const quarantined = hostile.filter((_record, at) => at !== index).map((record) => quarantinedCopy(record));
      expect(checkResult({ ...goodRun(), quarantined })).toEqual([expect.stringMatching(/: not in quarantine$/)]);
    },
  );

  it('finds a forgery that is in quarantine twice, for another reason, or with other bytes', () => {
    const [first, ...others] = hostile.map((record) => quarantinedCopy(record));
    const twice = [first!, first!, ...others];
    expect(checkResult({ ...goodRun(), quarantined: twice })).toEqual([
      expect.stringMatching(/TENANT_MISMATCH, TENANT_MISMATCH$/),
    ]);
    const otherReason = [quarantinedCopy(hostile[0]!, 'SEAL_INVALID'), ...others];
    expect(checkResult({ ...goodRun(), quarantined: otherReason })).toEqual([
      expect.stringMatching(/as SEAL_INVALID$/),
    ]);
    const otherBytes = [{ ...first!, value: Buffer.alloc(100, 2) }, ...others];
    expect(checkResult({ ...goodRun(), quarantined: otherBytes })).toEqual([
      expect.stringMatching(/: not in quarantine$/),
      '1 records are in quarantine that nobody forged',
    ]);
  });
});

describe('demoResult', () => {
  it('sums a run up for a program', () => {
    expect(demoResult(goodRun(), 0.5)).toMatchObject({
      published: 2,
      handled: 2,
      quarantined: 10,
      revenue: 3,
      tenants: { eire: { country: 'EIRE', published: 2, handled: 2, revenue: 3, p50Ms: 20, p99Ms: 20 } },
      quarantinedByCode: { TENANT_MISMATCH: 2, SEAL_INVALID: 3, SEAL_MISSING: 2 },
      seconds: 0.5,
      recordsPerSecond: 4,
      check: { passed: true, failures: [] },
    });
  });

  it('is the same whichever forged record is read first', () => {
    const run = goodRun();
    const other = { ...run, quarantined: [...run.quarantined].reverse() };
    const text = (outcome: RunOutcome): string => JSON.stringify(demoResult(outcome, 0.5).quarantinedByCode);
    expect(text(other)).toBe(text(run));
  });
});

describe('report', () => {
  it('shows a person the tenants, the quarantine and the check', () => {
    const text = report(demoResult(goodRun(), 0.5));
    expect(text).toMatch(/eire .* 2 .* 2 .* £3\.00 .* 20 .* 20 /);
    expect(text).toMatch(/TENANT_MISMATCH .* 2 /);
    expect(text).toContain('4 records/s');
    expect(text).toContain('Check passed');
  });

  it('does not say that all is well where it is not', () => {
    const text = report(demoResult({ ...goodRun(), unhandled: 1 }, 0.5));
    expect(text).toContain('Check failed');
    expect(text).not.toContain('Check passed');
  });
});
