import { checkColumns, checkRow, COLUMNS, type SalesRow } from '../data-file/columns.js';
import { openInputFile, readingFailed } from '../data-file/input-file.js';
import { TenantsOfCountries } from '../data-file/tenant-of-country.js';
import { DemoError } from '../demo-error.js';
import { splitCsv } from './split-csv.js';

/** What the file says a tenant's result must be. */
export interface TenantExpectation {
  readonly country: string;
  lines: number;
  /** In thousandths of a pound. */
  revenueThousandths: bigint;
}

/** What the file says the result must be. */
export interface Expectation {
  readonly lines: number;
  readonly tenants: ReadonlyMap<string, TenantExpectation>;
}

/**
 * Reads the whole file once, before anything is published: a bad row is found while nothing is half done,
 * and the result is known by other means than the demo's (another CSV reader, sums over the digits).
 *
 * @param limit - reads at most so many rows
 * @throws DemoError `FILE_UNREADABLE`, `FILE_MALFORMED`, `FILE_EMPTY`, `COLUMN_MISSING`, `VALUE_INVALID`,
 * `TENANT_COLLISION`
 */
export async function expectFromFile(path: string, limit: number): Promise<Expectation> {
  const file = await openInputFile(path);
  try {
    return await expectFromRows(path, splitCsv(file.setEncoding('utf8')), limit);
  } catch (error) {
    throw readingFailed(path, error);
  } finally {
    file.destroy();
  }
}

async function expectFromRows(
  path: string,
  rows: AsyncGenerator<string[] | undefined>,
  limit: number,
): Promise<Expectation> {
  const tenantsOfCountries = new TenantsOfCountries();
  const tenants = new Map<string, TenantExpectation>();
  let header: string[] | undefined;
  let lines = 0;
  for await (const fields of rows) {
    if (fields === undefined) throw malformed(path, lines + 1);
    if (header === undefined) {
      header = fields;
      checkColumns(path, header);
      continue;
    }
    if (fields.length !== header.length) throw malformed(path, lines + 1);
    lines += 1;
    const row = salesRow(header, fields);
    checkRow(path, lines, row);
    const tenantId = tenantsOfCountries.get(row.Country);
    const tenant = tenants.get(tenantId) ?? { country: row.Country, lines: 0, revenueThousandths: 0n };
    tenants.set(tenantId, tenant);
    tenant.lines += 1;
    tenant.revenueThousandths += BigInt(row.Quantity) * thousandths(row.UnitPrice);
    if (lines === limit) break;
  }
  if (lines === 0) throw new DemoError('FILE_EMPTY', `${path} holds no sales lines`);
  return { lines, tenants };
}

function malformed(path: string, rowNumber: number): DemoError {
  return new DemoError('FILE_MALFORMED', `${path} is not CSV at row ${rowNumber} (not counting the header)`);
}

function salesRow(header: readonly string[], fields: readonly string[]): SalesRow {
  return Object.fromEntries(COLUMNS.map((column) => [column, fields[header.indexOf(column)] ?? ''])) as SalesRow;
}

/** `2.5` is 2500n: the digits without the point, filled up to three decimals. */
function thousandths(decimal: string): bigint {
  const [whole = '', decimals = ''] = decimal.split('.');
  return BigInt(whole + decimals.padEnd(3, '0'));
}
