import { isTenantId } from '../../core/tenant-id.js';
import { fingerprintOf, NOBODY } from '../../consumer/ledger/record-owner.js';
import { usageError } from '../command.js';
import { readTextFile } from '../input-files.js';

/** Which of the tenants that the user names may be behind a fingerprint. */
export type TenantsOf = (fingerprint: number) => readonly string[];

/** What is shown for records whose keys name no tenant. */
const NO_TENANT = '(no tenant)';

/** @param file - one tenant id a line */
export function tenantNames(ids: readonly string[], file: string | undefined): TenantsOf {
  const names = new Map<number, string[]>([[fingerprintOf(NOBODY), [NO_TENANT]]]);
  for (const id of new Set([...checked(ids, '--tenant'), ...linesOf(file)])) {
    const fingerprint = fingerprintOf(id);
    const sharing = names.get(fingerprint);
    if (sharing === undefined) names.set(fingerprint, [id]);
    else sharing.push(id);
  }
  return (fingerprint) => names.get(fingerprint) ?? [];
}

/** A fingerprint as eight hexadecimal digits. */
export function shownFingerprint(fingerprint: number): string {
  return fingerprint.toString(16).padStart(8, '0');
}

function linesOf(file: string | undefined): readonly string[] {
  if (file === undefined) return [];
  const lines = readTextFile(file, '--tenants-from')
    .split('\n')
    .map((line) => line.trim());
  return checked(
    lines.filter((line) => line !== ''),
    `--tenants-from ${file}`,
  );
}

function checked(ids: readonly string[], where: string): readonly string[] {
  const wrong = ids.findIndex((id) => !isTenantId(id));
  if (wrong !== -1) throw usageError(`${where}: number ${wrong + 1} is not a tenant id`);
  return ids;
}
