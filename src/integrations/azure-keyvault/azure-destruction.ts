import type { TenantId } from '../../core/tenant-id.js';
import {
  assertExclusive,
  indestructible,
  type DestroyKekOptions,
  type KekDestruction,
} from '../../encryption/key-destruction.js';
import { classifiedCall, KeyServiceFailure } from '../../encryption/key-service.js';
import type { ConfiguredKeks } from '../../encryption/key-uris.js';
import { failureOf, type AzureOperation } from './azure-failures.js';

/** What is read of a key that was deleted. */
export interface AzureDeletedKey {
  properties: {
    recoveryId?: string | undefined;
    recoveryLevel?: string | undefined;
    scheduledPurgeDate?: Date | undefined;
  };
}

/** The deletion of a key that is under way. */
export interface AzureKeyDeletion {
  /** What the vault has answered so far. */
  getResult(): AzureDeletedKey | undefined;
  /** Waits until the key can be purged. */
  pollUntilDone(): Promise<AzureDeletedKey>;
}

/** What is needed to destroy keys: a `KeyClient` of the package `@azure/keyvault-keys`. */
export interface AzureKeyClient {
  /** Reads a key that was deleted and is not yet purged. */
  getDeletedKey(name: string, options: { abortSignal: AbortSignal }): Promise<AzureDeletedKey>;
  /** Deletes a key with all of its versions. */
  beginDeleteKey(name: string, options: { abortSignal: AbortSignal; intervalInMs: number }): Promise<AzureKeyDeletion>;
  /** Removes a deleted key for good. */
  purgeDeletedKey(name: string, options: { abortSignal: AbortSignal }): Promise<void>;
}

/** How keys are destroyed in Azure. */
export interface AzureDeletion {
  /** Makes the client of a vault: `(vaultUrl) => new KeyClient(vaultUrl, credential)` of `@azure/keyvault-keys`. */
  readonly client: (vaultUrl: string) => AzureKeyClient;
  /**
   * Whether a deleted key is also purged where the vault allows that, so that nobody can recover it. Default false:
   * Azure purges it when its retention is over
   */
  readonly purge?: boolean | undefined;
}

const POLL_MS = 500;
const NOT_FOUND_STATUS = 404;

/** Destroys keys of Azure: deletes them, and purges them where that is asked for. */
export class AzureDestruction {
  readonly #deletion: AzureDeletion | undefined;
  readonly #keks: ConfiguredKeks;

  constructor(deletion: AzureDeletion | undefined, keks: ConfiguredKeks) {
    this.#deletion = deletion;
    this.#keks = keks;
  }

  async destroy(
    tenantId: TenantId,
    kekId: Buffer,
    options: DestroyKekOptions,
    signal: AbortSignal,
  ): Promise<KekDestruction> {
    const id = this.#keks.uri(tenantId, kekId);
    // What is deleted is a key with all of its versions, and Azure does not tell upper from lower case.
    const isSame = (one: string, other: string): boolean => withoutVersion(one) === withoutVersion(other);
    assertExclusive(tenantId, this.#keks.sharing(tenantId, id, [], isSame), options);
    if (this.#deletion === undefined) {
      throw indestructible(
        tenantId,
        'azureKeyVault needs the option deletion: { client: (vaultUrl) => new KeyClient(vaultUrl, credential) }',
      );
    }
    const { vaultUrl, name } = partsOf(id);
    const client = this.#deletion.client(vaultUrl);
    const found = await orNothing(() => deletedKey(client, name, signal));
    const deleted = found ?? (await orNothing(() => this.#delete(client, name, signal)));
    if (deleted === undefined) return { state: 'destroyed', keyUri: id, answer: { name, status: NOT_FOUND_STATUS } };
    const { recoveryId, recoveryLevel, scheduledPurgeDate } = deleted.properties;
    const level = recoveryLevel === undefined ? {} : { recoveryLevel };
    if (recoveryId === undefined) return { state: 'destroyed', keyUri: id, answer: { name, ...level } };
    if (this.#deletion.purge === true && recoveryLevel?.includes('Purgeable') === true) {
      await call('purge', () => client.purgeDeletedKey(name, { abortSignal: signal }));
      return { state: 'destroyed', keyUri: id, answer: { name, purged: true, ...level } };
    }
    return {
      state: 'scheduled',
      keyUri: id,
      dueAtMs: scheduledPurgeDate?.getTime(),
      answer: {
        name,
        recoveryId,
        ...level,
        ...(scheduledPurgeDate !== undefined && { scheduledPurgeDate: scheduledPurgeDate.toISOString() }),
      },
    };
  }

  /** Whether a key that Azure does not find is deleted and not yet purged. */
  async isDeleted(keyId: string, signal: AbortSignal): Promise<boolean> {
    if (this.#deletion === undefined) return false;
    const { vaultUrl, name } = partsOf(keyId);
    try {
      await deletedKey(this.#deletion.client(vaultUrl), name, signal);
      return true;
    } catch {
      // It is not, or there is no right to ask: it is gone, as it was said.
      return false;
    }
  }

  async #delete(client: AzureKeyClient, name: string, signal: AbortSignal): Promise<AzureDeletedKey> {
    const poller = await call('delete', () =>
      client.beginDeleteKey(name, { abortSignal: signal, intervalInMs: POLL_MS }),
    );
    // A key can be purged only once its deletion is through.
    const result =
      this.#deletion?.purge === true ? await call('delete', () => poller.pollUntilDone()) : poller.getResult();
    if (result !== undefined) return result;
    throw new KeyServiceFailure('away', 'delete-no-answer');
  }
}

function deletedKey(client: AzureKeyClient, name: string, signal: AbortSignal): Promise<AzureDeletedKey> {
  return call('read-deleted', () => client.getDeletedKey(name, { abortSignal: signal }));
}

function call<T>(operation: AzureOperation, made: () => Promise<T>): Promise<T> {
  return classifiedCall(made, (error) => failureOf(error, operation));
}

async function orNothing<T>(made: () => Promise<T>): Promise<T | undefined> {
  try {
    return await made();
  } catch (failure) {
    if (failure instanceof KeyServiceFailure && failure.kind === 'key-gone') return undefined;
    throw failure;
  }
}

function partsOf(keyId: string): { vaultUrl: string; name: string } {
  const { origin, pathname } = new URL(keyId);
  return { vaultUrl: origin, name: pathname.split('/')[2] ?? '' };
}

function withoutVersion(keyId: string): string {
  return keyId.slice(0, keyId.lastIndexOf('/')).toLowerCase();
}
