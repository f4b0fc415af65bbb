// `npm run bench:encryption`: what sealing and opening take, and how caches that are cold are filled.
import { availableParallelism } from 'node:os';
import Table from 'cli-table3';
import { Command, InvalidArgumentError } from 'commander';
import { answerOf, forkWorkload } from './broker.ts';
import { median } from './side.ts';
import type { ColdFill, ColdResult } from './workloads/encryption-cold.mjs';
import type { RecordMicros } from './workloads/encryption-record.mjs';

/** For 256 bytes, in microseconds of the main thread. */
const LIMIT_MICROS = 16;
/** Calls that run at once, in all. */
const IN_FLIGHT = 64;
const LATENCY_MS = 20;
const MISSES = 500;

interface Size {
  readonly name: string;
  readonly bytes: number;
  readonly records: number;
}

const options = new Command('npm run bench:encryption --')
  .description('Measures sealing and opening beside bare AES-256-GCM of Node.js, and caches without keys.')
  .option('--short', 'fewer records, rounds and tenants: some seconds')
  .option('--rounds <number>', 'rounds of each side; medians are printed', count)
  .option('--json', 'the results as JSON')
  .parse()
  .opts<{ short?: true; rounds?: number; json?: true }>();

const short = options.short === true;
const rounds = options.rounds ?? (short ? 3 : 15);
const tenants = short ? 1_000 : 10_000;
const sizes: readonly Size[] = [
  { name: '256 B', bytes: 256, records: short ? 5_000 : 20_000 },
  { name: '64 KB', bytes: 65_536, records: short ? 200 : 1_000 },
  { name: '1 MB', bytes: 1_048_576, records: short ? 10 : 60 },
];
const PEERS: Readonly<Record<string, string>> = {
  'seal a value': 'createCipheriv, bare',
  'take a field out and seal it': 'createCipheriv, bare',
  'open a value': 'createDecipheriv, bare',
  'open a seal of fields': 'createDecipheriv, bare',
};

const PLAIN = { head: [], border: [] };

const measured: { readonly size: Size; readonly micros: RecordMicros }[] = [];
for (const size of sizes) {
  progress(`records of ${size.name}`);
  measured.push({ size, micros: await run<RecordMicros>('encryption-record.mjs', { ...size, rounds }) });
}
progress(`${tenants} tenants without keys`);
const cold = await run<ColdResult>('encryption-cold.mjs', { tenants, misses: MISSES, latencyMs: LATENCY_MS });
const boundMs = Math.ceil(tenants / IN_FLIGHT) * LATENCY_MS;

if (options.json === true) {
  const machine = { cores: availableParallelism(), node: process.version };
  console.log(JSON.stringify({ machine, short, rounds, records: measured, tenants, boundMs, cold }));
} else {
  console.log(`\n${rounds} rounds, medians, ${availableParallelism()} cores, Node.js ${process.version}`);
  console.log(`\nMain-thread time a record\n${recordTable()}`);
  console.log(`\nCold caches, a key service of ${LATENCY_MS} ms\n${coldTable()}`);
}

function recordTable(): string {
  const table = new Table({ head: ['', 'size', 'median', 'rounds', 'of bare', 'target'], style: PLAIN });
  for (const { size, micros } of measured) {
    for (const [name, each] of Object.entries(micros)) {
      const peer = PEERS[name];
      const ratios = each.map((one, round) => one / (micros[peer ?? '']?.[round] ?? Number.NaN));
      table.push([
        name,
        size.name,
        shown(median(each)),
        `${shown(Math.min(...each))}–${shown(Math.max(...each))}`,
        peer === undefined ? '' : `${median(ratios).toFixed(2)} ×`,
        peer === undefined || size.bytes > 256 ? '' : target(median(each), LIMIT_MICROS, 'µs'),
      ]);
    }
  }
  return table.toString();
}

function coldTable(): string {
  const table = new Table({ head: ['', 'time', 'calls', 'most in flight', 'bound'], style: PLAIN });
  const row = (name: string, { ms, calls, mostInFlight }: ColdFill, bound: string): void => {
    table.push([name, `${ms.toFixed(0)} ms`, calls, mostInFlight, bound]);
  };
  const bound = `at least ${boundMs} ms (${tenants} ÷ ${IN_FLIGHT} × ${LATENCY_MS} ms)`;
  row(`${tenants} tenants, a record of each to open`, cold.opening, bound);
  row(`${tenants} tenants, a record of each to seal`, cold.sealing, bound);
  row(`${MISSES} records under one key to open`, cold.oneKey, target(cold.oneKey.calls, 1, 'call'));
  return table.toString();
}

function target(value: number, limit: number, unit: string): string {
  return `at most ${limit} ${unit}, ${value <= limit ? 'met' : 'NOT MET'}`;
}

function shown(micros: number): string {
  return `${micros.toFixed(micros < 100 ? 1 : 0)} µs`;
}

async function run<T>(file: string, work: object): Promise<T> {
  return (await answerOf(forkWorkload(file, work))) as T;
}

function progress(what: string): void {
  if (options.json !== true) console.error(what);
}

function count(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
