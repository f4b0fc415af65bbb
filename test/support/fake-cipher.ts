import { tenantryError } from '../../src/core/errors.js';
import type { TenantId } from '../../src/core/tenant-id.js';
import type { KeyAlarm } from '../../src/encryption/key-alarm.js';
import type { OpenedValue, RecordCipher, SealedIdentity } from '../../src/encryption/record-cipher.js';

const OVERHEAD_BYTES = 20;
const MARK = Buffer.from('sealed:');

/** A cipher without keys: `wait` is asked before every call, and what it returns is waited for. */
export class FakeCipher implements RecordCipher {
  /** Returns a promise where the key service has to be asked, and throws where it is away. */
  wait: (tenantId: TenantId, eventId: string) => Promise<void> | undefined = () => undefined;
  calls = 0;
  alarms: KeyAlarm[] = [];
  closed = false;

  overheadBytes(): number {
    return OVERHEAD_BYTES;
  }

  sealValue(identity: SealedIdentity, plaintext: Buffer): Buffer | Promise<Buffer> {
    return this.#after(identity, () => Buffer.concat([MARK, plaintext]));
  }

  sealDetached(identity: SealedIdentity): Buffer | Promise<Buffer> {
    return this.#after(identity, () => sealOf(identity));
  }

  sealFields(identity: SealedIdentity, value: Buffer, fields: Buffer): Buffer | Promise<Buffer> {
    return this.#after(identity, () => Buffer.concat([sealOf(identity), value, MARK, fields]));
  }

  release(): void {
    // Each of its answers has memory of its own.
  }

  openValue(identity: SealedIdentity, envelope: Buffer): OpenedValue | Promise<OpenedValue> {
    return this.#after(identity, () => {
      if (!envelope.subarray(0, MARK.length).equals(MARK)) throw tenantryError('ENVELOPE_MALFORMED', 'not an envelope');
      return { plaintext: envelope.subarray(MARK.length), timeMs: 1 };
    });
  }

  openDetached(
    identity: SealedIdentity,
    _value: Buffer | null,
    seal: Buffer,
  ): { readonly timeMs: number } | Promise<{ readonly timeMs: number }> {
    return this.#after(identity, () => {
      if (!seal.equals(sealOf(identity))) throw tenantryError('SEAL_INVALID', 'not the seal of this record');
      return { timeMs: 1 };
    });
  }

  openFields(identity: SealedIdentity, value: Buffer, seal: Buffer): OpenedValue | Promise<OpenedValue> {
    return this.#after(identity, () => {
      const start = Buffer.concat([sealOf(identity), value, MARK]);
      if (!seal.subarray(0, start.length).equals(start))
        throw tenantryError('SEAL_INVALID', 'not the seal of this record');
      return { plaintext: seal.subarray(start.length), timeMs: 1 };
    });
  }

  keyAlarms(): readonly KeyAlarm[] {
    return this.alarms;
  }

  close(): void {
    this.closed = true;
  }

  #after<T>(identity: SealedIdentity, work: () => T): T | Promise<T> {
    this.calls += 1;
    const waited = this.wait(identity.tenantId, identity.eventId);
    return waited === undefined ? work() : waited.then(work);
  }
}

function sealOf({ tenantId, recordKey, eventId }: SealedIdentity): Buffer {
  return Buffer.from(`seal ${tenantId} ${recordKey.toString('hex')} ${eventId}`);
}
