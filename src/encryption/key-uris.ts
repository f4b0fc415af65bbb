import type { z } from 'zod';
import { tenantryError } from '../core/errors.js';
import type { Zod } from '../core/lazy-schema.js';
import { isTenantId, type TenantId } from '../core/tenant-id.js';
import { kekIdOf } from './kek-identity.js';
import type { KekSharing } from './key-destruction.js';
import { KeyServiceFailure, notTold } from './key-service.js';

/** The name of a tenant's key in its key service, or several: the current key first, then previous ones, which still unwrap. */
export type TenantKeyUris = string | readonly string[];

/**
 * Which keys of a key service are whose. Only this names keys, never a record.
 *
 * - a template with `{tenant}` in it, for instance `alias/tenant-{tenant}`, or several: the current one first
 * - for each tenant id the name of its key, or several names
 * - a function that answers at once with a name or several, and with `undefined` for a tenant without a key
 *
 * A name stands for the same key for good: once it means another one, nothing that was wrapped under the first opens
 * any more. So rotate inside the key where the service can, else put a new name first.
 */
export type KeyUris =
  TenantKeyUris | Readonly<Record<string, TenantKeyUris>> | ((tenantId: TenantId) => TenantKeyUris | undefined);

/** How the keys of one kind of key service are named. */
export interface KeyNaming {
  readonly isUri: (uri: string) => boolean;
  /** Completes "a key must be named by …". */
  readonly form: string;
}

/** A key of a key service: its name there, and the id by which records select it. */
export interface NamedKek {
  readonly id: Buffer;
  readonly uri: string;
}

const PLACEHOLDER = '{tenant}';
const ANY_TENANT = 'a';

/** The schema of an option of type `KeyUris`. */
export function keyUrisSchema(zod: Zod, naming: KeyNaming): z.ZodType<KeyUris> {
  const wrongForm = `must be ${naming.form}`;
  const name = zod.string().refine(naming.isUri, wrongForm);
  const template = zod
    .string()
    .refine((text) => text.includes(PLACEHOLDER), `must hold ${PLACEHOLDER}; give a function where tenants share a key`)
    .refine((text) => naming.isUri(filled(text, ANY_TENANT)), wrongForm);
  const several = (one: z.ZodType<string>): z.ZodType<readonly string[]> =>
    zod.array(one).min(1).refine(areDistinct, 'must not name a key twice');
  return zod.union([
    template,
    several(template),
    zod.record(zod.string().refine(isTenantId, 'must be a tenant id'), zod.union([name, several(name)])),
    zod.custom<(tenantId: TenantId) => TenantKeyUris | undefined>(
      (value) => typeof value === 'function',
      'must be a template, an object with a name for each tenant id, or a function',
    ),
  ]);
}

/** The keys that the configuration gives to tenants. */
export class ConfiguredKeks {
  readonly #keys: KeyUris;
  readonly #urisOf: (tenantId: TenantId) => unknown;
  readonly #naming: KeyNaming;

  /** @param keys - checked by `keyUrisSchema` */
  constructor(keys: KeyUris, naming: KeyNaming) {
    this.#keys = keys;
    this.#urisOf = lookup(keys);
    this.#naming = naming;
  }

  /** @throws TenantryError `KEY_NOT_CONFIGURED` where the configuration gives the tenant something else than names of keys */
  ids(tenantId: TenantId): readonly Buffer[] {
    return this.#keks(tenantId).map(({ id }) => id);
  }

  /** @throws KeyServiceFailure `key-refused` where the configuration gives the tenant no such key */
  uri(tenantId: TenantId, kekId: Buffer): string {
    const kek = this.#keks(tenantId).find(({ id }) => id.equals(kekId));
    if (kek === undefined) throw new KeyServiceFailure('key-refused', 'not-configured');
    return kek.uri;
  }

  /**
   * Whether a key is the tenant's alone. Of templates only that they name the key for another tenant too can be known,
   * not that there is such a tenant.
   *
   * @param names - names under which the service knows the key beside that of the configuration
   * @param isSame - whether a name of the configuration and one of these mean the same key
   */
  sharing(
    tenantId: TenantId,
    uri: string,
    names: readonly string[] = [],
    isSame = (one: string, other: string): boolean => one === other,
  ): KekSharing {
    const keys = this.#keys;
    if (typeof keys === 'function') return 'unknown';
    if (typeof keys === 'string' || isListOfText(keys)) {
      const isOthers = (name: string): boolean =>
        [keys].flat().some((template) => namesOther(template, name, tenantId));
      // A name that the service has was given to somebody.
      if (names.some(isOthers)) return 'shared';
      // Where the service does not tell upper from lower case, tenants whose ids differ in that alone share a key.
      const isSharedByCase = isSame(uri.toLowerCase(), uri.toUpperCase());
      return isOthers(uri) || isSharedByCase ? 'unknown' : 'own';
    }
    const others = Object.entries(keys).filter(([other]) => other !== tenantId);
    const isShared = others.some(([, uris]) =>
      [uris].flat().some((other) => [uri, ...names].some((name) => isSame(other, name))),
    );
    return isShared ? 'shared' : 'own';
  }

  #keks(tenantId: TenantId): readonly NamedKek[] {
    return this.#uris(tenantId).map((uri) => ({ id: kekIdOf(uri), uri }));
  }

  #uris(tenantId: TenantId): readonly string[] {
    const answer = this.#ask(tenantId);
    if (answer === undefined) return [];
    const uris = typeof answer === 'string' ? [answer] : answer;
    if (!isListOfText(uris) || !areDistinct(uris) || !uris.every(this.#naming.isUri)) {
      throw notConfigured(tenantId, `gives it a name, or a list of names, that is not ${this.#naming.form}`);
    }
    return uris;
  }

  #ask(tenantId: TenantId): unknown {
    try {
      return this.#urisOf(tenantId);
    } catch (error) {
      throw notTold('what names its key encryption keys', tenantId, error);
    }
  }
}

function lookup(keys: KeyUris): (tenantId: TenantId) => TenantKeyUris | undefined {
  if (typeof keys === 'function') return keys;
  if (typeof keys === 'string') return (tenantId) => filled(keys, tenantId);
  if (isListOfText(keys)) return (tenantId) => keys.map((template) => filled(template, tenantId));
  const byTenant = new Map(Object.entries(keys));
  return (tenantId) => byTenant.get(tenantId);
}

function filled(template: string, tenantId: string): string {
  return template.replaceAll(PLACEHOLDER, tenantId);
}

/** Whether a template gives this name to a tenant other than this one. */
function namesOther(template: string, name: string, tenantId: TenantId): boolean {
  const start = template.indexOf(PLACEHOLDER);
  for (let end = start + 1; end <= name.length; end += 1) {
    const candidate = name.slice(start, end);
    if (candidate !== tenantId && isTenantId(candidate) && filled(template, candidate) === name) return true;
  }
  return false;
}

function isListOfText(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function areDistinct(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}

function notConfigured(tenantId: TenantId, what: string): Error {
  return tenantryError('KEY_NOT_CONFIGURED', `what names the key encryption keys of tenant ${tenantId} ${what}`);
}
