import type { Clock } from '../../src/core/clock.js';
import type { TenantId } from '../../src/core/tenant-id.js';
import type { Eventual } from '../../src/encryption/eventual.js';
import { KeyServiceFailure, type GeneratedDataKey, type KeyService } from '../../src/encryption/key-service.js';
import { localKeyring } from '../../src/encryption/local-keyring.js';

/** What the service does with a call. `now` answers in the same turn. */
export type Mood =
  | 'up'
  | 'now'
  | 'down'
  | 'throttles'
  | 'hangs'
  | 'nonsense'
  | 'other-key'
  | 'refuses'
  | 'gone'
  | 'being-destroyed'
  | 'refuses-data-key';

/** A key service on a clock that answers after a while, and whose moods can be told by tenant. */
export class FaultyKeyService implements KeyService {
  readonly maxBlobBytes: number;
  latencyMs = 20;
  mood: (tenantId: TenantId, call: 'generate' | 'unwrap') => Mood = () => 'up';
  readonly calls: { readonly tenantId: TenantId; readonly call: 'generate' | 'unwrap'; readonly atMs: number }[] = [];
  running = 0;
  mostRunning = 0;
  readonly #clock: Clock;
  readonly #inner: KeyService;
  readonly #runningOf = new Map<TenantId, number>();
  mostRunningOfOne = 0;

  constructor(clock: Clock, tenants: readonly string[]) {
    this.#clock = clock;
    this.#inner = localKeyring({
      keys: Object.fromEntries(tenants.map((id, index) => [id, Buffer.alloc(32).fill(`${id} ${index}`)])),
    });
    this.maxBlobBytes = this.#inner.maxBlobBytes;
  }

  count(tenantId?: TenantId, call?: 'generate' | 'unwrap'): number {
    return this.calls.filter(
      (made) => (tenantId === undefined || made.tenantId === tenantId) && (call === undefined || made.call === call),
    ).length;
  }

  kekIds: KeyService['kekIds'] = (tenantId) => this.#inner.kekIds(tenantId);

  generateDataKey: KeyService['generateDataKey'] = (tenantId, kekId, signal) =>
    this.#answer(tenantId, 'generate', signal, (mood) => {
      if (mood === 'nonsense') return { plaintext: Buffer.alloc(31), blob: Buffer.alloc(8) };
      return this.#inner.generateDataKey(tenantId, kekId, signal) as GeneratedDataKey;
    });

  unwrapDataKey: KeyService['unwrapDataKey'] = (tenantId, kekId, blob, signal) =>
    this.#answer(tenantId, 'unwrap', signal, (mood) => {
      if (mood === 'nonsense') return Buffer.alloc(16);
      if (mood === 'other-key') return Buffer.alloc(32, 5);
      return this.#inner.unwrapDataKey(tenantId, kekId, blob, signal) as Uint8Array;
    });

  #answer<T>(
    tenantId: TenantId,
    call: 'generate' | 'unwrap',
    signal: AbortSignal,
    work: (mood: Mood) => T,
  ): Eventual<T> {
    const mood = this.mood(tenantId, call);
    this.calls.push({ tenantId, call, atMs: this.#clock.monotonicMs() });
    if (mood === 'now') return work(mood);
    this.#begin(tenantId, 1);
    return new Promise<T>((resolve, reject) => {
      const end = (): void => {
        this.#begin(tenantId, -1);
      };
      if (mood === 'hangs') {
        signal.addEventListener('abort', end, { once: true });
        return;
      }
      this.#clock.setTimer(this.latencyMs, () => {
        end();
        try {
          const failure = FAILURES[mood];
          if (failure !== undefined) throw new KeyServiceFailure(...failure);
          resolve(work(mood));
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  #begin(tenantId: TenantId, change: 1 | -1): void {
    const ofOne = (this.#runningOf.get(tenantId) ?? 0) + change;
    this.#runningOf.set(tenantId, ofOne);
    this.running += change;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    this.mostRunningOfOne = Math.max(this.mostRunningOfOne, ofOne);
  }
}

const FAILURES: Partial<Record<Mood, ConstructorParameters<typeof KeyServiceFailure>>> = {
  down: ['away', 'ECONNREFUSED'],
  throttles: ['away', 'ThrottlingException'],
  refuses: ['key-refused', 'DisabledException'],
  gone: ['key-gone', 'NotFoundException'],
  'being-destroyed': ['key-being-destroyed', 'KeyPendingDeletion'],
  'refuses-data-key': ['data-key-refused', 'InvalidCiphertextException'],
};
