import type { z } from 'zod';
import { lazySchema, type Zod } from '../core/lazy-schema.js';
import { isTenantId } from '../core/tenant-id.js';

/** What is not erased with the keys of a tenant. */
const NOT_ERASED = [
  'record-keys',
  'headers',
  'unprotected-contracts',
  'partly-sealed-contracts',
  'contracts-not-given',
  'unsealed-copies',
  'plaintext-elsewhere',
  'key-copies',
] as const;

/** Free text for people: a line, without what steers a terminal or turns its direction. */
const LINE = /^[^\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]{1,500}$/u;

/** The schema of who asked for an erasure, in the caller's words. */
export function requestedBySchema(zod: Zod): z.ZodString {
  return zod.string().regex(LINE, 'must be one line of 1 to 500 characters, without control characters');
}

/** The schema of a statement, version 1. */
export const statementSchema = lazySchema((z) => {
  const hex = (digits: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));
  const time = z.iso.datetime({ precision: 3 });
  const state = z.enum(['scheduled', 'destroyed']);
  const word = z.string().regex(/^[\x21-\x7e]{1,1024}$/);
  const name = z.string().min(1).max(1_024);
  return z
    .strictObject({
      version: z.literal(1),
      state,
      tenant: z.string().refine(isTenantId),
      requestedBy: requestedBySchema(z),
      issuedAt: time,
      issuer: z.strictObject({ library: z.literal('tenantry'), version: word, clientId: name }),
      keys: z
        .array(
          z.strictObject({
            kekId: hex(16),
            role: z.enum(['current', 'previous']),
            state,
            keyUri: word,
            dueAt: time.optional(),
            answer: z.record(z.string().regex(/^[A-Za-z][\w.-]{0,63}$/), z.union([word, z.boolean(), z.int()])),
          }),
        )
        .min(1),
      keysNotAsked: z.array(hex(16)),
      contracts: z.array(
        z.strictObject({
          eventType: name,
          topic: name,
          protection: z.enum(['confidential', 'fields', 'authentic', 'none']),
          fields: z.array(z.string()).optional(),
        }),
      ),
      topics: z.array(
        z.strictObject({
          topic: name,
          holds: z.enum(['events', 'quarantine', 'dead-letters']),
          endOffsets: z.array(z.int().min(0)),
        }),
      ),
      topicsNotFound: z.array(name),
      notErased: z.array(z.strictObject({ what: z.enum(NOT_ERASED), names: z.array(name).optional() })),
      earlier: z.strictObject({ sha256: hex(64), state, issuedAt: time }).optional(),
    })
    .refine(
      ({ state: overall, keys }) => (overall === 'destroyed') === keys.every((key) => key.state === 'destroyed'),
      { path: ['state'], error: 'must be destroyed where every key is, and only there' },
    );
});

/**
 * What a certificate of erasure says.
 *
 * - `state`: `destroyed` where every key is, and nobody can bring it back; `scheduled` while a service still waits
 * - `tenant`, `requestedBy` (the caller's words), `issuedAt`, `issuer` (library, its version, the client's id)
 * - `keys`: each key with its id, its name at the key service, its state, `dueAt` where the service says when it
 *   destroys it, and `answer`, the service's own fields
 * - `keysNotAsked`: ids that the configuration enters as erased and gives no name any more, so that nobody was asked
 * - `contracts`: those that were looked at, and how each is protected
 * - `topics`: which topics held data, up to which end offset of each partition, in the order of the partitions;
 *   `topicsNotFound`: which were not there, or may not be described
 * - `notErased`: what is left, in fixed words; `names` are event types
 * - `earlier`: the certificate that was issued before, by the SHA-256 of its payload
 *
 * Times are ISO 8601 in UTC.
 *
 * @interface
 */
export type ErasureStatement = z.output<ReturnType<typeof statementSchema>>;
