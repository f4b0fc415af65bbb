import type { TenantId } from '../core/tenant-id.js';
import type { KeyAlarm } from './key-alarm.js';

/** Everything that names a record, bound into its seal: a record opens where it was sealed and nowhere else. */
export interface SealedIdentity {
  readonly tenantId: TenantId;
  /** From the contract or the subscription, never from a header. */
  readonly logicalTopic: string;
  /** The raw key bytes. */
  readonly recordKey: Buffer;
  /** The `event-type` header: type and version. */
  readonly eventType: string;
  readonly eventId: string;
}

/** What an opened value holds. */
export interface OpenedValue {
  readonly plaintext: Buffer;
  /** The authenticated event time, milliseconds since the Unix epoch. */
  readonly timeMs: number;
}

/**
 * Seals and opens records. Every method answers at once where the tenant's keys are at hand and with a
 * promise where the key service has to be asked, so that the common case costs no turn of the event loop.
 *
 * Sealing fails with `KEY_NOT_CONFIGURED`, `KEY_SERVICE_AWAY`, `KEY_REFUSED`, `KEY_GONE` or `DATA_KEY_INVALID`.
 * Opening fails with those and with `DATA_KEY_RATE_LIMITED`, and for a record that lies with `ENVELOPE_MALFORMED`,
 * `ENVELOPE_UNSUPPORTED`, `SEAL_MISSING`, `KEY_MISMATCH`, `SEAL_INVALID` or `DATA_KEY_REVOKED`. Both fail with
 * `TENANT_ERASED` where the tenant's key was destroyed to erase it. Errors are thrown or rejected.
 */
export interface RecordCipher {
  /** How many bytes an envelope adds to a tenant's value, or a detached seal to its headers. */
  overheadBytes(tenantId: TenantId): number;
  /** Seals a value: the envelope takes its place. */
  sealValue(identity: SealedIdentity, plaintext: Buffer, timeMs: number): Buffer | Promise<Buffer>;
  /** Authenticates a value that stays as it is, or a tombstone; the seal goes into a header. */
  sealDetached(identity: SealedIdentity, value: Buffer | null, timeMs: number): Buffer | Promise<Buffer>;
  /** Seals single fields of a value and authenticates the rest with them; the seal goes into a header. */
  sealFields(identity: SealedIdentity, value: Buffer, fields: Buffer, timeMs: number): Buffer | Promise<Buffer>;
  /** Takes back what sealing gave: nobody reads it any more, and it may be written over. */
  release(sealed: Buffer): void;
  openValue(identity: SealedIdentity, envelope: Buffer): OpenedValue | Promise<OpenedValue>;
  /** Verifies a detached seal; answers with the authenticated event time. */
  openDetached(
    identity: SealedIdentity,
    value: Buffer | null,
    seal: Buffer,
  ): { readonly timeMs: number } | Promise<{ readonly timeMs: number }>;
  /** Verifies a detached seal that holds fields; answers with these. */
  openFields(identity: SealedIdentity, value: Buffer, seal: Buffer): OpenedValue | Promise<OpenedValue>;
  /** The tenants whose keys do not serve now, as far as anybody has asked for them lately. */
  keyAlarms(): readonly KeyAlarm[];
  /** Forgets all keys, as far as Node.js allows. */
  close(): void;
}
