// `npm run kafka [-- --port N]`: a real Kafka in the foreground until Ctrl-C, for trying things out.
import { parseArgs } from 'node:util';
import { SetupError } from '../setup/step.mjs';
import { startKafka } from './start-kafka.ts';

try {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '9092' } } });
  const kafka = await startKafka({ port: Number(values.port) });
  console.log(`Kafka listens on ${kafka.brokers}; Ctrl-C stops it and removes its data.`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void kafka.stop().then(() => process.exit(0)));
  }
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
