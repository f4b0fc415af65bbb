import type { KeyObject } from 'node:crypto';
import { ContractSet } from '../contract/contract-set.js';
import type { Clock } from '../core/clock.js';
import { isTenantryError, tenantryError, type TenantryError } from '../core/errors.js';
import { invalidOptions } from '../core/invalid-options.js';
import { packageVersion } from '../core/package-version.js';
import type { TenantId } from '../core/tenant-id.js';
import type { EnvelopeCipher } from '../encryption/envelope-cipher.js';
import type { DestructionAnswer, KekDestruction } from '../encryption/key-destruction.js';
import type { ErasureEntries } from '../tenant/erasure-entries.js';
import type { Transport } from '../transport/port.js';
import { signingKeyOf } from './certificate-keys.js';
import { earlierCertificate, issueCertificate, type ErasureCertificate } from './certificate.js';
import type { CheckedEraseOptions } from './erase-options.js';
import { heldData } from './held-data.js';
import { notErased, protectionOf } from './not-erased.js';
import type { ErasureStatement } from './statement.js';

/** What an erasure stands on. */
export interface ErasureParts {
  readonly clock: Clock;
  readonly clientId: string;
  readonly cipher: Pick<EnvelopeCipher, 'kekIds' | 'destroyKek'>;
  readonly transport: Pick<Transport, 'createGroupOffsets'>;
  readonly entries: Pick<ErasureEntries, 'all'>;
}

/** What became of one key of the tenant. */
export type KeyErasure = {
  /** 16 hex digits, as in erasure entries and alarms. */
  readonly kekId: string;
  readonly role: 'current' | 'previous';
} & (KekDestruction | { readonly state: 'failed'; readonly error: TenantryError });

/**
 * What became of an erasure. `incomplete`: some keys were not destroyed, each with its error; those that were stay so,
 * and calling again goes on with the others. There is no certificate then.
 */
export type ErasureResult =
  | {
      readonly state: 'scheduled' | 'destroyed';
      readonly keys: readonly KeyErasure[];
      readonly statement: ErasureStatement;
      readonly certificate: ErasureCertificate;
    }
  | { readonly state: 'incomplete'; readonly keys: readonly KeyErasure[] };

interface Earlier {
  readonly reference: ErasureStatement['earlier'];
  /** By the id of the key. */
  readonly answers: ReadonlyMap<string, DestructionAnswer>;
}

/** Destroys all keys of a tenant and certifies it. `Admin.eraseTenant` documents it. */
export async function eraseTenant(
  parts: ErasureParts,
  tenantId: TenantId,
  options: CheckedEraseOptions,
): Promise<ErasureResult> {
  const set = new ContractSet();
  for (const contract of options.contracts) set.add(contract);
  const signingKey = signingKeyOf(options.signingKey, 'eraseTenant', 'signingKey');
  const earlier = earlierOf(tenantId, options, signingKey);
  const kekIds = parts.cipher.kekIds(tenantId);
  const notAsked = assertEntered(parts, tenantId, kekIds, options);
  // Once the entry is in force nothing more is published here, so these offsets bound what was.
  const held = await heldData(parts.transport, tenantId, options);
  const keys: KeyErasure[] = [];
  for (const [index, kekId] of kekIds.entries()) {
    const id = kekId.toString('hex');
    const role = index === 0 ? 'current' : 'previous';
    keys.push({ kekId: id, role, ...(await destroyed(parts, tenantId, kekId, options, earlier.answers.get(id))) });
  }
  const done = keys.filter((key): key is KeyErasure & KekDestruction => key.state !== 'failed');
  if (done.length < keys.length) return { state: 'incomplete', keys };
  const contracts = options.contracts.map(protectionOf);
  const statement: ErasureStatement = {
    version: 1,
    state: done.every(({ state }) => state === 'destroyed') ? 'destroyed' : 'scheduled',
    tenant: tenantId,
    requestedBy: options.requestedBy,
    issuedAt: isoTime(parts.clock.nowMs()),
    issuer: { library: 'tenantry', version: packageVersion(), clientId: parts.clientId },
    keys: done.map(({ kekId, role, state, keyUri, dueAtMs, answer }) => ({
      kekId,
      role,
      state,
      keyUri,
      ...(dueAtMs !== undefined && { dueAt: isoTime(dueAtMs) }),
      answer: { ...answer },
    })),
    keysNotAsked: [...notAsked],
    contracts,
    ...held,
    notErased: notErased(contracts),
    ...(earlier.reference !== undefined && { earlier: earlier.reference }),
  };
  return { state: statement.state, keys, statement, certificate: issueCertificate(statement, signingKey) };
}

/** @returns the entries of keys that the configuration does not name, so that nobody can be asked about them */
function assertEntered(
  { entries: known }: ErasureParts,
  tenantId: TenantId,
  kekIds: readonly Buffer[],
  { keysNotAsked }: CheckedEraseOptions,
): readonly string[] {
  if (kekIds.length === 0) {
    throw tenantryError(
      'KEY_NOT_CONFIGURED',
      `tenant ${tenantId} has no key in the configuration, so none can be destroyed; keep the names of its keys there until the last certificate is issued`,
    );
  }
  const entries = known.all(tenantId);
  const ids = kekIds.map((kekId) => kekId.toString('hex'));
  const missing = ids.filter((id) => !entries.includes(id));
  const notAsked = entries.filter((id) => !ids.includes(id));
  const unsaid = notAsked.filter((id) => !keysNotAsked.includes(id));
  if (missing.length === 0 && unsaid.length === 0) return notAsked;
  if (missing.length === 0) {
    const message = `must list ${unsaid.join(', ')}: entered as erased, and no key of the tenant in the configuration, so nobody can be asked about it; better name the key there again`;
    throw invalidOptions('eraseTenant', [{ path: 'keysNotAsked', message }]);
  }
  throw tenantryError(
    'ERASURE_NOT_ENTERED',
    `nothing was destroyed: erasedKeks of tenant ${tenantId} lacks ${missing.join(', ')}; enter them in every process first, or its events would be held everywhere with KEY_GONE`,
    { kekIds: missing },
  );
}

async function destroyed(
  { cipher }: ErasureParts,
  tenantId: TenantId,
  kekId: Buffer,
  { exclusiveKeys: exclusive }: CheckedEraseOptions,
  earlier: DestructionAnswer | undefined,
): Promise<KekDestruction | { readonly state: 'failed'; readonly error: TenantryError }> {
  try {
    return await cipher.destroyKek(tenantId, kekId, { exclusive, ...(earlier !== undefined && { earlier }) });
  } catch (error) {
    // The other keys are destroyed all the same: what is left undone is told, and done by the next call.
    if (isTenantryError(error)) return { state: 'failed', error };
    throw error;
  }
}

function earlierOf(tenantId: TenantId, { earlierCertificate: given }: CheckedEraseOptions, key: KeyObject): Earlier {
  if (given === undefined) return { reference: undefined, answers: new Map() };
  const { statement, sha256 } = earlierCertificate(given, key);
  const { tenant, state, issuedAt, keys } = statement;
  if (tenant !== tenantId) {
    const message = `is about tenant ${tenant}`;
    throw invalidOptions('eraseTenant', [{ path: 'earlierCertificate', message }]);
  }
  return {
    reference: { sha256, state, issuedAt },
    answers: new Map(keys.map(({ kekId, answer }) => [kekId, answer])),
  };
}

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
