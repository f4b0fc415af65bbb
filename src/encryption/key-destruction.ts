import { tenantryError } from '../core/errors.js';
import type { TenantId } from '../core/tenant-id.js';

/** What is said of a key that is to be destroyed. */
export interface DestroyKekOptions {
  /**
   * The caller says that no other tenant has this key. Needed where the configuration cannot tell, because a function
   * names the keys or another service does not tell whose it holds; a key that is known to be another tenant's too is never destroyed.
   */
  readonly exclusive: boolean;
  /** What the service answered when the key was destroyed before, where somebody kept it: it may name the key better. */
  readonly earlier?: DestructionAnswer | undefined;
}

/** Fields of a service's own answer: names, ids, states and dates; no text for people and nothing secret. */
export type DestructionAnswer = Readonly<Record<string, string | number | boolean>>;

/** What became of a key that was to be destroyed. */
export interface KekDestruction {
  /** `scheduled`: the service waits, and until then somebody may cancel it. `destroyed`: nobody can bring it back. */
  readonly state: 'scheduled' | 'destroyed';
  /** The name of the key, as the configuration gives it or fuller. */
  readonly keyUri: string;
  /** When the service destroys it, in milliseconds since the Unix epoch; missing where it does not say. */
  readonly dueAtMs?: number | undefined;
  readonly answer: DestructionAnswer;
}

/** Whether a key is one tenant's alone, as far as the configuration tells. */
export type KekSharing = 'own' | 'shared' | 'unknown';

/** @throws TenantryError `KEY_SHARED` */
export function assertExclusive(tenantId: TenantId, sharing: KekSharing, { exclusive }: DestroyKekOptions): void {
  if (sharing === 'own' || (sharing === 'unknown' && exclusive)) return;
  throw tenantryError(
    'KEY_SHARED',
    sharing === 'shared'
      ? `a key of tenant ${tenantId} is also another tenant's: it was not destroyed`
      : `the configuration does not tell whether a key of tenant ${tenantId} is also another tenant's: it was not destroyed; say exclusiveKeys: true if you know that it is not`,
  );
}

/** An error for a key that cannot be destroyed from here, and what to do instead. */
export function indestructible(tenantId: TenantId, what: string): Error {
  return tenantryError('KEY_INDESTRUCTIBLE', `a key of tenant ${tenantId} was not destroyed: ${what}`);
}
