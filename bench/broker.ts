// The Kafka of a run: one that is given, a real one where there is Java, else the embedded one.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { missingTools } from '../scripts/kafka/install-kafka.ts';
import { startKafka } from '../scripts/kafka/start-kafka.ts';

/** What the benchmarks need to exist. */
export interface Topics {
  readonly topics: readonly string[];
  readonly groups: readonly string[];
}

export interface Broker extends AsyncDisposable {
  readonly kind: 'given' | 'real' | 'embedded';
  readonly brokers: readonly string[];
}

export async function openBroker(
  given: readonly string[] | undefined,
  embedded: boolean,
  topics: Topics,
): Promise<Broker> {
  if (given !== undefined) {
    await createTopics(given, topics);
    return { kind: 'given', brokers: given, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  if (embedded || missingTools().length > 0) return hostEmbedded(topics);
  const kafka = await startKafka();
  const brokers = [kafka.brokers];
  try {
    await createTopics(brokers, topics);
  } catch (error) {
    await kafka.stop();
    throw error;
  }
  return { kind: 'real', brokers, [Symbol.asyncDispose]: () => kafka.stop() };
}

async function createTopics(brokers: readonly string[], topics: Topics): Promise<void> {
  await answerOf(forkWorkload('create-topics.mjs', { ...topics, brokers }));
}

async function hostEmbedded(topics: Topics): Promise<Broker> {
  const host = forkWorkload('create-topics.mjs', topics);
  const brokers = (await answerOf(host)) as string[];
  return {
    kind: 'embedded',
    brokers,
    [Symbol.asyncDispose]: async () => {
      const ended = once(host, 'exit');
      host.disconnect();
      await ended;
    },
  };
}

/** Runs a workload under plain Node.js, as an application would run, without what runs this file. */
export function forkWorkload(file: string, input: object): ChildProcess {
  const path = fileURLToPath(new URL(`workloads/${file}`, import.meta.url));
  return fork(path, [JSON.stringify(input)], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
}

/** What a workload sends; fails where it ends without. */
export async function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => {
      reject(new Error(`a workload ended with code ${String(code)} and no result`));
    });
  });
}
