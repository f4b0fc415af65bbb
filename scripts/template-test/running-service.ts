// The service as a process of its own, as a container runs it.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { endingWithUs, freePort } from '../server-process.ts';
import { plainEnv } from './new-service.ts';

const START_TIMEOUT_MS = 30_000;

/** A line of its log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** A service that runs. */
export class RunningService {
  readonly url: string;
  readonly metricsUrl: string;
  readonly #child: ChildProcess;
  #output = '';

  private constructor(child: ChildProcess, port: number, metricsPort: number) {
    this.url = `http://127.0.0.1:${port}`;
    this.metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (this.#output += String(text)));
  }

  /** Starts it, and waits until it is ready. */
  static async start(
    folder: string,
    command: readonly [string, ...string[]],
    env: NodeJS.ProcessEnv,
  ): Promise<RunningService> {
    const service = await RunningService.starting(folder, command, env);
    await service.#until(() => service.isReady(), 'does not start');
    return service;
  }

  /** Has it begin to start. */
  static async starting(
    folder: string,
    command: readonly [string, ...string[]],
    env: NodeJS.ProcessEnv,
  ): Promise<RunningService> {
    const [port, metricsPort] = [await freePort(), await freePort()];
    const child = spawn(...endingWithUs(...command), {
      cwd: folder,
      env: { ...plainEnv(), ...env, HOST: '127.0.0.1', PORT: String(port), METRICS_PORT: String(metricsPort) },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    return new RunningService(child, port, metricsPort);
  }

  /** All that it has written. */
  get output(): string {
    return this.#output;
  }

  /** What it has logged; everything that it writes must be a line of JSON. */
  get log(): readonly LogLine[] {
    return this.#output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** Waits until it has logged a message. */
  async logged(message: string): Promise<void> {
    await this.#until(() => this.#output.includes(`"msg":"${message}"`), `does not log "${message}"`);
  }

  /** Waits for something for as long as it runs, and not too long. */
  async #until(has: () => boolean | Promise<boolean>, otherwise: string): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await has())) {
      const isInTime = this.#child.exitCode === null && Date.now() < deadline;
      assert.ok(isInTime, `the service ${otherwise}:\n${this.output}`);
      await sleep(50);
    }
  }

  async isReady(): Promise<boolean> {
    return (await this.status('/health/ready')) === 200;
  }

  /** The status of the answer, or undefined where nobody answers. */
  async status(path: string): Promise<number | undefined> {
    try {
      return (await fetch(`${this.url}${path}`)).status;
    } catch {
      return undefined;
    }
  }

  /** Sends a signal to it and to what it has started, as a terminal does. */
  signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    assert.ok(pid !== undefined);
    process.kill(-pid, signal);
  }

  /**
   * Sends it a signal.
   *
   * @returns its exit code once it has ended; null where the signal has ended it
   */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const exited = once(this.#child, 'close');
    this.signal(signal);
    const [code] = (await exited) as [number | null];
    return code;
  }
}
