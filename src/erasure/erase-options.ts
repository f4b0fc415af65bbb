import type { z } from 'zod';
import type { AnyEventContract } from '../contract/event-contract.js';
import { lazySchema } from '../core/lazy-schema.js';
import { isGroupName } from '../routing/naming.js';
import type { CertificateKey } from './certificate-keys.js';
import type { ErasureCertificate } from './certificate.js';
import { requestedBySchema } from './statement.js';

/** The options of `admin.eraseTenant`; `EraseTenantOptions` documents them. */
export const eraseTenantSchema = lazySchema((z) => {
  const groups = z.array(z.string().refine(isGroupName, 'must be the name of a consumer group')).default([]);
  return z.strictObject({
    contracts: z.custom<readonly AnyEventContract[]>(
      (value) => Array.isArray(value) && value.length > 0,
      'must be a list of event contracts, with at least one',
    ),
    groups,
    tenantGroups: groups,
    requestedBy: requestedBySchema(z),
    signingKey: z.custom<CertificateKey>((value) => value !== undefined, 'must be an Ed25519 private key'),
    exclusiveKeys: z.boolean().default(false),
    keysNotAsked: z.array(z.string()).default([]),
    earlierCertificate: z
      .custom<ErasureCertificate | string>(
        (value) => typeof value === 'string' || (typeof value === 'object' && value !== null),
        'must be a certificate, or its JSON',
      )
      .optional(),
  });
});

/**
 * Options of `admin.eraseTenant`.
 *
 * - `contracts`: the contracts whose topics held events of the tenant. Required, at least one
 * - `groups`, `tenantGroups`: worker groups and the tenant's own groups, whose dead-letter topics may hold its events.
 *   Default none
 * - `requestedBy`: who asks for it and on what ground, in your words: one line of 1 to 500 characters, which stands in
 *   the certificate. Required
 * - `signingKey`: the Ed25519 private key that signs the certificate: a `KeyObject`, or PEM (PKCS #8). Required
 * - `exclusiveKeys`: you know that no other tenant has one of these keys. Needed where a function names them, or the key
 *   services of tenants, and for a service of the tenant's own beside a `default` one; a key that the configuration gives
 *   to another tenant too is refused all the same. Default false
 * - `keysNotAsked`: ids of keys that are entered as erased and that the configuration names no more: nobody is asked about
 *   them, and the certificate says so. Each must be listed here. Default none
 * - `earlierCertificate`: what an earlier call issued, signed with the same key: the new certificate refers to it.
 *   Needed for the second certificate of a key in AWS: one that nobody has seen before may as well be in another account
 *
 * @interface
 */
export type EraseTenantOptions = z.input<ReturnType<typeof eraseTenantSchema>>;

/** The options, checked. */
export type CheckedEraseOptions = z.output<ReturnType<typeof eraseTenantSchema>>;
