import { tenantryError } from '../core/errors.js';
import type { TenantId } from '../core/tenant-id.js';
import type { TenantDirectory } from './directory.js';
import { isKekIdList } from './kek-id.js';

/** For a tenant the ids of its erased keys, 16 lower-case hex digits each; undefined or empty where it has none. */
export type ErasedKeksOf = (tenantId: TenantId) => readonly string[] | undefined;

const NONE: readonly string[] = Object.freeze([]);

/**
 * Which tenants are erased, and which of their keys were destroyed for it: what profiles and the option `erasedKeks`
 * say together, asked anew each time. Both may be code of the application, so an answer that cannot be used counts
 * neither as an entry nor as none.
 */
export class ErasureEntries {
  readonly #directory: TenantDirectory;
  readonly #ofOption: ErasedKeksOf;

  constructor(directory: TenantDirectory, ofOption: ErasedKeksOf = () => undefined) {
    this.#directory = directory;
    this.#ofOption = ofOption;
  }

  /** @throws TenantryError `TENANT_ERASED`; `UNKNOWN_TENANT` where what should be an entry is none */
  assertMayPublish(tenantId: TenantId): void {
    if (!this.isErased(tenantId)) return;
    throw tenantryError(
      'TENANT_ERASED',
      `tenant ${tenantId} is erased: nothing is published for it any more, and its id is never used again; give a new tenant a new id`,
    );
  }

  /**
   * Whether there is an entry for any key of a tenant. Whether it is a tenant at all is not asked here: a directory that
   * throws, or answers with no profile, says nothing of its erasure.
   *
   * @throws TenantryError `UNKNOWN_TENANT` where what should be an entry is none
   */
  isErased(tenantId: TenantId): boolean {
    return (this.#inProfile(tenantId) ?? NONE).length > 0 || this.#inOption(tenantId).length > 0;
  }

  /**
   * Whether an entry names this key of the tenant. That is one of two witnesses of its erasure.
   *
   * @throws TenantryError `UNKNOWN_TENANT` where it cannot be told
   */
  names(tenantId: TenantId, kekId: Buffer): boolean {
    const id = kekId.toString('hex');
    const inProfile = this.#inProfile(tenantId);
    if (inProfile?.includes(id) === true || this.#inOption(tenantId).includes(id)) return true;
    if (inProfile !== undefined) return false;
    throw tenantryError('UNKNOWN_TENANT', `the directory did not tell whether tenant ${tenantId} is erased`);
  }

  /**
   * All keys of the tenant that entries name.
   *
   * @throws TenantryError `UNKNOWN_TENANT` where what should be an entry is none
   */
  all(tenantId: TenantId): readonly string[] {
    return [...new Set([...(this.#inProfile(tenantId) ?? NONE), ...this.#inOption(tenantId)])];
  }

  /** @returns undefined where the directory says nothing */
  #inProfile(tenantId: TenantId): readonly string[] | undefined {
    let erasedKeks: unknown;
    try {
      const answer: unknown = this.#directory.get(tenantId);
      if (answer === undefined) return NONE;
      if (isNoProfile(answer)) return undefined;
      ({ erasedKeks } = answer as { readonly erasedKeks?: unknown });
    } catch {
      return undefined;
    }
    return listOf(tenantId, erasedKeks);
  }

  #inOption(tenantId: TenantId): readonly string[] {
    let answer: unknown;
    try {
      answer = this.#ofOption(tenantId);
    } catch {
      throw tenantryError('UNKNOWN_TENANT', `erasedKeks threw when it was asked for tenant ${tenantId}`);
    }
    return listOf(tenantId, answer);
  }
}

function isNoProfile(answer: unknown): boolean {
  ignore(answer);
  return typeof answer !== 'object' || answer === null || answer instanceof Promise;
}

function listOf(tenantId: TenantId, erasedKeks: unknown): readonly string[] {
  if (erasedKeks === undefined) return NONE;
  if (isKekIdList(erasedKeks)) return erasedKeks;
  ignore(erasedKeks);
  throw tenantryError(
    'UNKNOWN_TENANT',
    `erasedKeks of tenant ${tenantId} must be a list of key ids, 16 lower-case hex digits each`,
  );
}

/** A promise that nobody waits for must not end the process where it rejects. */
function ignore(answer: unknown): void {
  if (answer instanceof Promise) answer.catch(() => undefined);
}
