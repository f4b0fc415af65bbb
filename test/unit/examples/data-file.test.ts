import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collect } from './collect.js';
import { expectFromFile } from '../../../examples/retail/check/expectation.js';
import { readSales, type Sale } from '../../../examples/retail/data-file/sales-lines.js';

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';
const FIRST = '536365,85123A,"LIGHT, HOLDER",6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom';
const RETURN = 'C536379,D,,-1,2010-12-01 09:41,27.505,,EIRE';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retail-demo-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function fileOf(content: string | Buffer): Promise<string> {
  const path = join(folder, `${Math.random()}.csv`);
  await writeFile(path, content);
  return path;
}

async function salesOf(path: string, limit = Number.POSITIVE_INFINITY): Promise<Sale[]> {
  return collect(readSales(path, limit));
}

/** Both readers must say the same of a bad file: the first is asked before anything is published. */
async function refusals(path: string): Promise<unknown[]> {
  const outcomes = await Promise.allSettled([expectFromFile(path, Number.POSITIVE_INFINITY), salesOf(path)]);
  return outcomes.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as unknown) : outcome.value));
}

describe('the data file', () => {
  it('becomes sales lines: blanks are null, money is in thousandths, times are UTC', async () => {
    const path = await fileOf([HEADER, FIRST, RETURN].join('\n'));
    expect(await salesOf(path)).toEqual([
      {
        line: {
          row: 1,
          invoiceNo: '536365',
          stockCode: '85123A',
          description: 'LIGHT, HOLDER',
          quantity: 6,
          unitPriceThousandths: 2_550,
          customerId: '17850.0',
          country: 'United Kingdom',
        },
        soldAt: new Date('2010-12-01T08:26:00Z'),
      },
      {
        line: {
          row: 2,
          invoiceNo: 'C536379',
          stockCode: 'D',
          description: null,
          quantity: -1,
          unitPriceThousandths: 27_505,
          customerId: null,
          country: 'EIRE',
        },
        soldAt: new Date('2010-12-01T09:41:00Z'),
      },
    ]);
  });

  it('is expected to come to exact sums per tenant', async () => {
    const path = await fileOf([HEADER, FIRST, FIRST, RETURN].join('\n'));
    const expectation = await expectFromFile(path, Number.POSITIVE_INFINITY);
    expect(expectation.lines).toBe(3);
    expect([...expectation.tenants]).toEqual([
      ['united-kingdom', { country: 'United Kingdom', lines: 2, revenueThousandths: 30_600n }],
      ['eire', { country: 'EIRE', lines: 1, revenueThousandths: -27_505n }],
    ]);
  });

  it.each([
    ['gzipped', gzipSync([HEADER, FIRST].join('\n'))],
    ['with a byte order mark', `\uFEFF${HEADER}\n${FIRST}`],
    ['with carriage returns and a blank last line', `${HEADER}\r\n${FIRST}\r\n\r\n`],
    [
      'with further columns in another order',
      `More,Country,CustomerID,UnitPrice,InvoiceDate,Quantity,Description,StockCode,InvoiceNo\n,EIRE,,1,2011-01-01 00:00:00,1,,A,1`,
    ],
  ])('may come %s', async (_, content) => {
    const path = await fileOf(content);
    expect(await salesOf(path)).toHaveLength(1);
    expect(await expectFromFile(path, Number.POSITIVE_INFINITY)).toMatchObject({ lines: 1 });
  });

  it('is read no further than asked, so that a bad row after that does no harm', async () => {
    const path = await fileOf([HEADER, FIRST, FIRST, 'bad,row'].join('\n'));
    expect(await salesOf(path, 2)).toHaveLength(2);
    expect(await expectFromFile(path, 2)).toMatchObject({ lines: 2 });
  });

  it.each([
    ['Quantity', FIRST.replace(',6,', ',six,')],
    ['Quantity', FIRST.replace(',6,', ',,')],
    ['Quantity', FIRST.replace(',6,', ',1.5,')],
    ['UnitPrice', FIRST.replace('2.55', '2.5555')],
    ['UnitPrice', FIRST.replace('2.55', '1e3')],
    ['UnitPrice', FIRST.replace('2.55', 'Infinity')],
    ['InvoiceDate', FIRST.replace('2010-12-01', '2010-02-30')],
    ['InvoiceDate', FIRST.replace('2010-12-01 08:26:00', '12/1/2010 8:26')],
    ['InvoiceNo', FIRST.replace('536365', '')],
    ['Country', FIRST.replace('United Kingdom', '')],
  ])('is refused with row and column for a bad %s', async (column, row) => {
    const path = await fileOf([HEADER, FIRST, row].join('\n'));
    for (const error of await refusals(path)) {
      expect(error).toMatchObject({ code: 'VALUE_INVALID', message: expect.stringMatching(`row 2 .*: ${column} is `) });
    }
  });

  it('is refused with the names of the columns it lacks', async () => {
    const path = await fileOf(`${HEADER.replace('UnitPrice', 'Price').replace('Country', 'Land')}\n${FIRST}`);
    await expect(expectFromFile(path, 1)).rejects.toMatchObject({
      code: 'COLUMN_MISSING',
      message: expect.stringContaining('no column UnitPrice, Country;'),
    });
  });

  it.each([
    ['a row with too many fields', `${FIRST},more`],
    ['a row with too few fields', '536365,85123A'],
    ['a quote that never ends', FIRST.replace('HOLDER"', 'HOLDER')],
  ])('is refused for %s', async (_, row) => {
    const path = await fileOf([HEADER, row].join('\n'));
    for (const error of await refusals(path)) expect(error).toMatchObject({ code: 'FILE_MALFORMED' });
  });

  it('is refused where two countries would be one tenant', async () => {
    const path = await fileOf([HEADER, RETURN, RETURN.replace('EIRE', 'Eire!')].join('\n'));
    await expect(expectFromFile(path, 2)).rejects.toMatchObject({ code: 'TENANT_COLLISION' });
  });

  it.each([
    ['nothing', ''],
    ['a header alone', HEADER],
  ])('is refused where it holds %s', async (_, content) => {
    const path = await fileOf(content);
    await expect(expectFromFile(path, 2)).rejects.toMatchObject({ code: 'FILE_EMPTY' });
  });

  it('is refused where it cannot be read, in words', async () => {
    const cut = await fileOf(gzipSync(Buffer.alloc(10_000, `${HEADER}\n`)).subarray(0, 40));
    const damaged = await fileOf(Buffer.concat([gzipSync(HEADER).subarray(0, 10), Buffer.alloc(50, 0xff)]));
    for (const [path, reason] of [
      [join(folder, 'not-there.csv'), 'no such file'],
      [folder, 'directory'],
      [cut, 'ends too early'],
      [damaged, 'damaged'],
    ] as const) {
      for (const error of await refusals(path)) {
        expect(error).toMatchObject({ code: 'FILE_UNREADABLE', message: expect.stringContaining(reason) });
      }
    }
  });
});
