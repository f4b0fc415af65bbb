/**
 * Remembers which events were handled, so that a redelivered one is not handled again. `memoryDedupe` is one for
 * tests and single processes; `redisDedupe` of `tenantry/redis` is shared by all members of a group.
 *
 * A store sees keys only: each is 43 characters, base64url, made of the group, the tenant, the topic, the record key,
 * the event's type and its id. It may forget a key early: then a redelivered event is handled again.
 */
export interface DedupeStore {
  /** Whether the key was marked, and its time is not over. Anything else than true or false counts as a failure. */
  has(key: string): boolean | Promise<boolean>;
  /** Remembers the key for `ttlMs`, in place of what was left to it. Done when what it returns has settled. */
  mark(key: string, ttlMs: number): unknown;
}

/** How a consumer leaves out what it has handled already. */
export interface DedupeOptions {
  /** Shared by all members of the group; other groups may use it too, they have other keys. */
  readonly store: DedupeStore;
  /**
   * How long a handled event is remembered: longer than a redelivery may be late. 1,000 to 2,678,400,000 (31 days).
   * Default 86,400,000 (a day).
   */
  readonly ttlMs?: number | undefined;
}
