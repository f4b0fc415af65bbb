import type { Leaf } from '../search/leaves-of.js';

/** A place in an output that names the tenant for whom it is. */
export interface Claim {
  readonly tenantId: string;
  readonly path: string;
}

/** `tenantId`, `x-tenant-id`, `tenantry.tenant.id`, `tenant`, but not `evictedTenant`. */
const CLAIMING_NAME = /^(?:x|tenantry)?tenant(?:id)?$/;

const ID = '[A-Za-z0-9][A-Za-z0-9_-]{0,62}';

/**
 * `tenant=acme`, `/tenants/acme`, `"tenantId": "acme"`, `tenant:acme:orders`, `tenant: acme, order: 1`. In
 * `no settings of tenant: a default is used` nothing is claimed: behind a colon and a space an id stands in quotes, or the
 * line or the list goes on behind it.
 */
const CLAIM_IN_TEXT = new RegExp(
  String.raw`(?<![A-Za-z0-9])tenants?(?:[-_.]?id)?["']?\s*` +
    String.raw`(?:[=/]\s*["']?(${ID})(?![\w-])|:\s*(["'])(${ID})\2|:(${ID})(?![\w-])|:\s+(${ID})(?=[^\S\n]*(?:[,;)}\]]|$)))`,
  'gim',
);

/** Finds in outputs which tenants they say they are for. */
export class ClaimReader {
  readonly #tenants: ReadonlySet<string>;
  readonly #names: ReadonlySet<string>;

  /** @param names - further names of fields and headers that name the tenant */
  constructor(tenants: Iterable<string>, names: Iterable<string>) {
    this.#tenants = new Set(tenants);
    this.#names = new Set([...names].map(normalised));
  }

  claimsOf(leaves: readonly Leaf[]): Claim[] {
    return leaves.flatMap(({ path, text, isName }) => {
      if (isName) return [];
      const field = normalised(path.slice(path.lastIndexOf('/') + 1));
      if (CLAIMING_NAME.test(field) || this.#names.has(field)) {
        return this.#tenants.has(text) ? [{ tenantId: text, path }] : [];
      }
      return [...text.matchAll(CLAIM_IN_TEXT)]
        .map(([, assigned, , quoted, joined, listed]) => assigned ?? quoted ?? joined ?? listed ?? '')
        .filter((tenantId) => this.#tenants.has(tenantId))
        .map((tenantId) => ({ tenantId, path }));
    });
  }
}

function normalised(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}
