import type { z } from 'zod';
import { checkOptions, invalidOptions } from '../core/invalid-options.js';
import { lazySchema } from '../core/lazy-schema.js';
import { isTenantId, type TenantId } from '../core/tenant-id.js';
import type { ErasedKeksOf } from '../tenant/erasure-entries.js';
import { isKekId, KEK_ID_RULE } from '../tenant/kek-id.js';
import { isKeyService, type KeyService } from './key-service.js';
import type { DataKeyAges } from './sealing-keys.js';
import type { WarmUp, WarmUpTenants } from './warm-up.js';

const envelopeSchema = lazySchema((z) => {
  const ageMs = z
    .int()
    .min(1_000)
    .max(365 * 86_400_000);
  return z.strictObject({
    kms: z.custom<KeyService>(isKeyService, 'must be a key service, for instance localKeyring(...)'),
    dataKey: z
      .strictObject({ softAgeMs: ageMs.default(3_600_000), hardAgeMs: ageMs.default(86_400_000) })
      .refine((ages) => ages.softAgeMs <= ages.hardAgeMs, { path: ['hardAgeMs'], error: 'must not be below softAgeMs' })
      .prefault({}),
    revokedDataKeys: z
      .record(
        z.string().refine(isTenantId, 'must be a tenant id'),
        z.array(z.string().regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hex digits')),
      )
      .default({}),
    erasedKeks: z
      .union([
        z.record(
          z.string().refine(isTenantId, 'must be a tenant id'),
          z.array(z.string().refine(isKekId, KEK_ID_RULE)).readonly(),
        ),
        z.custom<ErasedKeksOf>(
          (value) => typeof value === 'function',
          'must be an object with a list of key ids for each tenant id, or a function that answers with one',
        ),
      ])
      .default({}),
    /** Tenants whose data keys `start()` makes, or a function that answers with their ids. Default: none */
    warmUp: z
      .union([
        z.array(z.string().refine(isTenantId, 'must be a tenant id')).readonly(),
        z.custom<Exclude<WarmUpTenants, readonly string[]>>(
          (value) => typeof value === 'function',
          'must be an array of tenant ids, or a function that answers with them',
        ),
      ])
      .default([]),
    onUnreachable: z.enum(['fail', 'degrade']).default('fail'),
  });
});

/**
 * The options of `envelopeEncryption`.
 *
 * - `kms`: where the tenants' keys are, for instance `localKeyring(...)`. Required
 * - `dataKey.softAgeMs`: from this age on, in milliseconds, a new data key is made in the background; it sets the
 *   number of calls to the key service. 1,000 to 365 days. Default 3,600,000 (1 h)
 * - `dataKey.hardAgeMs`: from this age on a data key is not used at all, so this is also how long publishing and
 *   consuming survive a key service that is away, and how long a key that is not checked again goes on working.
 *   Not below `softAgeMs`. Default 86,400,000 (24 h)
 * - `revokedDataKeys`: for a tenant id the dekIds, 64 hex digits each, whose records are refused, because the
 *   data key is known to be leaked. Default: none
 * - `erasedKeks`: for a tenant id the ids of its keys that were destroyed to erase it, 16 lower-case hex digits each, or
 *   a function that answers with them at once, and is asked for each record; for tenants without a profile, which has
 *   `erasedKeks` too: what either of them names counts. Default: none
 * - `warmUp`: tenants whose data keys are made by `start()`, so that their first event waits for no key service, or a
 *   function that answers with their ids, which `start()` calls. It needs the right to make data keys, so it is of no
 *   use to a process that only consumes. Default: none
 * - `onUnreachable`: what `start()` does where a data key cannot be made at once for `warmUp`. `'fail'`: it fails, with
 *   `KEY_SERVICE_AWAY` for instance. `'degrade'`: it logs that and goes on; events of the tenant fail or are held until
 *   the key service is back. A tenant whose own key is refused never fails a start. Default `'fail'`
 *
 * @interface
 */
export type EnvelopeEncryptionOptions = z.input<ReturnType<typeof envelopeSchema>>;

/** What an envelope cipher is made from. */
export interface EnvelopeSettings {
  readonly kms: KeyService;
  readonly dataKey: DataKeyAges;
  readonly warmUp: WarmUp;
  /** dekIds in lower-case hex. */
  readonly revokedDataKeys: ReadonlyMap<TenantId, ReadonlySet<string>>;
  /** May be code of the application; `ErasureEntries` checks what it answers. */
  readonly erasedKeks: ErasedKeksOf;
}

declare const encryptionOptionsBrand: unique symbol;

/** Checked encryption options; an opaque value, made by `envelopeEncryption`. */
export interface EncryptionOptions {
  readonly [encryptionOptionsBrand]: true;
}

const settings = new WeakMap<object, EnvelopeSettings>();

/**
 * Encryption with a data key per tenant that a key service wraps: the option `encryption` of a client.
 *
 * @throws TenantryError `INVALID_OPTIONS`
 */
export function envelopeEncryption(options: EnvelopeEncryptionOptions): EncryptionOptions {
  const checked = checkOptions('envelopeEncryption', envelopeSchema, options);
  const { kms, dataKey, revokedDataKeys, erasedKeks, warmUp, onUnreachable } = checked;
  const revoked = Object.entries(revokedDataKeys) as [TenantId, string[]][];
  const made = Object.freeze({}) as EncryptionOptions;
  settings.set(made, {
    kms,
    dataKey,
    warmUp: { tenants: warmUp, onUnreachable },
    revokedDataKeys: new Map(revoked.map(([tenantId, ids]) => [tenantId, new Set(ids.map((id) => id.toLowerCase()))])),
    erasedKeks: typeof erasedKeks === 'function' ? erasedKeks : listed(erasedKeks),
  });
  return made;
}

function listed(erasedKeks: Readonly<Record<string, readonly string[]>>): ErasedKeksOf {
  const byTenant = new Map(Object.entries(erasedKeks));
  return (tenantId) => byTenant.get(tenantId);
}

/** Whether a value was made by `envelopeEncryption`. */
export function isEncryptionOptions(value: unknown): value is EncryptionOptions {
  return typeof value === 'object' && value !== null && settings.has(value);
}

/** @throws TenantryError `INVALID_OPTIONS` where `envelopeEncryption` did not make them */
export function settingsOf(options: EncryptionOptions): EnvelopeSettings {
  const found = settings.get(options);
  if (found !== undefined) return found;
  throw invalidOptions('TenantKafka', [{ path: 'encryption', message: 'must be made by envelopeEncryption(...)' }]);
}
