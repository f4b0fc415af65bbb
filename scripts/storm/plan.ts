// What happens in a storm, and when: the same for the same seed.

/**
 * A disruption of a member, the joining of one more for a while, or the end of the broker; or what a member is asked
 * to tell the group: that a tenant rests for a while, is replayed, is redriven.
 */
export type Deed =
  MemberDeed | TellingDeed | { readonly kind: 'guest' | 'broker'; readonly atMs: number; readonly forMs: number };

interface MemberDeed {
  readonly kind: 'kill' | 'pause' | 'leave';
  /** Which of the members. */
  readonly slot: number;
  readonly atMs: number;
  readonly forMs: number;
}

interface TellingDeed {
  readonly kind: 'rest' | 'replay' | 'redrive';
  readonly slot: number;
  readonly atMs: number;
  readonly forMs: number;
}

export interface StormSize {
  readonly seed: number;
  readonly seconds: number;
  readonly processes: number;
  readonly sessionMs: number;
  /** From one disruption to the next, at most. */
  readonly gapMs: number;
}

const CALM_MS = 500;
/** Now and then everything may come to rest. */
const LULL_GAPS = 2.5;
/** What even the shortest storm has: a kill and a pause. */
const FIRST_KINDS = [0, 0.5];
const BROKER_EVERY_MS = 30_000;
/** Each of what the group is told. */
const TELL_EVERY_MS = 12_000;

export function planStorm({ seed, seconds, processes, sessionMs, gapMs }: StormSize): Deed[] {
  const random = randomNumbers(seed);
  const between = (low: number, high: number): number => Math.round(low + random() * (high - low));
  const endMs = seconds * 1_000;
  const deeds: Deed[] = [];
  for (let atMs = CALM_MS; atMs < endMs; atMs += random() < 0.06 ? LULL_GAPS * gapMs : between(gapMs / 10, gapMs)) {
    const slot = Math.floor(random() * processes);
    const kind = FIRST_KINDS[deeds.length] ?? random();
    if (kind < 0.4) deeds.push({ kind: 'kill', slot, atMs, forMs: between(0, 2_000) });
    // Half of the pauses are noticed by nobody, the others outlast the session.
    else if (kind < 0.7)
      deeds.push({
        kind: 'pause',
        slot,
        atMs,
        forMs: random() < 0.5 ? between(50, 1_000) : between(sessionMs, 3 * sessionMs),
      });
    else if (kind < 0.88) deeds.push({ kind: 'leave', slot, atMs, forMs: between(0, 3_000) });
    else deeds.push({ kind: 'guest', atMs, forMs: between(1_500, 8_000) });
  }
  const outages = Math.max(1, Math.floor(endMs / BROKER_EVERY_MS));
  for (let index = 0; index < outages; index += 1) {
    const atMs = ((index + 0.3 + 0.4 * random()) * endMs) / outages;
    deeds.push({ kind: 'broker', atMs: Math.round(atMs), forMs: between(0, 3_000) });
  }
  const rounds = Math.max(1, Math.floor(endMs / TELL_EVERY_MS));
  for (let index = 0; index < rounds; index += 1) {
    for (const kind of ['rest', 'replay', 'redrive'] as const) {
      const atMs = Math.round(((index + 0.05 + 0.5 * random()) * endMs) / rounds);
      deeds.push({ kind, slot: Math.floor(random() * processes), atMs, forMs: between(500, 3_000) });
    }
  }
  return deeds.sort((one, other) => one.atMs - other.atMs);
}

/** Numbers from 0 to 1 (mulberry32 by Tommy Ettinger). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
