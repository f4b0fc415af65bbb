import { DemoError } from '../demo-error.js';

/** The columns of the file that the demo reads; others may be there. */
export const COLUMNS = [
  'InvoiceNo',
  'StockCode',
  'Description',
  'Quantity',
  'InvoiceDate',
  'UnitPrice',
  'CustomerID',
  'Country',
] as const;

/** One row of the file, as text. */
export type SalesRow = Readonly<Record<(typeof COLUMNS)[number], string>>;

const TIME = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[ T](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?$/;

/** What a field must look like. Description and CustomerID are blank in many rows and may hold anything. */
const RULES: readonly (readonly [column: keyof SalesRow, rule: RegExp, wanted: string])[] = [
  ['InvoiceNo', /^.{1,100}$/u, 'a text of 1 to 100 characters'],
  ['StockCode', /^.+$/u, 'a text'],
  ['Quantity', /^-?\d{1,9}$/, 'a whole number of at most 9 digits'],
  ['InvoiceDate', TIME, 'a time such as 2010-12-01 08:26:00'],
  ['UnitPrice', /^-?\d{1,9}(?:\.\d{1,3})?$/, 'a number with at most 3 decimals'],
  ['Country', /^.+$/u, 'a name'],
];

/**
 * Checks that a file has every column.
 *
 * @throws DemoError `COLUMN_MISSING`, naming each that is not there
 */
export function checkColumns(path: string, header: readonly string[]): void {
  const missing = COLUMNS.filter((column) => !header.includes(column));
  if (missing.length === 0) return;
  throw new DemoError(
    'COLUMN_MISSING',
    `${path} has no column ${missing.join(', ')}; its first line must name ${COLUMNS.join(', ')}`,
  );
}

/**
 * Checks one row.
 *
 * @param rowNumber - 1 for the first row below the header
 * @throws DemoError `VALUE_INVALID`, naming row and column
 */
export function checkRow(path: string, rowNumber: number, row: SalesRow): void {
  for (const [column, rule, wanted] of RULES) {
    if (rule.test(row[column]) && (column !== 'InvoiceDate' || isRealDay(row[column]))) continue;
    const found = row[column] === '' ? 'blank' : JSON.stringify(row[column].slice(0, 40));
    throw new DemoError(
      'VALUE_INVALID',
      `${path}, row ${rowNumber} (not counting the header): ${column} is ${found}, but must be ${wanted}`,
    );
  }
}

/** The invoice date, which names no time zone, taken as UTC. */
export function parseInvoiceDate(text: string): Date {
  return new Date(`${text.replace(' ', 'T')}Z`);
}

/** Whether a month has this day: `Date` takes the 30th of February for the 2nd of March. */
function isRealDay(time: string): boolean {
  const day = time.slice(8, 10);
  return day <= '28' || parseInvoiceDate(time).toISOString().slice(8, 10) === day;
}
