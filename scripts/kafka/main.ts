// `npm run kafka [-- --port N]`: a real Kafka in the foreground until Ctrl-C, for trying things out.
import { Command, InvalidArgumentError } from 'commander';
import { SetupError } from '../setup/step.mjs';
import { startKafka } from './start-kafka.ts';

const { port } = new Command('npm run kafka --')
  .description('Runs a real Apache Kafka in the foreground. Ctrl-C stops it and removes its data.')
  .option('--port <number>', 'where it listens, on 127.0.0.1', portNumber, 9092)
  .allowExcessArguments(false)
  .showHelpAfterError('(--help shows the options)')
  .parse()
  .opts<{ port: number }>();

try {
  const kafka = await startKafka({ port });
  console.log(`Kafka listens on ${kafka.brokers}; Ctrl-C stops it and removes its data.`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void kafka.stop().then(() => process.exit(0)));
  }
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

function portNumber(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1 to 65535.');
}
