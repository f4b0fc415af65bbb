const OTHER = '_other';

/** Neither can be a tenant id. `_violation` is whom records belong to that lie about their tenant. */
const PSEUDO_TENANTS = [OTHER, '_violation'];

/** What metrics call a tenant: by its id where it is listed, else `_other`, so that series stay few. */
export class TenantLabels {
  readonly #listed: ReadonlySet<string>;

  constructor(listed: readonly string[]) {
    this.#listed = new Set([...PSEUDO_TENANTS, ...listed]);
  }

  of(tenantId: string): string {
    return this.#listed.has(tenantId) ? tenantId : OTHER;
  }
}

/** A topic or group name for metrics: a tenant's own shows `{tenant}` for its id. */
export function templateOf(name: string, tenantId: string): string {
  return name.startsWith(`${tenantId}.`) ? `{tenant}${name.slice(tenantId.length)}` : name;
}
