import { createHash } from 'node:crypto';
import { leavesOf } from '../search/leaves-of.js';
import type { MarkSearch } from '../search/mark-search.js';

/**
 * Values that nobody else has: of one tenant, one record and one kind each. Each is made when it is read, and looked for
 * everywhere from then on.
 */
export interface Canary {
  /** 20 characters of a-z and 0-9, beginning with a letter, so that no encoding of a URL, of HTML or of JSON changes it. */
  readonly text: string;
  readonly email: string;
  /** Version 4. */
  readonly uuid: string;
  /** A whole number of 15 digits. */
  readonly integer: number;
}

/** The kinds of canaries. */
export type CanaryKind = 'text' | 'uuid' | 'integer';

/** Where values of a canary stand: JSON Pointers, by kind. Kinds that are nowhere are left out. */
export type Planted = Readonly<Partial<Record<CanaryKind, readonly string[]>>>;

/** Whose canary it is. */
export interface CanaryMark {
  readonly tenantId: string;
  readonly seed: number;
  readonly eventType: string;
  /** Which record of the run, from 0. */
  readonly record: number;
  readonly kind: CanaryKind;
}

/** The canary of one record, and what of it was used. */
export interface RecordCanary {
  readonly canary: Canary;
  /** Where it stands in what was made with it. */
  readonly placesIn: (value: unknown) => Planted;
}

/** Makes the canary of a record, the same for the same arguments. */
export function canaryOf(search: MarkSearch<CanaryMark>, of: Omit<CanaryMark, 'kind'>): RecordCanary {
  const used = new Map<CanaryKind, string>();
  const use = (kind: CanaryKind, value: string): string => {
    if (!used.has(kind)) {
      used.set(kind, value);
      for (const variant of variantsOf(kind, value)) search.add({ ...of, kind }, variant);
    }
    return value;
  };
  const digest = (kind: CanaryKind): string =>
    createHash('sha256')
      .update(JSON.stringify([of.seed, of.tenantId, of.eventType, of.record, kind]))
      .digest('hex');
  const text = (): string =>
    use(
      'text',
      `c${BigInt(`0x1${digest('text')}`)
        .toString(36)
        .slice(-19)}`,
    );
  const canary: Canary = {
    get text() {
      return text();
    },
    get email() {
      return `${text()}@example.com`;
    },
    get uuid() {
      return use('uuid', digest('uuid').replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5'));
    },
    get integer() {
      const number = 100_000_000_000_000n + (BigInt(`0x${digest('integer')}`) % 800_000_000_000_000n);
      return Number(use('integer', String(number)));
    },
  };
  const placesIn = (value: unknown): Planted => {
    const leaves = leavesOf(value);
    return Object.fromEntries(
      [...used]
        .map(
          ([kind, mark]) => [kind, leaves.filter((leaf) => leaf.text.includes(mark)).map(({ path }) => path)] as const,
        )
        .filter(([, paths]) => paths.length > 0),
    );
  };
  return { canary, placesIn };
}

/** As a program may have changed it before it encoded it. */
function variantsOf(kind: CanaryKind, value: string): string[] {
  if (kind === 'integer') return [value];
  const plain = kind === 'uuid' ? [value, value.replaceAll('-', '')] : [value];
  return plain.flatMap((each) => [each, each.toUpperCase()]);
}
