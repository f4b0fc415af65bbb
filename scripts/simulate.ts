// `npm run simulate`: many random lives of the consumer engine on a fake cluster; a failing one is told so that it replays.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';

/** Lives of one process: each process begins anew with what it has remembered of earlier ones. */
const LIVES_A_PROCESS = 1_250;

const options = new Command('npm run simulate --')
  .description('Runs random lives of a consumer group on a fake cluster, and checks what must always hold.')
  .option('--seeds <number>', 'how many lives', count, 10_000)
  .option('--seed <number>', 'the first seed', Number, Date.now() % 2 ** 31)
  .option('--path <path>', 'with --seed: the one life that a failure has told')
  .option('--parallel <number>', 'processes at once', count, availableParallelism())
  .parse()
  .opts<{ seeds: number; seed: number; path?: string; parallel: number }>();

const startMs = performance.now();
let left = options.path === undefined ? options.seeds : 1;
let seed = options.seed;
let done = 0;
const failures: number[] = [];
await Promise.all(Array.from({ length: Math.min(options.parallel, Math.ceil(left / LIVES_A_PROCESS)) }, work));
const seconds = ((performance.now() - startMs) / 1_000).toFixed(0);
console.log(
  failures.length > 0 ? 'A life has failed; it is told above.' : `${done} lives in ${seconds} s, nothing wrong.`,
);
process.exitCode = failures.length > 0 ? 1 : 0;

async function work(): Promise<void> {
  while (left > 0 && failures.length === 0) {
    const lives = Math.min(LIVES_A_PROCESS, left);
    left -= lives;
    const own = seed++;
    if (await run(lives, own)) done += lives;
    else failures.push(own);
  }
}

async function run(lives: number, withSeed: number): Promise<boolean> {
  const env = {
    ...process.env,
    TENANTRY_SIMULATIONS: String(lives),
    TENANTRY_SIMULATION_SEED: String(withSeed),
    ...(options.path !== undefined && { TENANTRY_SIMULATION_PATH: options.path }),
  };
  const file = 'test/unit/consumer/engine-simulation.test.ts';
  const child = spawn('node_modules/.bin/vitest', ['run', '--project', 'unit', '--reporter', 'dot', file], { env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  const [code] = (await once(child, 'exit')) as [number];
  if (code !== 0) console.error(output);
  return code === 0;
}

function count(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
