import { execFile, type ExecFileException } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { DemoResult } from '../../examples/retail/output/result.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const ROWS = 3_000;

vi.setConfig({ testTimeout: 90_000 });

interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs an example as a person does, as a process of its own, on the sources. */
function run(script: string, args: readonly string[]): Promise<Finished> {
  return new Promise((resolve) => {
    const command = ['node_modules/tsx/dist/cli.mjs', `examples/${script}`, ...args];
    execFile(
      process.execPath,
      command,
      { cwd: root, timeout: 60_000 },
      (error: ExecFileException | null, stdout, stderr) => {
        resolve({ exitCode: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
      },
    );
  });
}

/** What each country's lines come to, by a third way of counting: whole thousandths, grouped by the raw name. */
async function revenueOfCountries(): Promise<Map<string, { lines: number; revenue: number }>> {
  const data = await readFile(join(root, 'examples/retail/data/online-retail.csv.gz'));
  const rows: Record<string, string>[] = parse(gunzipSync(data), { columns: true, to: ROWS });
  const sums = new Map<string, { lines: number; thousandths: number }>();
  for (const row of rows) {
    const sum = sums.get(row['Country']!) ?? { lines: 0, thousandths: 0 };
    sum.lines += 1;
    sum.thousandths += Number(row['Quantity']) * Number((Number(row['UnitPrice']) * 1_000).toFixed(0));
    sums.set(row['Country']!, sum);
  }
  return new Map(
    [...sums].map(([country, { lines, thousandths }]) => [country, { lines, revenue: thousandths / 1_000 }]),
  );
}

describe('the retail demo', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'retail-demo-'));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it.each([
    {
      title: 'sealed',
      args: [],
      quarantined: {
        TENANT_MISMATCH: 2,
        RECORD_KEY_INVALID: 1,
        RECORD_HEADER_INVALID: 1,
        KEY_REFUSED: 1,
        SEAL_INVALID: 3,
        SEAL_MISSING: 2,
      },
    },
    {
      title: 'not sealed',
      args: ['--no-encryption'],
      quarantined: { TENANT_MISMATCH: 2, RECORD_KEY_INVALID: 1, RECORD_HEADER_INVALID: 1 },
    },
  ])('threats 2, 4, 12, 56: handles every line once, and no forged record, $title', async ({ args, quarantined }) => {
    const { exitCode, stdout, stderr } = await run('retail/main.ts', ['--rows', String(ROWS), '--json', ...args]);
    expect(exitCode, stderr).toBe(0);
    const result = JSON.parse(stdout) as DemoResult;
    const expected = await revenueOfCountries();

    expect(result).toMatchObject({ published: ROWS, handled: ROWS, check: { passed: true, failures: [] } });
    expect(result.quarantinedByCode).toEqual(quarantined);
    const tenants = Object.values(result.tenants).map((tenant) => [tenant.country, tenant] as const);
    expect(tenants.map(([country]) => country).sort()).toEqual([...expected.keys()].sort());
    for (const [country, tenant] of tenants) {
      const { lines, revenue } = expected.get(country)!;
      expect(tenant).toMatchObject({ published: lines, handled: lines, revenue });
    }
  });

  it('says in one line what is wrong with a file, before it publishes anything', async () => {
    const file = join(folder, 'bad.csv');
    await writeFile(file, 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,CustomerID,Country\n');
    const { exitCode, stdout, stderr } = await run('retail/main.ts', ['--file', file, '--json']);
    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^demo: COLUMN_MISSING: .* has no column UnitPrice;/m);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('says in one line that a broker is not there', async () => {
    const { exitCode, stdout, stderr } = await run('retail/main.ts', [
      '--rows',
      '5',
      '--brokers',
      '127.0.0.1:1',
      '--json',
    ]);
    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^demo: BROKER_UNREACHABLE: /m);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('ends with code 2 for a wrong option', async () => {
    const { exitCode, stdout, stderr } = await run('retail/main.ts', ['--rows', '-1']);
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^demo: INVALID_OPTION: .*--rows/);
  });
});

describe('the quickstart', () => {
  it('publishes one event and handles it', async () => {
    const { exitCode, stdout, stderr } = await run('quickstart/main.ts', []);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toBe('acme placed order 42 over 9.5\n');
  });
});
