import {
  createTopics,
  createTopicsSchema,
  wantedTopics,
  type CreatedTopics,
  type CreateTopicsOptions,
} from '../admin/create-topics.js';
import type { AnyEventContract } from '../contract/event-contract.js';
import { tenantryError } from '../core/errors.js';
import { checkOptions } from '../core/invalid-options.js';
import { parseTenantId } from '../core/tenant-id.js';
import type { EraseTenantOptions } from '../erasure/erase-options.js';
import type { ErasureResult } from '../erasure/erase-tenant.js';
import type { CompiledOptions } from './client-options.js';
import type { ClientParts } from './compose-parts.js';

/** What the platform does beside publishing and consuming. */
export interface Admin {
  /**
   * Creates what is missing of the contracts' topics with their quarantine topics, and of the groups'
   * dead-letter and control topics. What is there is left alone.
   *
   * @throws TenantryError `INVALID_OPTIONS`, `INVALID_CONTRACT`, `CONTRACT_CONFLICT`, `NOT_RUNNING`; then
   * `BROKER_UNREACHABLE`, `BROKER_ACCESS_DENIED`, `ADMIN_FAILED`, `DRIVER_UNAVAILABLE`, `WORKER_THREAD`
   */
  createTopics(contracts: readonly AnyEventContract[], options?: CreateTopicsOptions): Promise<CreatedTopics>;
  /**
   * Erases a tenant for good: destroys all of its keys at their key services, so that nothing that was sealed under
   * them can be opened again, and certifies it. Requires that the tenant's erasure entry (`erasedKeks`) names each of
   * these keys, here and in every other process. Key services that wait before they destroy give a certificate of state
   * `scheduled`; call again once the time is over for the one of state `destroyed`. Calling again is never wrong.
   *
   * What fails before the first key is destroyed rejects; where single keys cannot be destroyed, the result is
   * `incomplete` and says which.
   *
   * @throws TenantryError `INVALID_TENANT_ID`, `INVALID_OPTIONS`, `INVALID_CONTRACT`, `CONTRACT_CONFLICT`,
   * `NOT_RUNNING`, `TENANT_ISOLATION_VIOLATION`, `TENANT_CONTEXT_EXPIRED`, `KEY_NOT_CONFIGURED`, `ERASURE_NOT_ENTERED`,
   * `UNKNOWN_TENANT` where an entry is malformed, `KEY_SERVICE_AWAY` where the configuration does not tell which keys
   * the tenant has, `CERTIFICATE_INVALID` of the earlier certificate; then `BROKER_UNREACHABLE`, `BROKER_ACCESS_DENIED`,
   * `DRIVER_UNAVAILABLE`, `WORKER_THREAD`
   */
  eraseTenant(tenantId: string, options: EraseTenantOptions): Promise<ErasureResult>;
}

/** The admin of a client. */
export function makeAdmin(parts: ClientParts, options: CompiledOptions, assertRunning: () => void): Admin {
  return {
    createTopics: async (contracts, topicOptions = {}) => {
      assertRunning();
      const checked = checkOptions('createTopics', createTopicsSchema, topicOptions);
      const wanted = wantedTopics(contracts, checked, options.maxRecordBytes);
      const admin = parts.transport.createAdmin();
      try {
        await admin.connect();
        return await createTopics(admin, wanted);
      } finally {
        await admin.disconnect();
      }
    },
    eraseTenant: async (id, eraseOptions) => {
      assertRunning();
      const tenantId = parseTenantId(id);
      parts.ambient.assertMayActFor(tenantId);
      const { cipher, clock, transport, erasure } = parts;
      if (cipher === undefined) {
        throw tenantryError('KEY_NOT_CONFIGURED', 'this client has no option encryption, so no tenant has a key here');
      }
      // Loaded when it is needed: most processes never erase anybody.
      const [{ eraseTenant }, { eraseTenantSchema }] = await Promise.all([
        import('../erasure/erase-tenant.js'),
        import('../erasure/erase-options.js'),
      ]);
      const checked = checkOptions('eraseTenant', eraseTenantSchema, eraseOptions);
      const { clientId } = options;
      return eraseTenant({ clock, clientId, cipher, transport, entries: erasure }, tenantId, checked);
    },
  };
}
