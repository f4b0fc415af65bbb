import { LruMap } from '../core/lru-map.js';
import type { KeyServiceFailureKind } from './key-service.js';
import type { TenantKek } from './tenant-kek.js';

/** What a key service says of a key that may not be used. */
export interface KeyRefusal {
  readonly kind: Exclude<KeyServiceFailureKind, 'away' | 'data-key-refused'>;
  readonly reason: string;
}

/** What a refusal comes to, once it is known whether the tenant is erased. */
export type RefusalCode = 'KEY_REFUSED' | 'KEY_GONE' | 'TENANT_ERASED';

interface Entry extends KeyRefusal {
  readonly seenAtMs: number;
}

const MAX_KEKS = 10_000;
/** A refused key is asked about once in this time, not by each of the records that wait for it. */
const ASK_AGAIN_MS = 1_000;
/**
 * So is one of an erased tenant, for which nobody waits: what is destroyed stays so. It is asked about at all because a
 * destruction that is only scheduled may be called off.
 */
const ASK_ERASED_AGAIN_MS = 60_000;
/** Of a key for which nobody has asked for so long there is nothing to report. */
const REPORTED_MS = 15 * 60_000;

/** The keys that their key service refuses. That a single wrapped data key is refused says nothing of its key. */
export class KeyStanding {
  readonly #refused = new LruMap<string, Entry>(MAX_KEKS);
  readonly #told = new LruMap<string, { readonly code: RefusalCode }>(MAX_KEKS);

  refuse({ name }: TenantKek, { kind, reason }: KeyRefusal, nowMs: number): void {
    this.#refused.set(name, { kind, reason, seenAtMs: nowMs });
  }

  /** @returns whether it is news that this is what became of a key */
  tell({ name }: TenantKek, code: RefusalCode): boolean {
    if (this.#told.get(name)?.code === code) return false;
    this.#told.set(name, { code });
    return true;
  }

  /** @returns whether the key was refused before */
  accept({ name }: TenantKek): boolean {
    const wasRefused = this.#refused.get(name) !== undefined;
    this.#refused.delete(name);
    this.#told.delete(name);
    return wasRefused;
  }

  /**
   * What was answered a moment ago and still holds.
   *
   * @param isErasure - whether what is refused is erased
   */
  recentRefusal(
    { name }: TenantKek,
    nowMs: number,
    isErasure: (refusal: KeyRefusal) => boolean,
  ): KeyRefusal | undefined {
    const entry = this.#refused.get(name);
    if (entry === undefined || nowMs >= entry.seenAtMs + ASK_ERASED_AGAIN_MS) return undefined;
    return nowMs < entry.seenAtMs + ASK_AGAIN_MS || isErasure(entry) ? entry : undefined;
  }

  /** The names of the keys that are refused, with what is said of them. */
  *refused(nowMs: number): IterableIterator<[string, KeyRefusal]> {
    for (const [name, entry] of this.#refused) if (nowMs < entry.seenAtMs + REPORTED_MS) yield [name, entry];
  }
}
