import { inspect } from 'node:util';
import { parseTenantId } from '../../src/core/tenant-id.js';
import { KeyServiceFailure, type GeneratedDataKey, type KeyService } from '../../src/encryption/key-service.js';

export const acme = parseTenantId('acme');
export const globex = parseTenantId('globex');

const never = new AbortController().signal;

/** Makes a data key under the tenant's current key. */
export async function generate(service: KeyService, tenantId = acme): Promise<GeneratedDataKey> {
  return service.generateDataKey(tenantId, service.kekIds(tenantId)[0]!, never);
}

/** Unwraps with the tenant's current key. */
export async function unwrap(service: KeyService, blob: Uint8Array, tenantId = acme): Promise<Uint8Array> {
  return service.unwrapDataKey(tenantId, service.kekIds(tenantId)[0]!, Buffer.from(blob), never);
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
