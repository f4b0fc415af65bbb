import type { TroublesOf } from './trouble.ts';

const GUIDE_TO_QUARANTINE =
  'Compare producers: who writes to the topic, and with which keys. [Isolation](isolation.md) tells what a forged record looks like.';

/** Of keys, seals and erasure. */
export const KEY_TROUBLES = {
  KEY_NOT_CONFIGURED: {
    shows: 'thrown by `publish`, and by `start` of a consumer of protected events. A record goes to quarantine.',
    causes: ['A new tenant without a key here.', 'A client without the option `encryption`.'],
    steps: [
      'Give consumers the key before producers.',
      'What went to quarantine for it: add the key, then `replayTenant` from before the first of those records.',
    ],
  },
  KEY_SERVICE_AWAY: {
    shows: 'thrown by `publish`. Records of the tenant are held; the log says `record held`, and `health()` names it.',
    causes: ['The key service is down, not reachable, slow, or limits the rate of calls.'],
    steps: ['Nothing is lost meanwhile: what is cached serves for up to 24 hours, the rest waits.'],
  },
  KEY_REFUSED: {
    shows:
      'thrown by `publish`. With `refused: "key"` records are held; with `"data-key"`, where only the wrapped key of one record is refused, it goes to quarantine.',
    causes: [
      'A missing right, a disabled key, a policy that was changed.',
      'A consumer that does not have the new key yet, after a rotation.',
      'A key that was taken out of the configuration while records under it are left.',
      'A forged record.',
    ],
    steps: [
      '`tenantry keys needed` tells which keys the records of a topic need.',
      'Give consumers a new key before producers seal under it: [rotation](encryption.md#rotation).',
      'What went to quarantine for it: add the key, then `replayTenant` from before the first of those records.',
    ],
  },
  KEY_GONE: {
    shows: 'thrown by `publish`. Records are held, and the log says `keyRefused`.',
    causes: ['A mistyped name of a key.', 'A key that was deleted, or waits for its deletion.'],
    steps: ['[A key that is lost](operating.md#keys-rotated-destroyed-lost-leaked) has the steps, in order.'],
  },
  DATA_KEY_RATE_LIMITED: {
    shows: 'in the log, as `record held`. Nobody is thrown it.',
    causes: [
      'Many processes that restart again and again, each with data keys of its own.',
      'Somebody who writes records with invented wrapped keys, to have the key service asked.',
    ],
  },
  DATA_KEY_INVALID: {
    shows: 'thrown by `publish`. Records are held.',
    causes: ['A key service of your own that does not keep to its contract.'],
    steps: ['Run `keyServiceContract` of `tenantry/testing` on it.'],
  },
  ENVELOPE_MALFORMED: {
    shows: 'as `dlq-code` in quarantine.',
    causes: [
      'A producer that does not use tenantry writes to the topic.',
      'The contract seals fields here and is `authentic` in the producer, or the other way round.',
    ],
    steps: [GUIDE_TO_QUARANTINE],
  },
  ENVELOPE_UNSUPPORTED: {
    shows: 'as `dlq-code` in quarantine.',
    causes: ['A producer with a newer version of tenantry.', 'Damaged or forged bytes.'],
  },
  SEAL_MISSING: {
    shows: 'as `dlq-code` in quarantine.',
    causes: [
      'A producer whose contract says `protection: "none"`, or an old one.',
      'Somebody without the key wrote the record.',
    ],
    steps: [
      'Where a contract becomes protected, `acceptUnprotected` lets its old, unprotected events pass, forged ones too: [versions](contracts.md#versions).',
    ],
  },
  KEY_MISMATCH: {
    shows: 'as `dlq-code` in quarantine.',
    causes: ["A record that carries another tenant's wrapped key, or a damaged one."],
    steps: [GUIDE_TO_QUARANTINE],
  },
  SEAL_INVALID: {
    shows: 'as `dlq-code` in quarantine.',
    causes: [
      'A record that was copied to another topic, key, tenant or event id: a seal holds for one place only.',
      'A mirror or connector that changes values, keys or headers.',
      'Bytes that somebody altered.',
    ],
    steps: [GUIDE_TO_QUARANTINE],
  },
  DATA_KEY_REVOKED: {
    shows: 'as `dlq-code` in quarantine.',
    causes: ['Its data key is in `revokedDataKeys`, because it has leaked. Good records of that hour are among them.'],
  },
  SEALED_FIELDS_INVALID: {
    shows: 'thrown by `publish`; as `dlq-code` in quarantine.',
    causes: [
      'The data have no object where a path of `protection: { fields }` leads through.',
      'A producer whose contract seals other fields.',
      'A record that has a sealed field in the clear as well: forged.',
    ],
  },
  KEY_SHARED: {
    shows: 'thrown by `admin.eraseTenant`. Nothing was destroyed of that key.',
    causes: ['Two tenants have one key.', 'A key service of your own that does not tell, without `exclusiveKeys`.'],
  },
  KEY_INDESTRUCTIBLE: {
    shows: 'thrown by `admin.eraseTenant`.',
    causes: [
      'Deletion is protected at the key service, or the client may not delete.',
      'The local keyring: its keys are destroyed by hand, in the file and in its backups.',
    ],
  },
  ERASURE_NOT_ENTERED: {
    shows: 'thrown by `admin.eraseTenant`, with `kekIds`. Nothing was destroyed.',
    causes: ['`erasedKeks` of the profile lacks a key, so consumers would hold its events for ever.'],
  },
  CERTIFICATE_INVALID: {
    shows: 'thrown by `verifyErasureCertificate`; ends `tenantry keys verify-certificate`.',
    causes: ['Another public key than the one of the issuer.', 'A file that was altered or cut.'],
  },
} as const satisfies TroublesOf<
  | 'KEY_NOT_CONFIGURED'
  | 'KEY_SERVICE_AWAY'
  | 'KEY_REFUSED'
  | 'KEY_GONE'
  | 'DATA_KEY_RATE_LIMITED'
  | 'DATA_KEY_INVALID'
  | 'ENVELOPE_MALFORMED'
  | 'ENVELOPE_UNSUPPORTED'
  | 'SEAL_MISSING'
  | 'KEY_MISMATCH'
  | 'SEAL_INVALID'
  | 'DATA_KEY_REVOKED'
  | 'SEALED_FIELDS_INVALID'
  | 'KEY_SHARED'
  | 'KEY_INDESTRUCTIBLE'
  | 'ERASURE_NOT_ENTERED'
  | 'CERTIFICATE_INVALID'
>;
