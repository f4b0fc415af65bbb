import { LruMap } from '../core/lru-map.js';
import type { TenantKek } from './tenant-kek.js';

/** What a key service says of a key that may not be used. */
export interface KeyRefusal {
  readonly code: 'KEY_REFUSED' | 'KEY_GONE';
  readonly reason: string;
}

interface Entry extends KeyRefusal {
  readonly seenAtMs: number;
}

const MAX_KEKS = 10_000;
/** A refused key is asked about once in this time, not by each of the records that wait for it. */
const ASK_AGAIN_MS = 1_000;
/** Of a key for which nobody has asked for so long there is nothing to report. */
const REPORTED_MS = 15 * 60_000;

/** The keys that their key service refuses. That a single wrapped data key is refused says nothing of its key. */
export class KeyStanding {
  readonly #refused = new LruMap<string, Entry>(MAX_KEKS);

  /** @returns whether it is news */
  refuse({ name }: TenantKek, { code, reason }: KeyRefusal, nowMs: number): boolean {
    const isNews = this.#refused.get(name)?.code !== code;
    this.#refused.set(name, { code, reason, seenAtMs: nowMs });
    return isNews;
  }

  /** @returns whether the key was refused before */
  accept({ name }: TenantKek): boolean {
    const wasRefused = this.#refused.get(name) !== undefined;
    this.#refused.delete(name);
    return wasRefused;
  }

  /** What was answered a moment ago and still holds. */
  recentRefusal({ name }: TenantKek, nowMs: number): KeyRefusal | undefined {
    const entry = this.#refused.get(name);
    return entry !== undefined && nowMs < entry.seenAtMs + ASK_AGAIN_MS ? entry : undefined;
  }

  /** The names of the keys that are refused, with what is said of them. */
  *refused(nowMs: number): IterableIterator<[string, KeyRefusal]> {
    for (const [name, entry] of this.#refused) if (nowMs < entry.seenAtMs + REPORTED_MS) yield [name, entry];
  }
}
