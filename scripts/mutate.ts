// `npm run test:mutations`: shows that the tests notice each of a list of bugs, planted in what the library promises.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { mutated, MUTATIONS, type PlacedMutation } from '../test/mutations/mutation.ts';

const PARALLEL = 2;
/** Enough lives of the simulation to notice a bug that shows rarely. */
const SIMULATIONS = '1500';

const DAY_MS = 86_400_000;

const { only, share } = new Command('npm run test:mutations --')
  .description('Puts bugs into the code, one at a time, and shows that a test fails for each.')
  .option('--only <text>', 'those whose name or file holds this text')
  .option('--share <number>', 'one of so many of them, on each day others', count, 1)
  .parse()
  .opts<{ only?: string; share: number }>();

for (const mutation of MUTATIONS) mutated(mutation, readFileSync(mutation.file, 'utf8'));
const today = Math.floor(Date.now() / DAY_MS) % share;
const meant = MUTATIONS.filter(({ name, file }) => only === undefined || name.includes(only) || file.includes(only));
if (meant.length === 0) throw new Error('No bug on the list has the text of --only in its name or file');
const waiting = meant.filter((_mutation, index) => index % share === today);
console.log(`Planting ${waiting.length} of ${MUTATIONS.length} bugs`);
const survivors: string[] = [];
await Promise.all(Array.from({ length: PARALLEL }, work));
console.log(survivors.length === 0 ? 'Every bug is noticed.' : `Not noticed: ${survivors.join('; ')}`);
process.exitCode = survivors.length === 0 ? 0 : 1;

function count(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number from 1 on.');
}

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
async function noticedBy({ name, noticedBy: known, tests }: PlacedMutation): Promise<string | undefined> {
  return (await failingTest(name, known)) ?? (await failingTest(name, tests));
}

async function failingTest(name: string, tests: string): Promise<string | undefined> {
  const env = { ...process.env, TENANTRY_MUTATION: name, TENANTRY_SIMULATIONS: SIMULATIONS, NO_COLOR: '1' };
  const options = ['--project', 'unit*', '--bail', '1', '--reporter', 'dot', '--maxWorkers', '1'];
  const child = spawn('node_modules/.bin/vitest', ['run', ...options, tests], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  const [code] = (await once(child, 'exit')) as [number];
  if (code === 0) return undefined;
  const failed = /FAIL\s+(?:\|?unit(?:-shared)?\|?\s+)?(test\/\S+)/.exec(output)?.[1];
  if (failed === undefined) throw new Error(`"${name}" did not run:\n${output}`);
  return failed;
}
