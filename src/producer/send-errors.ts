import { isTenantryError, tenantryError } from '../core/errors.js';
import type { TenantId } from '../core/tenant-id.js';

/** What a queue waits for. */
export type Blocker = 'encoding' | 'metadata' | 'limit' | 'key' | 'window' | 'client';

export function rateLimited(tenantId: TenantId, waitMs: number): Error {
  const retryAfterMs = Math.max(1, Math.ceil(waitMs));
  return tenantryError(
    'RATE_LIMITED',
    `the publish rate of tenant ${tenantId} is used up; retry after ${retryAfterMs} ms`,
    { tenantId, retryAfterMs },
  );
}

export function queueFull(tenantId: TenantId, waiting: number): Error {
  return tenantryError(
    'PUBLISH_QUEUE_FULL',
    `${waiting} publishes of tenant ${tenantId} wait to be sent, and no more may`,
    { tenantId, waiting },
  );
}

/** The error of a publish that has waited too long, by what its queue waits for. */
export function waitedTooLong(blocker: Blocker, tenantId: TenantId, waiting: number, maxMs: number): Error {
  switch (blocker) {
    case 'metadata':
      return tenantryError('BROKER_UNREACHABLE', `no broker told of the topic within ${maxMs} ms`);
    case 'key':
      return tenantryError('KEY_SERVICE_AWAY', `the key service did not serve tenant ${tenantId} within ${maxMs} ms`);
    default:
      return tenantryError(
        'PUBLISH_QUEUE_FULL',
        `a publish of tenant ${tenantId} could not be handed over within ${maxMs} ms`,
        { tenantId, waiting },
      );
  }
}

const TENANT_WIDE = ['KEY_SERVICE_AWAY', 'KEY_GONE', 'KEY_NOT_CONFIGURED'] as const;

/** Whether sealing failed for a reason that holds for all events of the tenant, not for one. */
export function concernsTheKey(error: unknown): boolean {
  if (isTenantryError(error, 'KEY_REFUSED')) return error.refused === 'key';
  return TENANT_WIDE.some((code) => isTenantryError(error, code));
}
