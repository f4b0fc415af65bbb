import type { Clock } from '../core/clock.js';
import { tenantryError } from '../core/errors.js';
import type { TenantId } from '../core/tenant-id.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { openDirectory, type TenantDirectory } from '../tenant/directory.js';
import { ErasureEntries } from '../tenant/erasure-entries.js';
import type { ReadableValue } from './associated-data.js';
import { DataKeySource } from './data-key-source.js';
import { settingsOf, type EncryptionOptions, type EnvelopeSettings } from './encryption-options.js';
import {
  dekIdOf,
  FIXED_OVERHEAD_BYTES,
  hasEnvelopeMagic,
  parseEnvelope,
  type Envelope,
  type Placement,
} from './envelope-layout.js';
import type { Eventual } from './eventual.js';
import type { KeyAlarm } from './key-alarm.js';
import type { DestroyKekOptions, KekDestruction } from './key-destruction.js';
import { OpeningKeys } from './opening-keys.js';
import type { OpenedValue, RecordCipher, SealedIdentity } from './record-cipher.js';
import { RecordSeal } from './record-seal.js';
import { SealingKeys } from './sealing-keys.js';
import { warmUp } from './warm-up.js';

/** A record cipher that seals in envelopes (docs/envelope.md). */
export interface EnvelopeCipher extends RecordCipher {
  /** Which tenants are erased, as profiles and the option `erasedKeks` say. */
  readonly erasure: ErasureEntries;
  /**
   * Makes new data keys before the next record of each tenant is sealed. To be called after a machine was
   * restored from a snapshot: its twin has the same keys and counters, and would use the same nonces.
   */
  renewKeys(): void;
  /** Makes the data keys that the option `warmUp` asks for. Errors as of `start()` of a client. */
  warmUp(): Promise<void>;
  /** The ids of a tenant's keys, the current one first. */
  kekIds(tenantId: TenantId): readonly Buffer[];
  /** Destroys one of them at its key service; errors as of `DataKeySource.destroyKek`. */
  destroyKek(tenantId: TenantId, kekId: Buffer, options: DestroyKekOptions): Promise<KekDestruction>;
}

/** What an envelope cipher stands on. */
export interface EnvelopeCipherPorts {
  readonly clock: Clock;
  readonly telemetry: Pick<Telemetry, 'log'>;
  /** From 0 to 1, for jitter. Default `Math.random` */
  readonly random?: () => number;
  /** Whose profiles may name erased keys, beside the option `erasedKeks`. Default: none do */
  readonly directory?: TenantDirectory;
}

/** Makes the cipher that the option `encryption` describes. It makes no call until a record needs it. */
export function createEnvelopeCipher(options: EncryptionOptions, ports: EnvelopeCipherPorts): EnvelopeCipher {
  return new KeyedEnvelopeCipher(settingsOf(options), ports);
}

const NOTHING = Buffer.alloc(0);

class KeyedEnvelopeCipher implements EnvelopeCipher {
  readonly erasure: ErasureEntries;
  readonly #settings: EnvelopeSettings;
  readonly #ports: EnvelopeCipherPorts;
  readonly #source: DataKeySource;
  readonly #sealing: SealingKeys;
  readonly #opening: OpeningKeys;
  readonly #seal = new RecordSeal();
  #closed = false;

  constructor(settings: EnvelopeSettings, ports: EnvelopeCipherPorts) {
    const { clock, telemetry, random = Math.random, directory = openDirectory } = ports;
    const { kms, dataKey: ages } = settings;
    this.#settings = settings;
    this.#ports = ports;
    const onKeyRefused = (tenantId: TenantId, kekId?: Buffer): void => {
      this.#sealing.drop(tenantId, kekId);
      this.#opening.drop(tenantId, kekId);
    };
    const erasure = new ErasureEntries(directory, settings.erasedKeks);
    this.erasure = erasure;
    this.#source = new DataKeySource({ service: kms, clock, telemetry, random, erasure, onKeyRefused });
    this.#sealing = new SealingKeys({ source: this.#source, clock, random, ages });
    this.#opening = new OpeningKeys({ source: this.#source, clock, random, hardAgeMs: ages.hardAgeMs });
  }

  overheadBytes(tenantId: TenantId): number {
    return FIXED_OVERHEAD_BYTES + (this.#sealing.wrappedBytes(tenantId) ?? this.#source.maxWrappedBytes);
  }

  sealValue(identity: SealedIdentity, plaintext: Buffer, timeMs: number): Eventual<Buffer> {
    return this.#sealed(identity, 'value', plaintext, timeMs, undefined);
  }

  sealDetached(identity: SealedIdentity, value: Buffer | null, timeMs: number): Eventual<Buffer> {
    return this.#sealed(identity, 'detached', NOTHING, timeMs, value);
  }

  sealFields(identity: SealedIdentity, value: Buffer, fields: Buffer, timeMs: number): Eventual<Buffer> {
    return this.#sealed(identity, 'fields', fields, timeMs, value);
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

  openFields(identity: SealedIdentity, value: Buffer, seal: Buffer): Eventual<OpenedValue> {
    const envelope = parseEnvelope(seal, 'fields');
    const { timeMs } = envelope;
    return this.#opened(identity, envelope, value, (plaintext) => ({ plaintext, timeMs }));
  }

  renewKeys(): void {
    this.#sealing.clear();
  }

  async warmUp(): Promise<void> {
    this.#assertRunning();
    // Nothing is published for an erased tenant, so it lacks nothing.
    const make = (tenantId: TenantId): Eventual<void> =>
      this.erasure.isErased(tenantId) ? undefined : this.#sealing.use(tenantId, () => undefined);
    await warmUp(this.#settings.warmUp, { ...this.#ports, make });
  }

  kekIds(tenantId: TenantId): readonly Buffer[] {
    return this.#source.kekIds(tenantId);
  }

  async destroyKek(tenantId: TenantId, kekId: Buffer, options: DestroyKekOptions): Promise<KekDestruction> {
    this.#assertRunning();
    return this.#source.destroyKek(tenantId, kekId, options);
  }

  keyAlarms(): readonly KeyAlarm[] {
    return this.#source.alarms();
  }

  close(): void {
    this.#closed = true;
    this.#source.close();
    this.#sealing.clear();
    this.#opening.clear();
    this.#seal.wipe();
  }

  #sealed(
    identity: SealedIdentity,
    placement: Placement,
    plaintext: Buffer,
    timeMs: number,
    readable: ReadableValue,
  ): Eventual<Buffer> {
    this.#assertRunning();
    return this.#sealing.use(identity.tenantId, (session) => {
      this.#assertRunning();
      return this.#seal.seal(session, identity, placement, plaintext, timeMs, readable);
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
    if (this.#settings.revokedDataKeys.get(tenantId)?.has(dekIdOf(envelope).toString('hex')) === true) {
      throw tenantryError('DATA_KEY_REVOKED', `a record of tenant ${tenantId} is sealed under a revoked data key`);
    }
  }

  #assertRunning(): void {
    if (this.#closed) throw tenantryError('NOT_RUNNING', 'the cipher is closed');
  }
}
