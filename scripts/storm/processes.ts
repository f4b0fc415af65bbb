// The processes of a storm: begins, kills, stalls and ends them, and keeps what was done to them.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { now, type Command, type Disruption } from './journal.ts';
import type { ProcessSetting } from './setting.mjs';

export interface MemberState {
  readonly health: { readonly status: string; readonly reasons: readonly string[] };
  readonly counts: { readonly quarantined: Readonly<Record<string, number>> };
}

export interface StormProcess {
  readonly name: string;
  readonly child: ChildProcess;
  /** It may end now: it was told to, or killed. */
  isEnding: boolean;
  isPaused: boolean;
}

const STOP_MS = 40_000;
const FILES = {
  member: fileURLToPath(new URL('member.mjs', import.meta.url)),
  producer: fileURLToPath(new URL('producer.mjs', import.meta.url)),
};

export class Processes {
  readonly disruptions: Disruption[] = [];
  readonly wrongs: string[] = [];
  readonly #folder: string;
  readonly #setting: Omit<ProcessSetting, 'journal'>;
  readonly #running = new Set<StormProcess>();
  #asked = 0;
  #begun = 0;

  constructor(folder: string, setting: Omit<ProcessSetting, 'journal'>) {
    this.#folder = folder;
    this.#setting = setting;
    process.on('exit', this.#killAll);
  }

  begin(kind: keyof typeof FILES): StormProcess {
    const name = `${kind}-${(this.#begun += 1)}`;
    const setting: ProcessSetting = { ...this.#setting, journal: join(this.#folder, `${name}.journal`) };
    const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const;
    const child = fork(FILES[kind], [JSON.stringify(setting)], { execArgv: [], stdio: [...stdio] });
    const running: StormProcess = { name, child, isEnding: false, isPaused: false };
    this.#running.add(running);
    child.once('exit', (code, signal) => {
      this.#running.delete(running);
      if (!running.isEnding) this.wrongs.push(`${name} ended by itself, with ${String(code ?? signal)}`);
    });
    return running;
  }

  async kill(running: StormProcess): Promise<void> {
    running.isEnding = true;
    const exited = once(running.child, 'exit');
    const from = now();
    running.child.kill('SIGKILL');
    await exited;
    this.disruptions.push({ kind: 'kill', process: running.name, from, to: now() });
  }

  async pause(running: StormProcess, forMs: number): Promise<void> {
    running.isPaused = true;
    const from = now();
    running.child.kill('SIGSTOP');
    await sleep(forMs);
    running.child.kill('SIGCONT');
    running.isPaused = false;
    this.disruptions.push({ kind: 'pause', process: running.name, from, to: now() });
  }

  /** Lets it stop by itself. */
  async leave(running: StormProcess): Promise<void> {
    running.isEnding = true;
    const exited = once(running.child, 'exit');
    const from = now();
    running.child.kill('SIGTERM');
    const timer = setTimeout(() => {
      this.wrongs.push(`${running.name} did not end within ${STOP_MS / 1_000} s of being told to`);
      running.child.kill('SIGKILL');
    }, STOP_MS);
    const [code] = (await exited) as [number | null];
    clearTimeout(timer);
    if (code !== 0 && code !== null) this.wrongs.push(`${running.name} ended with code ${code}`);
    this.disruptions.push({ kind: 'leave', process: running.name, from, to: now() });
  }

  /** What a member says of itself. */
  async ask(running: StormProcess): Promise<MemberState> {
    const state = await this.#request(running, {});
    if (state === undefined) throw new Error(`${running.name} has ended`);
    return state as MemberState;
  }

  /** Has a member tell the group something about a tenant. @returns why it is not confirmed */
  async tell(running: StormProcess, command: Command, tenant: string): Promise<string | undefined> {
    const answer = (await this.#request(running, { command, tenant })) as { readonly refusal?: string } | undefined;
    return answer === undefined ? 'it has ended' : answer.refusal;
  }

  /** @returns undefined where the process ends before it answers */
  async #request({ child }: StormProcess, asked: object): Promise<unknown> {
    const id = (this.#asked += 1);
    return new Promise((resolve) => {
      const settle = (answer: unknown): void => {
        child.off('message', onMessage).off('exit', onExit);
        resolve(answer);
      };
      const onMessage = (answer: unknown): void => {
        if ((answer as { readonly id: number }).id === id) settle(answer);
      };
      const onExit = (): void => {
        settle(undefined);
      };
      child.on('message', onMessage).on('exit', onExit);
      if (child.exitCode !== null || child.signalCode !== null || !child.connected) settle(undefined);
      else child.send({ ...asked, id }, () => undefined);
    });
  }

  close(): void {
    process.off('exit', this.#killAll);
    this.#killAll();
  }

  readonly #killAll = (): void => {
    for (const running of this.#running) {
      running.isEnding = true;
      running.child.kill('SIGKILL');
    }
  };
}
