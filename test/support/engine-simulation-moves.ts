import type { DeliveredRecord } from '../../src/api/handler.js';
import { isDue, type Placed, type SimulatedLogs } from './engine-simulation-logs.js';

/** A replay or skip that the group was asked for. */
interface AskedMove {
  readonly kind: 'replay' | 'skip';
  readonly tenant: string;
  /** What a replay has to bring again, or a skip has to pass over. */
  readonly meant: Set<Placed>;
  readonly begun: Set<Placed>;
  isConfirmed: boolean;
  /** Something has taken its place, or may have taken it away. */
  isVoid: boolean;
}

/** What becomes of replays and skips that were confirmed, as long as nothing else interferes. */
export class SimulatedMoves {
  readonly #logs: SimulatedLogs;
  readonly #wrong: (what: string) => void;
  readonly #asked: AskedMove[] = [];
  readonly #running = new Set<Placed>();

  constructor(logs: SimulatedLogs, wrong: (what: string) => void) {
    this.#logs = logs;
    this.#wrong = wrong;
  }

  /** @returns what to call once it is confirmed, or has failed */
  ask(kind: AskedMove['kind'], tenant: string, offset: number): (isConfirmed: boolean) => void {
    const before = this.#asked.filter((move) => move.tenant === tenant);
    const isAlone = before.every((move) => move.isConfirmed);
    for (const move of before) move.isVoid = true;
    const meant = this.#logs.records.filter(
      (placed) =>
        placed.owner === tenant &&
        (placed.kind === 'plain' || placed.kind === 'sealed') &&
        placed.owed &&
        placed.excuses.size === 0 &&
        (kind === 'replay' ? placed.offset >= Math.max(offset, this.#lowOffset(placed)) : placed.offset < offset),
    );
    const move: AskedMove = {
      kind,
      tenant,
      meant: new Set(meant),
      begun: new Set(),
      isConfirmed: false,
      isVoid: !isAlone,
    };
    this.#asked.push(move);
    return (isConfirmed) => {
      move.isConfirmed = isConfirmed;
      if (!isConfirmed) move.isVoid = true;
      // What runs is not passed over.
      if (kind === 'skip') for (const placed of this.#running) move.meant.delete(placed);
    };
  }

  /** What retention has taken no replay brings again. */
  #lowOffset({ at }: Placed): number {
    return this.#logs.logOf(at).range.lowOffset;
  }

  /** From here on nobody can tell what is kept of what was asked before. */
  disturb(): void {
    for (const move of this.#asked) move.isVoid = true;
  }

  begun(placed: Placed, { topic, offset }: DeliveredRecord): () => void {
    this.#running.add(placed);
    for (const move of this.#asked) {
      if (!move.meant.has(placed)) continue;
      if (move.kind === 'replay') move.begun.add(placed);
      else if (move.isConfirmed && !move.isVoid) this.#wrong(`${topic}@${offset} is handled though it was skipped`);
    }
    return () => void this.#running.delete(placed);
  }

  checkEnd(): void {
    for (const { kind, meant, begun, isConfirmed, isVoid } of this.#asked) {
      if (kind !== 'replay' || !isConfirmed || isVoid) continue;
      for (const placed of meant) {
        if (begun.has(placed) || placed.excuses.size > 0 || isDue(placed)) continue;
        this.#wrong(`${placed.at.name}@${placed.offset} is not handled again though a replay was confirmed`);
      }
    }
  }
}
