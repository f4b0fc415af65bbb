import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import type { Config } from './config.js';

/** The tenant that a token was issued for; undefined where the token is not to be trusted. */
export type TenantOfToken = (token: string) => Promise<string | undefined>;

/** These say nothing of the token, but that the issuer's keys cannot be had. */
const ISSUER_FAULTS = new Set(['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID']);

/** Verifies tokens: by the keys that the issuer publishes, or in development by a secret. */
export function tokenVerifier(config: Config): TenantOfToken {
  const verify = config.NODE_ENV === 'development' ? bySecret(config.JWT_SECRET) : byIssuer(config);
  return async (token) => {
    try {
      const { payload } = await verify(token);
      return typeof payload['tenant'] === 'string' ? payload['tenant'] : undefined;
    } catch (error) {
      if (error instanceof errors.JOSEError && !ISSUER_FAULTS.has(error.code)) return undefined;
      throw error;
    }
  };
}

function bySecret(secret: string) {
  const key = new TextEncoder().encode(secret);
  return (token: string) => jwtVerify(token, key, { algorithms: ['HS256'], requiredClaims: ['exp'] });
}

function byIssuer(config: Config & { NODE_ENV: 'production' }) {
  const keys = createRemoteJWKSet(new URL(config.JWT_JWKS_URL));
  const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = config;
  const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'];
  return (token: string) => jwtVerify(token, keys, { issuer, audience, algorithms, requiredClaims: ['exp'] });
}
