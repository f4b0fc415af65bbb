import type { TenantId } from '../core/tenant-id.js';

/** A tenant whose key does not serve now, and why. */
export interface KeyAlarm {
  readonly tenantId: TenantId;
  /** `KEY_GONE` is the one that does not mend itself: the key is destroyed, or its name is wrong. */
  readonly code: 'KEY_GONE' | 'KEY_REFUSED' | 'KEY_SERVICE_AWAY';
}
