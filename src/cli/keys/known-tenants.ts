import { isTenantId, type TenantId } from '../../core/tenant-id.js';
import { keyRingIds } from '../../encryption/local-keyring.js';
import { readKeyFile, readKeyVariable } from '../../encryption/key-file.js';
import type { Settings } from '../settings/settings.js';

/** The tenants that the settings name: in profiles, in a key file, in the variable with keys. None where code names them. */
export function knownTenants({ all }: Settings): readonly TenantId[] {
  const valueOf = (path: string): unknown => all.find((setting) => setting.path === path)?.value;
  const profiles = valueOf('tenants');
  const keyFile = valueOf('keyFile');
  const isRecord = typeof profiles === 'object' && profiles !== null && !Array.isArray(profiles);
  const inProfiles = isRecord && !('get' in profiles) ? Object.keys(profiles) : [];
  const ring =
    typeof keyFile === 'string'
      ? keyRingIds(readKeyFile(keyFile), `the key file ${keyFile}`)
      : all.some(({ source }) => source === 'the variable TENANTRY_KEYS')
        ? keyRingIds(readKeyVariable(), 'the variable TENANTRY_KEYS')
        : new Map<TenantId, string[]>();
  return [...new Set([...inProfiles.filter(isTenantId), ...ring.keys()])].sort();
}
