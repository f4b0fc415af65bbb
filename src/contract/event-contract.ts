import type { StandardSchema } from './standard-schema.js';

/**
 * How the events of a contract are protected under their tenant's key.
 *
 * - `confidential`: sealed; only who holds the tenant's key reads them
 * - `authentic`: readable by everybody, but only the tenant can have written them
 * - `{ fields }`: `authentic`, and the fields named are sealed
 * - `none`: neither
 */
export type Protection = 'confidential' | SealedFields | 'authentic' | 'none';

/** Single confidential fields of an event that others may read. */
export interface SealedFields {
  /**
   * JSON Pointers (RFC 6901) from the root of the data, such as `/card/number`. Each leads through objects only, so
   * that a list is sealed as a whole; none may lead through another. A field that an event does not have is left out.
   */
  readonly fields: readonly string[];
}

/**
 * An event contract, as `defineEvent` returns it. It holds literal types and plain input and output types,
 * so that unions of contracts narrow and no schema library's types reach a contract package's declarations.
 */
export interface EventContract<
  Type extends string = string,
  Version extends number = number,
  In = unknown,
  Out = unknown,
  Compacted extends boolean = boolean,
> {
  /** The event's type without its version: `orders.placed`. */
  readonly type: Type;
  /** A positive integer. */
  readonly version: Version;
  /** What the `event-type` header carries: `orders.placed.v1`. */
  readonly eventType: `${Type}.v${Version}`;
  /** The logical topic, before any naming policy or tenant prefix. */
  readonly topic: string;
  readonly protection: Protection;
  /** Whether the topic is compacted; only then may its events be tombstones. */
  readonly compacted: Compacted;
  readonly schema: StandardSchema<In, Out>;
  /** Reads the aggregate id from the schema's output. */
  aggregateId(data: Out): string;
  /** The tenant the data itself names, where the contract says how to read it; it must equal the scope's. */
  tenantOf?(data: Out): string;
  /** How events of an older version become events of this one, where the contract says so. */
  readonly upcast?: Upcast;
  /** Who answers for the contract. */
  readonly owner?: string;
  /** What the event means. */
  readonly description?: string;
  /** Data that might be published, for people and for documents. */
  readonly examples?: readonly In[];
}

/** What makes the input of a contract's schema of the output of an older version's. */
export interface Upcast {
  readonly from: AnyEventContract;
  /** Gets the older output and returns the newer input. */
  with(data: unknown): unknown;
}

/** Any contract. */
export type AnyEventContract = EventContract;

/** A contract of a compacted topic. */
export type CompactedContract = EventContract<string, number, unknown, unknown, true>;

/** What `publish` takes for a contract: the schema's input. */
export type InputOf<C extends AnyEventContract> = C extends EventContract<string, number, infer In> ? In : never;

/** What a handler gets for a contract: the schema's output. */
export type OutputOf<C extends AnyEventContract> =
  C extends EventContract<string, number, unknown, infer Out> ? Out : never;

const BRAND = Symbol.for('tenantry.contract');

/** Marks a contract; the mark is recognised across copies of the package. */
export function brandContract<C extends AnyEventContract>(contract: C): C {
  return Object.freeze(Object.defineProperty(contract, BRAND, { value: true }));
}

/** Whether a value came from `defineEvent`, also of another copy of the package. */
export function isEventContract(value: unknown): value is AnyEventContract {
  return typeof value === 'object' && value !== null && BRAND in value;
}
