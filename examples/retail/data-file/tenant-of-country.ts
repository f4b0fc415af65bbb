import { DemoError } from '../demo-error.js';

const MAX_TENANT_ID_LENGTH = 63;

/**
 * The tenant of a country: the name in lower case, with every run of characters other than a-z and 0-9
 * made into one `-`, none at the ends. `United Kingdom` becomes `united-kingdom`.
 *
 * Two countries could become one tenant that way; `TenantsOfCountries` sees to it that none do.
 *
 * @throws DemoError `TENANT_COLLISION` where nothing is left or more than 63 characters
 */
export function tenantOfCountry(country: string): string {
  const id = country
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  if (id !== '' && id.length <= MAX_TENANT_ID_LENGTH) return id;
  throw new DemoError(
    'TENANT_COLLISION',
    `country ${JSON.stringify(country.slice(0, 80))} cannot be made into a tenant id of 1 to ${MAX_TENANT_ID_LENGTH} characters`,
  );
}

/** The tenants of all countries seen so far, each of exactly one country. */
export class TenantsOfCountries {
  readonly #tenantOf = new Map<string, string>();
  readonly #countryOf = new Map<string, string>();

  /** @throws DemoError `TENANT_COLLISION` where another country has the same tenant id */
  get(country: string): string {
    const known = this.#tenantOf.get(country);
    if (known !== undefined) return known;
    const tenantId = tenantOfCountry(country);
    const other = this.#countryOf.get(tenantId);
    if (other !== undefined) {
      throw new DemoError(
        'TENANT_COLLISION',
        `countries ${JSON.stringify(other)} and ${JSON.stringify(country)} would both be tenant ${tenantId}`,
      );
    }
    this.#tenantOf.set(country, tenantId);
    this.#countryOf.set(tenantId, country);
    return tenantId;
  }
}
