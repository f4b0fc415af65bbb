import { checkOptions, invalidOptions } from '../core/invalid-options.js';
import { tenantryError } from '../core/errors.js';
import { lazySchema } from '../core/lazy-schema.js';
import { isTenantId, type TenantId } from '../core/tenant-id.js';
import { KEK_ID_BYTES, MAX_WRAPPED_BYTES } from './envelope-layout.js';
import type { Eventual } from './eventual.js';
import {
  assertExclusive,
  indestructible,
  type DestroyKekOptions,
  type KekDestruction,
  type KekSharing,
} from './key-destruction.js';
import { isKeyService, KeyServiceFailure, notTold, type GeneratedDataKey, type KeyService } from './key-service.js';

/** The key service of a tenant, or several: the one with its current key first, then those where it had keys before. */
export type TenantKeyServices = KeyService | readonly KeyService[];

/** Options of `keyServices`. */
export interface KeyServicesOptions {
  /** For tenants that `tenants` says nothing of. Without it they have no key. */
  readonly default?: KeyService | undefined;
  /** For each tenant id its key service or several, or a function that answers so at once. */
  readonly tenants:
    Readonly<Record<string, TenantKeyServices>> | ((tenantId: TenantId) => TenantKeyServices | undefined);
}

const optionsSchema = lazySchema((z) => {
  const service = z.custom<KeyService>(isKeyService, 'must be a key service');
  return z.strictObject({
    default: service.optional(),
    tenants: z.union([
      z.record(z.string().refine(isTenantId, 'must be a tenant id'), z.union([z.array(service).min(1), service])),
      z.custom<(tenantId: TenantId) => TenantKeyServices | undefined>(
        (value) => typeof value === 'function',
        'must be an object with a key service for each tenant id, or a function',
      ),
    ]),
  });
});

/**
 * Keys in several places: tenants that bring their own, in an account or on a service of theirs, beside those whose
 * keys are with you. A tenant's records open with the keys of its own services and of no other, so one that moves
 * keeps the former service behind the new one until none of its records is left there.
 *
 * @throws TenantryError `INVALID_OPTIONS`
 */
export function keyServices(options: KeyServicesOptions): KeyService {
  const { default: fallback, tenants } = checkOptions('keyServices', optionsSchema, options) as KeyServicesOptions;
  if (typeof tenants === 'function') {
    return new RoutedKeyService(
      (tenantId) => tenants(tenantId) ?? fallback,
      MAX_WRAPPED_BYTES - KEK_ID_BYTES,
      undefined,
      fallback,
    );
  }
  const byTenant = new Map(Object.entries(tenants));
  const all = [...byTenant.values(), fallback ?? []].flat();
  const routed = new RoutedKeyService(
    (tenantId) => byTenant.get(tenantId) ?? fallback,
    Math.max(1, ...all.map(({ maxBlobBytes }) => maxBlobBytes)),
    [...byTenant.keys()] as TenantId[],
    fallback,
  );
  const moved = [...byTenant].filter(([, services]) => Array.isArray(services));
  const twice = moved.flatMap(([tenantId]) => (hasOneIdTwice(routed.kekIds(tenantId as TenantId)) ? tenantId : []));
  if (twice.length === 0) return routed;
  throw invalidOptions(
    'keyServices',
    twice.map((tenantId) => ({ path: `tenants.${tenantId}`, message: 'has two keys of one name in its services' })),
  );
}

class RoutedKeyService implements KeyService {
  readonly maxBlobBytes: number;
  readonly #servicesOf: (tenantId: TenantId) => unknown;
  /** The tenants with services of their own; undefined where a function says who has which. */
  readonly #tenants: readonly TenantId[] | undefined;
  readonly #fallback: KeyService | undefined;

  constructor(
    servicesOf: (tenantId: TenantId) => unknown,
    maxBlobBytes: number,
    tenants: readonly TenantId[] | undefined,
    fallback: KeyService | undefined,
  ) {
    this.#servicesOf = servicesOf;
    this.maxBlobBytes = maxBlobBytes;
    this.#tenants = tenants;
    this.#fallback = fallback;
  }

  kekIds(tenantId: TenantId): readonly Buffer[] {
    const [current = [], ...previous] = this.#services(tenantId).map((service) => service.kekIds(tenantId));
    // A former service must not become the current one because the new one has no key yet.
    return current.length === 0 ? [] : [current, ...previous].flat();
  }

  generateDataKey(tenantId: TenantId, kekId: Buffer, signal: AbortSignal): Eventual<GeneratedDataKey> {
    return this.#holderOf(tenantId, kekId).generateDataKey(tenantId, kekId, signal);
  }

  unwrapDataKey(tenantId: TenantId, kekId: Buffer, blob: Buffer, signal: AbortSignal): Eventual<Uint8Array> {
    return this.#holderOf(tenantId, kekId).unwrapDataKey(tenantId, kekId, blob, signal);
  }

  keyUri(tenantId: TenantId, kekId: Buffer): string | undefined {
    return this.#holderOf(tenantId, kekId).keyUri?.(tenantId, kekId);
  }

  async destroyKek(
    tenantId: TenantId,
    kekId: Buffer,
    options: DestroyKekOptions,
    signal: AbortSignal,
  ): Promise<KekDestruction> {
    const holder = this.#holderOf(tenantId, kekId);
    if (holder.destroyKek === undefined) throw indestructible(tenantId, 'its key service destroys no keys');
    // Each service knows its own configuration only; the same key may be configured at another of them.
    assertExclusive(tenantId, this.#sharing(tenantId, kekId, holder), options);
    return holder.destroyKek(tenantId, kekId, options, signal);
  }

  #sharing(tenantId: TenantId, kekId: Buffer, holder: KeyService): KekSharing {
    if (this.#tenants === undefined) return 'unknown';
    const others = this.#tenants.filter((other) => other !== tenantId);
    if (others.some((other) => this.kekIds(other).some((id) => id.equals(kekId)))) return 'shared';
    // Of which other tenants the default one has keys it does not tell; of a key that it destroys itself it looks.
    return this.#fallback === undefined || this.#fallback === holder ? 'own' : 'unknown';
  }

  #holderOf(tenantId: TenantId, kekId: Buffer): KeyService {
    const holder = this.#services(tenantId).find((service) =>
      service.kekIds(tenantId).some((configured) => configured.equals(kekId)),
    );
    if (holder === undefined) throw new KeyServiceFailure('key-refused', 'not-configured');
    return holder;
  }

  #services(tenantId: TenantId): readonly KeyService[] {
    const services = [this.#ask(tenantId) ?? []].flat();
    if (services.every(isKeyService)) return services;
    throw notConfigured(tenantId, 'gives something else than a key service');
  }

  #ask(tenantId: TenantId): unknown {
    try {
      return this.#servicesOf(tenantId);
    } catch (error) {
      throw notTold('what names its key service', tenantId, error);
    }
  }
}

function hasOneIdTwice(ids: readonly Buffer[]): boolean {
  return new Set(ids.map((id) => id.toString('hex'))).size < ids.length;
}

function notConfigured(tenantId: TenantId, what: string): Error {
  return tenantryError('KEY_NOT_CONFIGURED', `what names the key service of tenant ${tenantId} ${what}`);
}
