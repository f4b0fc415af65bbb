import { LruMap } from '../core/lru-map.js';

const FAILURES_TO_OPEN = 3;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;
const JITTER = 0.25;
/** Of a key that is forgotten it is found out anew that the service is away. */
const MAX_CIRCUITS = 20_000;

interface Circuit {
  /** In a row, while the circuit is closed. */
  failures: number;
  isOpen: boolean;
  /** How often the service was asked since it opened. */
  probes: number;
  /** Whether somebody wanted to ask since the last probe. */
  isWanted: boolean;
}

/** How a call failed. One that hangs costs whoever waits for it more than one that is answered with a no. */
export type AwayKind = 'timeout' | 'other';

/**
 * Remembers of which keys the key service is away: of those it is asked by one call at a time, after pauses that grow,
 * until it answers (M. Nygard, "Release It!", the circuit breaker). What it refuses is an answer.
 */
export class CircuitBreaker {
  readonly #random: () => number;
  readonly #circuits = new LruMap<string, Circuit>(MAX_CIRCUITS);

  /** @param random - from 0 to 1, so that thousands of keys are not all asked about at the same time */
  constructor(random: () => number) {
    this.#random = random;
  }

  isOpen(key: string): boolean {
    return this.#circuits.get(key)?.isOpen === true;
  }

  /** Whether a call may be made now, on behalf of somebody who needs its answer. */
  admits(key: string): boolean {
    const circuit = this.#circuits.get(key);
    if (circuit?.isOpen !== true) return true;
    circuit.isWanted = true;
    return false;
  }

  /** Whether the last call failed. */
  isSuspect(key: string): boolean {
    return this.#circuits.get(key) !== undefined;
  }

  /** The keys whose circuit is open. */
  *open(): IterableIterator<string> {
    for (const [key, { isOpen }] of this.#circuits) if (isOpen) yield key;
  }

  /** @returns whether the circuit was open */
  answered(key: string): boolean {
    const wasOpen = this.isOpen(key);
    this.#circuits.delete(key);
    return wasOpen;
  }

  /** @returns whether the circuit has opened now */
  failed(key: string, kind: AwayKind): boolean {
    const circuit = this.#circuits.get(key) ?? { failures: 0, isOpen: false, probes: 0, isWanted: true };
    // Of calls that were under way when it opened nothing new is learned.
    if (circuit.isOpen) return false;
    circuit.failures += 1;
    circuit.isOpen = kind === 'timeout' || circuit.failures >= FAILURES_TO_OPEN;
    this.#circuits.set(key, circuit);
    return circuit.isOpen;
  }

  /** The pause before the service is asked about a key whose circuit has opened, or stays open. */
  pauseMs(key: string): number {
    const probes = this.#circuits.get(key)?.probes ?? 0;
    return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** probes) * (1 - JITTER * this.#random());
  }

  /**
   * Whether it is worth a probe. Where nobody has wanted to ask since the last one it is not: the next call finds
   * out, and where it fails the circuit is open again at once.
   */
  mayProbe(key: string): boolean {
    const circuit = this.#circuits.get(key);
    if (circuit?.isOpen !== true) return false;
    if (circuit.isWanted) {
      circuit.isWanted = false;
      circuit.probes += 1;
      return true;
    }
    this.#circuits.set(key, { failures: FAILURES_TO_OPEN - 1, isOpen: false, probes: 0, isWanted: true });
    return false;
  }
}
