import { tenantryError } from './errors.js';

declare const tenantIdBrand: unique symbol;

/**
 * A checked tenant id: `^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$`, case-sensitive, never normalised. It holds
 * neither `.` nor `:`, so `acme.` and `acme:` are unambiguous prefixes.
 */
export type TenantId = string & { readonly [tenantIdBrand]: true };

const TENANT_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;

/** Whether a value is a tenant id as it stands. */
export function isTenantId(value: unknown): value is TenantId {
  return typeof value === 'string' && TENANT_ID.test(value);
}

/**
 * Checks a tenant id.
 *
 * @throws TenantryError `INVALID_TENANT_ID`; the message does not repeat the value
 */
export function parseTenantId(value: unknown): TenantId {
  if (isTenantId(value)) return value;
  const what = typeof value === 'string' ? `a string of ${value.length} characters` : `a value of type ${typeof value}`;
  throw tenantryError(
    'INVALID_TENANT_ID',
    `${what} is not a tenant id: it must be 1 to 63 characters of A-Z a-z 0-9 _ -, beginning with a letter or a digit`,
  );
}
