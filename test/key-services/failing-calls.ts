import { inspect } from 'node:util';
import { parseTenantId } from '../../src/core/tenant-id.js';
import { secretWatch } from '../support/secrets/secret-watch.js';
import type { DestroyKekOptions, KekDestruction } from '../../src/encryption/key-destruction.js';
import { KeyServiceFailure, type GeneratedDataKey, type KeyService } from '../../src/encryption/key-service.js';

export const acme = parseTenantId('acme');
export const globex = parseTenantId('globex');

const never = new AbortController().signal;

/** Makes a data key under the tenant's current key. */
export async function generate(service: KeyService, tenantId = acme): Promise<GeneratedDataKey> {
  const made = await service.generateDataKey(tenantId, service.kekIds(tenantId)[0]!, never);
  secretWatch.secret('a data key', made.plaintext);
  return made;
}

/** Unwraps with the tenant's current key. */
export async function unwrap(service: KeyService, blob: Uint8Array, tenantId = acme): Promise<Uint8Array> {
  const dataKey = await service.unwrapDataKey(tenantId, service.kekIds(tenantId)[0]!, Buffer.from(blob), never);
  secretWatch.secret('a data key', dataKey);
  return dataKey;
}

/** Destroys the tenant's current key. */
export async function destroy(
  service: KeyService,
  options: Partial<DestroyKekOptions> = {},
  tenantId = acme,
): Promise<KekDestruction> {
  if (service.destroyKek === undefined) throw new Error('it cannot destroy keys');
  return service.destroyKek(tenantId, service.kekIds(tenantId)[0]!, { exclusive: false, ...options }, never);
}

/** The kind and the reason of the failure that a call ends with; all of it, so that a test can look for what leaked. */
export async function failure(call: Promise<unknown>): Promise<{ kind: string; reason: string; whole: string }> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof KeyServiceFailure)) throw new Error(`not a KeyServiceFailure: ${inspect(error)}`);
  return { kind: error.kind, reason: error.message, whole: inspect(error, { showHidden: true, depth: 5 }) };
}
