// One real Apache Kafka node (KRaft) on loopback ports, its data in a temporary folder.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endingWithUs, freePort } from '../server-process.ts';
import { SetupError } from '../setup/step.mjs';
import { installKafka } from './install-kafka.ts';

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const READY = 'Kafka Server started';
/** The second compiler of Java pays off after minutes. */
const QUICK = ['-XX:TieredStopAtLevel=1'];

export interface StartKafkaOptions {
  /** Default: a free port. */
  readonly port?: number;
  /** Broker properties, over the ones below. */
  readonly config?: Readonly<Record<string, string | number | boolean>>;
  /** Whether it lives for a minute or two: Java then compiles quickly and not well. Default: false */
  readonly isShortLived?: boolean;
  /** Install Java and Maven with apt-get where they are missing (root only). Default: when `CI` is set. */
  readonly installTools?: boolean;
}

export interface RunningKafka {
  /** `127.0.0.1:port`; the same after `restart`. */
  readonly brokers: string;
  readonly pid: number | undefined;
  /** Ends the broker and removes its data. */
  stop(): Promise<void>;
  /** Ends the broker at once (SIGKILL) and keeps its data. */
  kill(): Promise<void>;
  /** Starts the broker again on its data and its port; first shuts it down in order if it still runs. */
  restart(): Promise<void>;
}

export async function startKafka(options: StartKafkaOptions = {}): Promise<RunningKafka> {
  const installTools = options.installTools ?? Boolean(process.env['CI']);
  const libs = await installKafka({ installTools });
  const broker = new KafkaProcess(libs, options.port ?? (await freePort()), await freePort(), options);
  try {
    await broker.start();
  } catch (error) {
    await broker.stop();
    throw error;
  }
  return broker;
}

class KafkaProcess implements RunningKafka {
  readonly brokers: string;
  readonly #classPath: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'tenantry-kafka-'));
  readonly #properties = join(this.#folder, 'server.properties');
  readonly #log = join(this.#folder, 'server.log');
  readonly #isShortLived: boolean;
  #child: ChildProcess | undefined;

  constructor(libs: string, port: number, controllerPort: number, options: StartKafkaOptions) {
    this.brokers = `127.0.0.1:${port}`;
    this.#classPath = join(libs, '*');
    process.on('exit', this.#removeAll);
    this.#isShortLived = options.isShortLived ?? false;
    const properties = { ...defaults(this.#folder, port, controllerPort), ...options.config };
    writeFileSync(
      this.#properties,
      Object.entries(properties)
        .map(([key, value]) => `${key}=${String(value)}\n`)
        .join(''),
    );
    const id = randomBytes(16).toString('base64url');
    const format = this.#java(QUICK, 'kafka.tools.StorageTool', 'format', `--cluster-id=${id}`, '-c', this.#properties);
    const { status, stdout, stderr } = spawnSync('java', format, { encoding: 'utf8' });
    if (status === 0) return;
    this.#removeAll();
    throw new SetupError(`Kafka could not format its storage:\n${tail(stdout + stderr)}`);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(): Promise<void> {
    const log = openSync(this.#log, 'w');
    const java = this.#java(this.#isShortLived ? QUICK : [], 'kafka.Kafka', this.#properties);
    const child = spawn(...endingWithUs('java', ...java), {
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#child = child;
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!readFileSync(this.#log, 'utf8').includes(READY)) {
      const ended = child.exitCode !== null || child.signalCode !== null;
      if (ended || Date.now() > deadline)
        throw new SetupError(`Kafka did not start:\n${tail(readFileSync(this.#log, 'utf8'))}`);
      await sleep(50);
    }
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.#end('SIGTERM');
    await this.start();
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    process.off('exit', this.#removeAll);
    this.#removeAll();
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  }

  readonly #removeAll = (): void => {
    this.#child?.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  };

  #java(more: readonly string[], mainClass: string, ...args: string[]): string[] {
    const logging = fileURLToPath(new URL('log4j2.xml', import.meta.url));
    const options = ['-Xmx512m', '-XX:+UseSerialGC', `-Dlog4j2.configurationFile=${logging}`];
    return [...options, ...more, '-cp', this.#classPath, mainClass, ...args];
  }
}

function defaults(folder: string, port: number, controllerPort: number): Record<string, string | number | boolean> {
  return {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'log.dirs': join(folder, 'data'),
    'auto.create.topics.enable': false,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'group.initial.rebalance.delay.ms': 0,
    // So that a killed broker may register again after 3 s instead of 9.
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
    // So that a crashed consumer is noticed within seconds, under both group protocols.
    'group.min.session.timeout.ms': 1_000,
    'group.consumer.min.session.timeout.ms': 1_000,
    'group.consumer.session.timeout.ms': 6_000,
    'group.consumer.min.heartbeat.interval.ms': 100,
    'group.consumer.heartbeat.interval.ms': 1_000,
  };
}

function tail(output: string): string {
  return output.trimEnd().split('\n').slice(-15).join('\n');
}
