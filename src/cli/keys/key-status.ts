import { answerInTime } from '../../core/answer-in-time.js';
import { describeForeignError, isTenantryError } from '../../core/errors.js';
import type { TenantId } from '../../core/tenant-id.js';
import { KEY_SERVICE_TIMEOUT_MS } from '../../encryption/key-service-calls.js';
import { KeyServiceFailure, type KeyService, type KeyServiceFailureKind } from '../../encryption/key-service.js';
import type { ErasureEntries } from '../../tenant/erasure-entries.js';
import { commandClock } from '../command-clock.js';

/**
 * How a key stands with its service. `works`: a data key was made under it and unwrapped again. `erased`: the service
 * does not know it any more, or destroys it, and it is entered as erased. `not-asked`: it is entered as erased and not
 * configured. `unusable`: the service's answers are no data keys.
 */
export type KeyState =
  'works' | 'refused' | 'being-destroyed' | 'gone' | 'away' | 'erased' | 'not-asked' | 'unusable' | 'not-configured';

/** One key of a tenant. */
export interface KeyStatus {
  readonly tenant: TenantId;
  /** 16 hex digits; null where the tenant has no key at all. */
  readonly keyId: string | null;
  /** How its service names it; null where it has no name. */
  readonly keyUri: string | null;
  readonly role: 'current' | 'previous' | null;
  readonly state: KeyState;
  /** Whether it is entered as erased. */
  readonly enteredAsErased: boolean;
  /** A name of what went wrong. */
  readonly reason: string | null;
}

const STATES: Readonly<Record<KeyServiceFailureKind, KeyState>> = {
  away: 'away',
  'key-refused': 'refused',
  'key-being-destroyed': 'being-destroyed',
  'key-gone': 'gone',
  'data-key-refused': 'unusable',
};

/** Asks a tenant's key service about each of its keys. */
export async function keyStatuses(
  service: KeyService,
  erasure: Pick<ErasureEntries, 'all'>,
  tenant: TenantId,
): Promise<readonly KeyStatus[]> {
  const none = { tenant, keyId: null, keyUri: null, role: null, enteredAsErased: false } as const;
  const entered = erasure.all(tenant);
  let kekIds: readonly Buffer[];
  try {
    kekIds = service.kekIds(tenant);
  } catch (error) {
    return [{ ...none, state: 'away', reason: isTenantryError(error) ? error.code : describeForeignError(error) }];
  }
  const statuses: KeyStatus[] = [];
  for (const [index, kekId] of kekIds.entries()) {
    const keyId = kekId.toString('hex');
    const enteredAsErased = entered.includes(keyId);
    const { state, reason } = await stateOf(service, tenant, kekId);
    const isErased = enteredAsErased && (state === 'gone' || state === 'being-destroyed');
    statuses.push({
      tenant,
      keyId,
      keyUri: service.keyUri?.(tenant, kekId) ?? null,
      role: index === 0 ? 'current' : 'previous',
      state: isErased ? 'erased' : state,
      enteredAsErased,
      reason,
    });
  }
  const known = statuses.map(({ keyId }) => keyId);
  for (const keyId of entered.filter((id) => !known.includes(id))) {
    statuses.push({ ...none, keyId, enteredAsErased: true, state: 'not-asked', reason: null });
  }
  return statuses.length > 0 ? statuses : [{ ...none, state: 'not-configured', reason: null }];
}

/** A data key is made, unwrapped and forgotten: there is no other question that every service answers. */
async function stateOf(
  service: KeyService,
  tenant: TenantId,
  kekId: Buffer,
): Promise<{ readonly state: KeyState; readonly reason: string | null }> {
  const over = new AbortController();
  const secrets: Uint8Array[] = [];
  // An answer that comes too late is nobody's to wipe but whoever takes it.
  const keep = (secret: Uint8Array): void => {
    if (over.signal.aborted) secret.fill(0);
    else secrets.push(secret);
  };
  try {
    return await answerInTime(commandClock, KEY_SERVICE_TIMEOUT_MS, async () => {
      const { plaintext, blob } = await service.generateDataKey(tenant, kekId, over.signal);
      keep(plaintext);
      const unwrapped = await service.unwrapDataKey(tenant, kekId, Buffer.from(blob), over.signal);
      keep(unwrapped);
      const isSame = Buffer.compare(plaintext, unwrapped) === 0;
      return isSame ? { state: 'works', reason: null } : { state: 'unusable', reason: 'other-data-key' };
    });
  } catch (error) {
    if (error instanceof KeyServiceFailure) return { state: STATES[error.kind], reason: error.message };
    return { state: 'away', reason: describeForeignError(error) };
  } finally {
    over.abort();
    for (const secret of secrets) secret.fill(0);
  }
}
