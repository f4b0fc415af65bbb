/**
 * Tenants that careless code takes for each other: ids that begin others, or differ in case or in a separator only; ids
 * with one hash in Java's `String.hashCode`, which many a hash function in JavaScript imitates; ids with one murmur2,
 * Kafka's hash.
 */
export const ADVERSARIAL_TENANTS: readonly string[] = [
  'a',
  'ab',
  'a-b',
  'a_b',
  'A',
  'Aa-works',
  'BB-works',
  'kiln-lolo0d',
  'kiln-1kor5dn',
];

/** Ids of one thing that every tenant has; with the tenants above they also make equal texts when joined: `a` + `b1` is `ab` + `1`. */
const SAME_IDS = ['1', 'b1', '-b1', 'b-1'] as const;

/** What is the same for every tenant: code that forgets the tenant takes one tenant's for another's. */
export interface Same {
  /** An id that other tenants have too. */
  readonly id: string;
  readonly uuid: string;
  readonly integer: number;
}

/**
 * What tenants share in the run of a seed: `1` first, which makes equal texts with each of the others.
 *
 * @param count - which record of its tenant, from 0
 */
export function sameFor(seed: number, count: number): Same {
  const [, ...others] = SAME_IDS.keys();
  const place = count % SAME_IDS.length;
  const index = place === 0 ? 0 : (others[(seed + place) % others.length] ?? 0);
  return {
    id: SAME_IDS[index] ?? '1',
    uuid: `00000000-0000-4000-8000-00000000000${index + 1}`,
    integer: index + 1,
  };
}
