import type { KeyObject } from 'node:crypto';
import { LruMap } from '../core/lru-map.js';
import type { DataKey } from './data-key.js';
import { hasSalt, saltNameOf, saltOf, type Envelope } from './envelope-layout.js';

const MAX_SALTS = 16;
/** Between these parts of its hard age a data key in use is unwrapped again. */
const RENEWAL = { earliest: 0.5, latest: 0.75 } as const;

/** A data key from a record, with the record keys that go with it. */
export class OpeningKey {
  readonly dataKey: DataKey;
  readonly #recordKeys = new LruMap<string, KeyObject>(MAX_SALTS);
  /** That of the last record; another process seals with another salt. */
  #last: { readonly salt: Buffer; readonly recordKey: KeyObject } | undefined;
  #expiresAtMs = 0;
  #renewAtMs = 0;
  /** Until then there is nothing to ask about it; where it is more than that, it may still serve. */
  quietUntilMs = 0;

  constructor(dataKey: DataKey) {
    this.dataKey = dataKey;
  }

  /** From then on it does not serve. */
  get expiresAtMs(): number {
    return this.#expiresAtMs;
  }

  /** From then on it is unwrapped again, so that an outage that begins finds no key at the end of its life. */
  get renewAtMs(): number {
    return this.#renewAtMs;
  }

  /** @param random - from 0 to 1, so that thousands of keys are not renewed at the same time */
  unwrapped(nowMs: number, hardAgeMs: number, random: number): void {
    this.#expiresAtMs = nowMs + hardAgeMs;
    this.#renewAtMs = nowMs + hardAgeMs * (RENEWAL.earliest + (RENEWAL.latest - RENEWAL.earliest) * random);
  }

  /** It could not be unwrapped again now. */
  renewLater(atMs: number): void {
    this.#renewAtMs = Math.max(this.#renewAtMs, atMs);
  }

  /**
   * Opens with the record key of an envelope. A record key is kept only once it has opened a record, so that
   * forged salts cannot push out those in use.
   */
  open<T>(envelope: Envelope, opens: (recordKey: KeyObject) => T): T {
    if (this.#last !== undefined && hasSalt(envelope, this.#last.salt)) return opens(this.#last.recordKey);
    const name = saltNameOf(envelope);
    const held = this.#recordKeys.get(name);
    const recordKey = held ?? this.dataKey.recordKey(saltOf(envelope));
    const opened = opens(recordKey);
    if (held === undefined) this.#recordKeys.set(name, recordKey);
    this.#last = { salt: Buffer.from(saltOf(envelope)), recordKey };
    return opened;
  }
}
