import type { RedriveReport } from '../../api/worker.js';
import type { TenantId } from '../../core/tenant-id.js';
import type { Paint } from '../output/style.js';
import { table, type Column } from '../output/table.js';

const COLUMNS: readonly Column<readonly [string, number]>[] = [
  { name: 'REASON', cell: ([code]) => code },
  { name: 'RECORDS', cell: ([, records]) => records },
];

/** What a redrive would take. */
export function planText({ matched, codes, isUnderWay }: RedriveReport, paint: Paint): string {
  if (matched > 0) {
    const rows = table(COLUMNS, Object.entries(codes), paint);
    return isUnderWay ? `${rows}An earlier redrive of the tenant has not ended.\n` : rows;
  }
  if (!isUnderWay) return 'There are no such dead letters.\n';
  return 'There are none beside those that an earlier redrive of the tenant is for, which has not ended.\n';
}

/** What became of it. */
export function toldText(told: boolean, tenantId: TenantId, paused: ReadonlySet<TenantId>): string {
  const what = told ? 'The group has taken it up.\n' : 'Nothing was told to the group.\n';
  return paused.has(tenantId)
    ? `${what}${tenantId} is paused: its dead letters are handled once it is resumed.\n`
    : what;
}
