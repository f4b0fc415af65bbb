import type { TenantId } from '../../core/tenant-id.js';
import {
  assertExclusive,
  indestructible,
  type DestroyKekOptions,
  type KekDestruction,
} from '../../encryption/key-destruction.js';
import { KeyServiceFailure } from '../../encryption/key-service.js';
import type { ConfiguredKeks } from '../../encryption/key-uris.js';

/** What is read of a version of a key. */
export interface GoogleKeyVersion {
  name?: string | null;
  /** As its name or as its number: that depends on how the client is set up. */
  state?: unknown;
  destroyTime?: { seconds?: unknown; nanos?: number | null } | null;
}

/** The calls with which keys are destroyed; a client that is never asked to needs none of them. */
export interface GoogleDestroyingClient {
  /** Lists the versions of a key. */
  listCryptoKeyVersions?(
    request: { parent: string },
    options: { timeout: number; retry: null },
  ): Promise<[GoogleKeyVersion[], ...unknown[]]>;
  /** Schedules a version for destruction. */
  destroyCryptoKeyVersion?(
    request: { name: string },
    options: { timeout: number; retry: null },
  ): Promise<[GoogleKeyVersion, ...unknown[]]>;
}

/** The enum `CryptoKeyVersionState` of the API, v1. */
const STATES: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [1, 'ENABLED'],
  [2, 'DISABLED'],
  [3, 'DESTROYED'],
  [4, 'DESTROY_SCHEDULED'],
  [5, 'PENDING_GENERATION'],
  [6, 'PENDING_IMPORT'],
  [7, 'IMPORT_FAILED'],
  [8, 'GENERATION_FAILED'],
  [9, 'PENDING_EXTERNAL_DESTRUCTION'],
  [10, 'EXTERNAL_DESTRUCTION_FAILED'],
]);
/** There is no material, and there never will be. */
const WITHOUT_MATERIAL = new Set(['DESTROYED', 'IMPORT_FAILED', 'GENERATION_FAILED']);
const ON_THE_WAY = new Set(['DESTROY_SCHEDULED', 'PENDING_EXTERNAL_DESTRUCTION']);

/** Makes one call in the time that a signal leaves, and says what its failure means. */
export type GoogleCall = <T>(call: () => Promise<[T, ...unknown[]]>) => Promise<T>;

/** Destroys keys in Cloud KMS: schedules the destruction of every version, and tells how far that is. */
export class GoogleDestruction {
  readonly #client: GoogleDestroyingClient;
  readonly #keks: ConfiguredKeks;
  readonly #options: { timeout: number; retry: null };

  constructor(client: GoogleDestroyingClient, keks: ConfiguredKeks, options: { timeout: number; retry: null }) {
    this.#client = client;
    this.#keks = keks;
    this.#options = options;
  }

  async destroy(
    tenantId: TenantId,
    kekId: Buffer,
    options: DestroyKekOptions,
    call: GoogleCall,
  ): Promise<KekDestruction> {
    const name = this.#keks.uri(tenantId, kekId);
    assertExclusive(tenantId, this.#keks.sharing(tenantId, name), options);
    const client = this.#complete(tenantId);
    const versions = await this.#list(client, name, call);
    const after: GoogleKeyVersion[] = [];
    for (const version of versions) {
      const state = stateOf(version);
      if (isWithoutMaterial(state) || isOnTheWay(state)) after.push(version);
      else after.push(await this.#destroyVersion(client, version, call));
    }
    return destructionOf(name, after);
  }

  /** Whether some versions of a key wait for their destruction, and none is left that could be used. */
  async isUnderWay(tenantId: TenantId, name: string, call: GoogleCall): Promise<boolean> {
    const states = (await this.#list(this.#complete(tenantId), name, call)).map(stateOf);
    return states.some(isOnTheWay) && states.every((state) => isOnTheWay(state) || isWithoutMaterial(state));
  }

  #complete(tenantId: TenantId): Required<GoogleDestroyingClient> {
    const client = this.#client;
    if (isComplete(client)) return client;
    throw indestructible(
      tenantId,
      'the client given to googleKms lacks listCryptoKeyVersions or destroyCryptoKeyVersion; give a KeyManagementServiceClient of @google-cloud/kms',
    );
  }

  async #list(
    client: Required<GoogleDestroyingClient>,
    parent: string,
    call: GoogleCall,
  ): Promise<readonly GoogleKeyVersion[]> {
    const listed = await call(() => client.listCryptoKeyVersions({ parent }, this.#options));
    if (listed.length > 0) return listed;
    // No key loses the record of its versions, so this one was never usable.
    throw new KeyServiceFailure('key-gone', 'key-without-versions');
  }

  async #destroyVersion(
    client: Required<GoogleDestroyingClient>,
    { name }: GoogleKeyVersion,
    call: GoogleCall,
  ): Promise<GoogleKeyVersion> {
    if (typeof name !== 'string') throw new KeyServiceFailure('away', 'version-without-name');
    const destroyed = await call(() => client.destroyCryptoKeyVersion({ name }, this.#options));
    const state = stateOf(destroyed);
    if (isWithoutMaterial(state) || isOnTheWay(state)) return destroyed;
    throw new KeyServiceFailure('away', 'version-not-destroyed');
  }
}

function isComplete(client: GoogleDestroyingClient): client is Required<GoogleDestroyingClient> {
  const { listCryptoKeyVersions, destroyCryptoKeyVersion } = client as Partial<Record<string, unknown>>;
  return [listCryptoKeyVersions, destroyCryptoKeyVersion].every((method) => typeof method === 'function');
}

function destructionOf(name: string, versions: readonly GoogleKeyVersion[]): KekDestruction {
  const waiting = versions.filter((version) => isOnTheWay(stateOf(version)));
  const answer = { name, versions: versions.length, destroyed: versions.length - waiting.length };
  if (waiting.length === 0) return { state: 'destroyed', keyUri: name, answer };
  const times = waiting.map(({ destroyTime }) => Number(String(destroyTime?.seconds)) * 1_000);
  // One that does not say when leaves it open when the key is gone.
  const dueAtMs = times.every((time) => Number.isSafeInteger(time)) ? Math.max(...times) : undefined;
  return {
    state: 'scheduled',
    keyUri: name,
    dueAtMs,
    answer: {
      ...answer,
      destroyScheduled: waiting.length,
      ...(dueAtMs !== undefined && { destroyTime: new Date(dueAtMs).toISOString() }),
    },
  };
}

function stateOf({ state }: GoogleKeyVersion): string {
  return typeof state === 'string' ? state : (STATES.get(state) ?? '');
}

function isWithoutMaterial(state: string): boolean {
  return WITHOUT_MATERIAL.has(state);
}

function isOnTheWay(state: string): boolean {
  return ON_THE_WAY.has(state);
}
