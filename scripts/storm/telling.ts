// Has members of a group tell it something about a tenant, whoever of them is there to do so.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from './journal.ts';
import type { Processes, StormProcess } from './processes.ts';
import { TOLD } from './setting.mjs';

const AGAIN_MS = 500;

export class Telling {
  /** What was confirmed at least once. */
  readonly confirmed = new Set<Command>();
  readonly #processes: Processes;
  readonly #slots: readonly StormProcess[];

  constructor(processes: Processes, slots: readonly StormProcess[]) {
    this.#processes = processes;
    this.#slots = slots;
  }

  /** Pauses a tenant, lets it rest, and resumes it. @returns why one of both was not confirmed in time */
  async rest(restMs: number, slot: number, deadlineMs: number): Promise<string | undefined> {
    const refusal = await this.#insist('pause', slot, deadlineMs);
    if (refusal === undefined) await sleep(restMs);
    return (await this.#insist('resume', slot, deadlineMs)) ?? refusal;
  }

  /** @returns why it was not confirmed in time; it may be obeyed all the same */
  async tell(command: Exclude<Command, 'pause'>, slot: number, deadlineMs: number): Promise<string | undefined> {
    return this.#insist(command, slot, deadlineMs);
  }

  /** Again and again, until it is confirmed. @returns why it was not */
  async #insist(command: Command, first: number, deadlineMs: number): Promise<string | undefined> {
    const tenant = TOLD[command === 'resume' ? 'pause' : command];
    for (let slot = first; ; slot += 1) {
      const refusal = await this.#ask(command, tenant, slot);
      if (refusal === undefined) {
        this.confirmed.add(command);
        return undefined;
      }
      if (performance.now() > deadlineMs) return `to ${command} ${tenant} is never confirmed: ${refusal}`;
      await sleep(AGAIN_MS);
    }
  }

  async #ask(command: Command, tenant: string, slot: number): Promise<string | undefined> {
    const order = this.#slots.map((_, index) => this.#slots[(slot + index) % this.#slots.length]);
    const member = order.find((one) => one !== undefined && !one.isEnding && !one.isPaused);
    return member === undefined ? 'nobody is there' : this.#processes.tell(member, command, tenant);
  }
}
