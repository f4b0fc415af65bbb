// `npm run storm`: members of a group are killed, stalled, come and go, and so does a real Kafka's broker, while events flow.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import { Command, InvalidArgumentError, Option } from 'commander';
import { startKafka } from '../kafka/start-kafka.ts';
import { SetupError } from '../setup/step.mjs';
import { runStorm, type StormReport } from './storm.ts';

/** Of a wrong there may be thousands. */
const MOST_WRONGS = 20;
const SHORT_SECONDS = 7;
const SHORT_SESSION_MS = 1_500;
const SHORT_GAP_MS = 1_200;
const SESSION_MS = 3_000;
const GAP_MS = 3_500;

const options = new Command('npm run storm --')
  .description('Runs a consumer group through a storm on a real Kafka, and checks that nothing is lost or disordered.')
  .option('--seconds <number>', 'how long each storm lasts', count, 180)
  .option('--processes <number>', 'members of the group', count, 4)
  .addOption(
    new Option('--protocol <name>', 'the group protocol').choices(['consumer', 'classic', 'both']).default('both'),
  )
  .option('--seed <number>', 'what happens, and when', Number, Date.now() % 2 ** 31)
  .option('--short', `${SHORT_SECONDS} s of three members, for CI`)
  .option('--json', 'the results as JSON')
  .parse()
  .opts<{
    seconds: number;
    processes: number;
    protocol: StormReport['protocol'];
    seed: number;
    short?: true;
    json?: true;
  }>();

const isShort = options.short === true;
const sessionMs = isShort ? SHORT_SESSION_MS : SESSION_MS;
const protocols = (['consumer', 'classic'] as const).filter(
  (name) => options.protocol === 'both' || options.protocol === name,
);
const folder = mkdtempSync(join(tmpdir(), 'tenantry-storm-'));
// So that the exit handlers end the members and the broker.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
try {
  const kafka = await startKafka({
    config: { 'group.consumer.session.timeout.ms': sessionMs, 'group.consumer.heartbeat.interval.ms': sessionMs / 10 },
  });
  const reports: StormReport[] = [];
  try {
    for (const protocol of protocols) {
      if (options.json !== true)
        console.error(`A storm over a group of the protocol "${protocol}", seed ${options.seed} …`);
      reports.push(
        await runStorm(kafka, {
          protocol,
          sessionMs,
          folder,
          gapMs: isShort ? SHORT_GAP_MS : GAP_MS,
          seed: options.seed,
          seconds: isShort ? SHORT_SECONDS : options.seconds,
          processes: isShort ? 3 : options.processes,
        }),
      );
    }
  } finally {
    await kafka.stop();
  }
  const isWell = reports.every(({ wrongs }) => wrongs.length === 0);
  if (options.json === true) console.log(JSON.stringify(reports));
  else print(reports);
  if (isWell) rmSync(folder, { recursive: true });
  else console.error(`What the processes wrote is in ${folder}`);
  process.exitCode = isWell ? 0 : 1;
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

function print(reports: readonly StormReport[]): void {
  const table = new Table({ head: ['', ...reports.map(({ protocol }) => protocol)], style: { head: [], border: [] } });
  const row = (name: string, cell: (report: StormReport) => string | number): unknown =>
    table.push([name, ...reports.map(cell)]);
  row('records in the log', ({ records, acknowledged }) => `${records}, ${acknowledged} acknowledged`);
  row('handled', ({ handled }) => handled);
  row('handled again', ({ repeated, repeatedAtMost }) => `${repeated}, of at most ${repeatedAtMost}`);
  row('keys rewound', ({ rewound }) => rewound);
  row('overlap with a stalled owner', ({ overlapping }) => overlapping);
  row('kills', ({ kills }) => kills);
  row('pauses', ({ pauses }) => pauses);
  row('joined, left', ({ joins, leaves }) => `${joins}, ${leaves}`);
  row('broker killed and restarted', ({ brokerRestarts }) => brokerRestarts);
  row('rests of a tenant that held', ({ rests }) => rests);
  row('handled by a replay', ({ replayed }) => replayed);
  row('redriven', ({ redriven, redrives }) => `${redriven}, in ${redrives} redrives`);
  row('tenants seen parked', ({ parked }) => parked.join(', '));
  row('commits seen', ({ commitsSeen, refusedCommits }) => `${commitsSeen}, ${refusedCommits} refused`);
  row('longest without progress, broker up', ({ longestStandstillSeconds: seconds }) => `${seconds.toFixed(1)} s`);
  row('all well after', ({ recoverySeconds: seconds }) => `${seconds.toFixed(1)} s`);
  console.log(table.toString());
  for (const { protocol, seed, wrongs } of reports) {
    if (wrongs.length === 0) continue;
    console.error(`${protocol}, seed ${seed}: ${wrongs.length} things are wrong`);
    for (const wrong of wrongs.slice(0, MOST_WRONGS)) console.error(`  ${wrong}`);
  }
  if (reports.every(({ wrongs }) => wrongs.length === 0))
    console.log("Nothing was lost, disordered, or another tenant's.");
}

function count(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
