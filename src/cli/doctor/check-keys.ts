import type { TenantId } from '../../core/tenant-id.js';
import { settingsOf } from '../../encryption/encryption-options.js';
import { ErasureEntries } from '../../tenant/erasure-entries.js';
import type { AnyEventContract } from '../../contract/event-contract.js';
import type { Cluster } from '../cluster.js';
import { keyStatuses, type KeyStatus } from '../keys/key-status.js';
import { errorText, findingsOf, type Finding, type FindingState } from './finding.js';

const finding = findingsOf('keys');
const MAX_TENANTS = 20;

const STATES: Readonly<Record<KeyStatus['state'], readonly [FindingState, string?]>> = {
  works: ['ok'],
  erased: ['ok'],
  'not-asked': ['ok'],
  refused: ['error', 'give whoever runs this the right to use the key, or enable it'],
  'being-destroyed': ['error', 'cancel its destruction at the key service, or enter it as erased'],
  gone: ['error', 'look whether its name is right; if it was destroyed on purpose, enter it as erased'],
  away: ['error', 'look whether the key service runs, and whether it can be reached from here'],
  unusable: ['error', 'the service answers with something else than data keys: look at its driver'],
  'not-configured': ['warning', 'give the tenant a key, for instance with tenantry keys generate'],
};

/** Whether the keys of tenants serve. */
export async function checkKeys(
  { client }: Pick<Cluster, 'client'>,
  contracts: readonly AnyEventContract[],
  tenants: readonly TenantId[],
): Promise<readonly Finding[]> {
  const { encryption, directory } = client;
  const guarded = contracts.find(({ protection }) => protection !== 'none');
  if (encryption === undefined) {
    if (guarded === undefined)
      return [finding('not-made', 'keys', 'the settings have no keys, and no contract needs any')];
    return [
      finding(
        'warning',
        'keys',
        `${guarded.eventType} is protected, and the settings have no keys`,
        'give "encryption" or a key file',
      ),
    ];
  }
  if (tenants.length === 0)
    return [finding('not-made', 'keys', 'the settings name no tenants', 'name some with --tenant')];
  const { kms, erasedKeks } = settingsOf(encryption);
  const erasure = new ErasureEntries(directory, erasedKeks);
  const findings: Finding[] = [];
  for (const tenant of tenants.slice(0, MAX_TENANTS)) {
    try {
      for (const status of await keyStatuses(kms, erasure, tenant)) findings.push(keyFinding(status, guarded));
    } catch (error) {
      findings.push(finding('error', tenant, errorText(error)));
    }
  }
  if (tenants.length > MAX_TENANTS) {
    const detail = `${tenants.length - MAX_TENANTS} more tenants were not asked about`;
    findings.push(finding('not-made', 'keys', detail, 'ask with tenantry keys status, or name some with --tenant'));
  }
  return findings;
}

function keyFinding({ tenant, keyId, state, reason, role }: KeyStatus, guarded: AnyEventContract | undefined): Finding {
  const [found, todo] = STATES[state];
  if (state === 'not-configured' && guarded !== undefined)
    return finding('error', tenant, `${state}, and ${guarded.eventType} is protected`, todo);
  const what = keyId === null ? state : `${role ?? 'former'} key ${keyId} ${state}`;
  return finding(found, tenant, reason === null ? what : `${what} (${reason})`, todo);
}
