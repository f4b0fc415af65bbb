import type { Clock } from '../core/clock.js';
import { tenantryError } from '../core/errors.js';
import type { TenantId } from '../core/tenant-id.js';
import type { ReadableValue } from './associated-data.js';
import { DataKeySource } from './data-key-source.js';
import { settingsOf, type EncryptionOptions, type EnvelopeSettings } from './encryption-options.js';
import { dekIdOf, FIXED_OVERHEAD_BYTES, hasEnvelopeMagic, parseEnvelope, type Envelope } from './envelope-layout.js';
import type { Eventual } from './eventual.js';
import { OpeningKeys } from './opening-keys.js';
import type { OpenedValue, RecordCipher, SealedIdentity } from './record-cipher.js';
import { RecordSeal } from './record-seal.js';
import { SealingKeys } from './sealing-keys.js';

/** A record cipher that seals in envelopes (docs/envelope.md). */
export interface EnvelopeCipher extends RecordCipher {
  /**
   * Makes new data keys before the next record of each tenant is sealed. To be called after a machine was
   * restored from a snapshot: its twin has the same keys and counters, and would use the same nonces.
   */
  renewKeys(): void;
}

/** What an envelope cipher stands on. */
export interface EnvelopeCipherPorts {
  readonly clock: Clock;
}

/** Makes the cipher that the option `encryption` describes. It makes no call until a record needs it. */
export function createEnvelopeCipher(options: EncryptionOptions, { clock }: EnvelopeCipherPorts): EnvelopeCipher {
  return new KeyedEnvelopeCipher(settingsOf(options), clock);
}

const NOTHING = Buffer.alloc(0);

class KeyedEnvelopeCipher implements EnvelopeCipher {
  readonly #revoked: EnvelopeSettings['revokedDataKeys'];
  readonly #source: DataKeySource;
  readonly #sealing: SealingKeys;
  readonly #opening: OpeningKeys;
  readonly #seal = new RecordSeal();
  #closed = false;

  constructor(settings: EnvelopeSettings, clock: Clock) {
    this.#revoked = settings.revokedDataKeys;
    this.#source = new DataKeySource(settings.kms, clock, (tenantId) => {
      this.#sealing.deleteTenant(tenantId);
      this.#opening.deleteTenant(tenantId);
    });
    this.#sealing = new SealingKeys(this.#source, clock, settings.dataKey);
    this.#opening = new OpeningKeys(this.#source, clock, settings.dataKey.hardAgeMs);
  }

  overheadBytes(tenantId: TenantId): number {
    return FIXED_OVERHEAD_BYTES + (this.#sealing.wrappedBytes(tenantId) ?? this.#source.maxWrappedBytes);
  }

  sealValue(identity: SealedIdentity, plaintext: Buffer, timeMs: number): Eventual<Buffer> {
    return this.#sealed(identity, plaintext, timeMs, undefined);
  }

  sealDetached(identity: SealedIdentity, value: Buffer | null, timeMs: number): Eventual<Buffer> {
    return this.#sealed(identity, NOTHING, timeMs, value);
  }

  release(sealed: Buffer): void {
    this.#seal.release(sealed);
  }

  openValue(identity: SealedIdentity, bytes: Buffer): Eventual<OpenedValue> {
    if (!hasEnvelopeMagic(bytes)) {
      throw tenantryError(
        'SEAL_MISSING',
        `a value of tenant ${identity.tenantId} that must be sealed is not an envelope`,
      );
    }
    const envelope = parseEnvelope(bytes, 'value');
    const { timeMs } = envelope;
    return this.#opened(identity, envelope, undefined, (plaintext) => ({ plaintext, timeMs }));
  }

  openDetached(identity: SealedIdentity, value: Buffer | null, seal: Buffer): Eventual<{ readonly timeMs: number }> {
    const envelope = parseEnvelope(seal, 'detached');
    const { timeMs } = envelope;
    return this.#opened(identity, envelope, value, () => ({ timeMs }));
  }

  renewKeys(): void {
    this.#sealing.clear();
  }

  close(): void {
    this.#closed = true;
    this.#source.close();
    this.#sealing.clear();
    this.#opening.clear();
    this.#seal.wipe();
  }

  #sealed(identity: SealedIdentity, plaintext: Buffer, timeMs: number, readable: ReadableValue): Eventual<Buffer> {
    this.#assertRunning();
    return this.#sealing.use(identity.tenantId, (session) => {
      this.#assertRunning();
      return this.#seal.seal(session, identity, plaintext, timeMs, readable);
    });
  }

  #opened<T>(
    identity: SealedIdentity,
    envelope: Envelope,
    readable: ReadableValue,
    result: (plaintext: Buffer) => T,
  ): Eventual<T> {
    this.#assertRunning();
    this.#assertNotRevoked(identity.tenantId, envelope);
    return this.#opening.use(identity.tenantId, envelope, (key) => {
      this.#assertRunning();
      return result(key.open(envelope, (recordKey) => this.#seal.open(recordKey, identity, envelope, readable)));
    });
  }

  #assertNotRevoked(tenantId: TenantId, envelope: Envelope): void {
    if (this.#revoked.get(tenantId)?.has(dekIdOf(envelope).toString('hex')) === true) {
      throw tenantryError('DATA_KEY_REVOKED', `a record of tenant ${tenantId} is sealed under a revoked data key`);
    }
  }

  #assertRunning(): void {
    if (this.#closed) throw tenantryError('NOT_RUNNING', 'the cipher is closed');
  }
}
