// `npm run test:mutations`: shows that the tests of the consumer engine notice each of a list of bugs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { MUTATIONS, type Mutation } from '../test/mutations/mutations.ts';

const TESTS = 'test/unit/consumer';
const PARALLEL = 2;
/** Enough lives of the simulation to notice a bug that shows rarely. */
const SIMULATIONS = '1500';

const { only } = new Command('npm run test:mutations --')
  .description('Puts bugs into the consumer engine, one at a time, and shows that a test fails for each.')
  .option('--only <text>', 'those whose name holds this text')
  .parse()
  .opts<{ only?: string }>();

for (const { name, file, find } of MUTATIONS) {
  // A mutation that cannot be made would fail every test, and look noticed.
  if (readFileSync(`src/consumer/${file}`, 'utf8').split(find).length === 2) continue;
  throw new Error(`"${name}": its text does not stand once in src/consumer/${file}`);
}
const waiting = MUTATIONS.filter(({ name }) => only === undefined || name.includes(only));
const survivors: string[] = [];
await Promise.all(Array.from({ length: PARALLEL }, work));
console.log(survivors.length === 0 ? 'Every bug is noticed.' : `Not noticed: ${survivors.join('; ')}`);
process.exitCode = survivors.length === 0 ? 0 : 1;

async function work(): Promise<void> {
  for (let mutation = waiting.shift(); mutation !== undefined; mutation = waiting.shift()) {
    const by = await noticedBy(mutation);
    if (by === undefined) survivors.push(mutation.name);
    console.log(
      `${by === undefined ? 'NOT NOTICED' : 'noticed'}: ${mutation.name}${by === undefined ? '' : ` (${by})`}`,
    );
  }
}

/** The first failing test file, or undefined where all tests pass. */
async function noticedBy({ name, noticedBy: known }: Mutation): Promise<string | undefined> {
  return (await failingTest(name, `${TESTS}/${known}`)) ?? (await failingTest(name, TESTS));
}

async function failingTest(name: string, tests: string): Promise<string | undefined> {
  const env = { ...process.env, TENANTRY_MUTATION: name, TENANTRY_SIMULATIONS: SIMULATIONS, NO_COLOR: '1' };
  const options = ['--project', 'unit', '--bail', '1', '--reporter', 'dot', '--maxWorkers', '1'];
  const child = spawn('node_modules/.bin/vitest', ['run', ...options, tests], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  const [code] = (await once(child, 'exit')) as [number];
  if (code === 0) return undefined;
  const failed = /FAIL\s+(?:\|?unit\|?\s+)?(test\/\S+)/.exec(output)?.[1];
  if (failed === undefined) throw new Error(`"${name}" did not run:\n${output}`);
  return failed;
}
