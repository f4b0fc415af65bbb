import type { Clock } from '../core/clock.js';
import { isTenantryError, tenantryError } from '../core/errors.js';
import { parseTenantId, type TenantId } from '../core/tenant-id.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { Eventual } from './eventual.js';

/** The tenants whose data keys are made at start, or a function that names them then. */
export type WarmUpTenants = readonly string[] | (() => Iterable<string> | Promise<Iterable<string>>);

/** What is done at start. */
export interface WarmUp {
  readonly tenants: WarmUpTenants;
  /** `fail`: the start fails where a key service does not serve. `degrade`: it is logged, and tried again on first use. */
  readonly onUnreachable: 'fail' | 'degrade';
}

/** What warming up stands on. */
export interface WarmUpParts {
  readonly clock: Clock;
  readonly telemetry: Pick<Telemetry, 'log'>;
  /** Has a tenant's data key made. */
  readonly make: (tenantId: TenantId) => Eventual<unknown>;
}

/** Fewer than there are slots for calls: consumers may start at the same time. */
const AT_ONCE = 32;
/** What is not made by then is made on first use. */
export const WARM_UP_MS = 30_000;

/**
 * Makes data keys before they are needed, many at once. That a tenant's own key is refused or gone is that tenant's
 * trouble and fails nobody's start.
 *
 * @throws TenantryError with `onUnreachable: 'fail'`: `KEY_SERVICE_AWAY`, `KEY_NOT_CONFIGURED` or `DATA_KEY_INVALID`, of
 * the first tenant that failed; `INVALID_TENANT_ID`, `NOT_RUNNING`, and what the function throws that names the tenants
 */
export async function warmUp(
  { tenants, onUnreachable }: WarmUp,
  { clock, telemetry, make }: WarmUpParts,
): Promise<void> {
  const names = typeof tenants === 'function' ? await tenants() : tenants;
  const ids = Array.from(new Set(names), parseTenantId);
  let next = 0;
  let made = 0;
  let failure: Error | undefined;
  const isOver = (): boolean => next >= ids.length || (failure !== undefined && onUnreachable === 'fail');
  const work = async (): Promise<void> => {
    while (!isOver()) {
      const tenantId = ids[next++];
      if (tenantId === undefined) return;
      try {
        await make(tenantId);
        made += 1;
      } catch (error) {
        if (isTenantryError(error, 'NOT_RUNNING')) throw error;
        if (!concernsOneTenant(error)) failure ??= error as Error;
      }
    }
  };
  const timer = clock.setTimer(
    WARM_UP_MS,
    () => {
      failure ??= tenantryError(
        'KEY_SERVICE_AWAY',
        `the key service has not made all data keys within ${WARM_UP_MS} ms`,
      );
      next = ids.length;
    },
    { keepAlive: true },
  );
  try {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, ids.length) }, work));
  } finally {
    timer.cancel();
  }
  if (failure !== undefined && onUnreachable === 'fail') throw failure;
  if (made < ids.length) telemetry.log('warmUpIncomplete', { tenants: ids.length, made });
}

function concernsOneTenant(error: unknown): boolean {
  return isTenantryError(error, 'KEY_REFUSED') || isTenantryError(error, 'KEY_GONE');
}
