import { pipeline } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import type { SoldLine } from '../contract.js';
import { DemoError } from '../demo-error.js';
import { checkRow, parseInvoiceDate, type SalesRow } from './columns.js';
import { openInputFile, readingFailed } from './input-file.js';

/** A sold line and when it was sold. */
export interface Sale {
  readonly line: SoldLine;
  readonly soldAt: Date;
}

/**
 * Reads the sales of a CSV file, in order, no faster than they are taken.
 *
 * @param limit - reads at most so many
 * @throws DemoError `FILE_UNREADABLE`, `FILE_MALFORMED`, `VALUE_INVALID`
 */
export async function* readSales(path: string, limit: number): AsyncGenerator<Sale> {
  const file = await openInputFile(path);
  const parser = parse({ bom: true, columns: true, skip_empty_lines: true });
  const rows: AsyncIterable<SalesRow> = pipeline(file, parser, () => undefined);
  let row = 0;
  try {
    for await (const fields of rows) {
      row += 1;
      checkRow(path, row, fields);
      yield { line: soldLine(row, fields), soldAt: parseInvoiceDate(fields.InvoiceDate) };
      if (row === limit) return;
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw readingFailed(path, error);
    throw new DemoError('FILE_MALFORMED', `${path} is not CSV at row ${row + 1} (not counting the header)`);
  } finally {
    file.destroy();
  }
}

function soldLine(row: number, fields: SalesRow): SoldLine {
  return {
    row,
    invoiceNo: fields.InvoiceNo,
    stockCode: fields.StockCode,
    description: blankToNull(fields.Description),
    quantity: Number(fields.Quantity),
    unitPriceThousandths: Math.round(Number(fields.UnitPrice) * 1_000),
    customerId: blankToNull(fields.CustomerID),
    country: fields.Country,
  };
}

function blankToNull(text: string): string | null {
  return text === '' ? null : text;
}
