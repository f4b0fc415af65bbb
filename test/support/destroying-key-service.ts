import type { TenantId } from '../../src/core/tenant-id.js';
import type { DestroyKekOptions, KekDestruction } from '../../src/encryption/key-destruction.js';
import { KeyServiceFailure, type GeneratedDataKey, type KeyService } from '../../src/encryption/key-service.js';
import { localKeyring } from '../../src/encryption/local-keyring.js';

const DUE_MS = Date.UTC(2026, 3, 15);

/** A key service in this process that destroys keys when it is asked to, at once or after a while. */
export class DestroyingKeyService implements KeyService {
  readonly maxBlobBytes: number;
  /** Whether the next destruction waits. */
  waits = false;
  /** The key, in hex, of which a destruction fails, and with what. */
  readonly failures = new Map<string, Error>();
  readonly calls: { readonly kekId: string; readonly options: DestroyKekOptions }[] = [];
  readonly #states = new Map<string, KekDestruction['state']>();
  readonly #inner: KeyService;

  constructor(keys: Parameters<typeof localKeyring>[0]['keys'] & object) {
    this.#inner = localKeyring({ keys });
    this.maxBlobBytes = this.#inner.maxBlobBytes;
  }

  kekIds(tenantId: TenantId): readonly Buffer[] {
    return this.#inner.kekIds(tenantId);
  }

  generateDataKey(tenantId: TenantId, kekId: Buffer, signal: AbortSignal): GeneratedDataKey {
    this.#assertLives(kekId);
    return this.#inner.generateDataKey(tenantId, kekId, signal) as GeneratedDataKey;
  }

  unwrapDataKey(tenantId: TenantId, kekId: Buffer, blob: Buffer, signal: AbortSignal): Uint8Array {
    this.#assertLives(kekId);
    return this.#inner.unwrapDataKey(tenantId, kekId, blob, signal) as Uint8Array;
  }

  destroyKek(tenantId: TenantId, kekId: Buffer, options: DestroyKekOptions): KekDestruction {
    const id = kekId.toString('hex');
    if (!this.kekIds(tenantId).some((own) => own.equals(kekId))) throw new KeyServiceFailure('key-refused', 'unknown');
    this.calls.push({ kekId: id, options });
    const failure = this.failures.get(id);
    if (failure !== undefined) throw failure;
    const state = this.#states.get(id) ?? (this.waits ? 'scheduled' : 'destroyed');
    this.#states.set(id, state);
    const answer = { name: `keys/${id}`, state };
    return { state, keyUri: `keys/${id}`, ...(state === 'scheduled' && { dueAtMs: DUE_MS }), answer };
  }

  /** The waiting time is over. */
  endWaiting(): void {
    for (const id of this.#states.keys()) this.#states.set(id, 'destroyed');
  }

  isDestroyed(kekId: Buffer): boolean {
    return this.#states.has(kekId.toString('hex'));
  }

  #assertLives(kekId: Buffer): void {
    const state = this.#states.get(kekId.toString('hex'));
    if (state === 'scheduled') throw new KeyServiceFailure('key-being-destroyed', 'scheduled');
    if (state === 'destroyed') throw new KeyServiceFailure('key-gone', 'destroyed');
  }
}
