// A token that only who has the secret can make: what a JWT of your identity provider is in a real service.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const secret = randomBytes(32);

/** A token for a tenant's user. */
export function tokenFor(tenant: string): string {
  return `${tenant}.${signatureOf(tenant)}`;
}

/** The tenant in an `Authorization` header; undefined where there is none, or the token is not ours. */
export function tenantIn(authorization: string | undefined): string | undefined {
  const [, tenant = '', signature = ''] = /^Bearer ([^.]*)\.(.*)$/.exec(authorization ?? '') ?? [];
  const [given, expected] = [Buffer.from(signature), Buffer.from(signatureOf(tenant))];
  return given.length === expected.length && timingSafeEqual(given, expected) ? tenant : undefined;
}

function signatureOf(tenant: string): string {
  return createHmac('sha256', secret).update(tenant).digest('base64url');
}
