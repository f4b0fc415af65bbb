import type { Paint } from '../output/style.js';
import { table, type Column } from '../output/table.js';
import type { GroupLag, PartitionLagReport, TenantLagRow } from './group-lag.js';

interface Row {
  readonly partition: PartitionLagReport;
  readonly tenant: TenantLagRow;
}

const COLUMNS: readonly Column<Row>[] = [
  { name: 'PARTITION', cell: ({ partition: { topic, partition } }) => `${topic}/${partition}` },
  { name: 'TENANT', cell: ({ tenant }) => tenant.tenant },
  {
    name: 'RECORDS',
    cell: ({ tenant, partition }) => (partition.atLeast ? `${tenant.records}+` : tenant.records),
  },
  { name: 'SECONDS', cell: ({ tenant }) => tenant.seconds ?? '-' },
  {
    name: 'STATE',
    cell: ({ tenant }) => [tenant.parked ? 'parked' : 'live', ...pauseText(tenant)].join(', '),
    tone: ({ tenant }) => (tenant.parked || tenant.paused !== false ? 'warning' : undefined),
  },
];

function pauseText({ paused }: TenantLagRow): readonly string[] {
  if (paused === null) return ['paused or not: not known'];
  return paused ? ['paused'] : [];
}

function uncommittedText(places: readonly string[], partitions: number): string {
  if (places.length === 0) return '';
  if (places.length < partitions) return `nothing committed, all counted: ${places.join(', ')}\n`;
  return 'the group has committed nothing, all counted: look whether the name is right, and whether it ever ran\n';
}

/** How far behind a group is, for people. */
export function lagText({ group, partitions }: GroupLag, tenants: readonly string[] | undefined, paint: Paint): string {
  const rows = partitions
    .flatMap((partition) => partition.tenants.map((tenant) => ({ partition, tenant })))
    .sort((a, b) => (b.tenant.seconds ?? -1) - (a.tenant.seconds ?? -1));
  const placesOf = (wanted: (partition: PartitionLagReport) => boolean): readonly string[] =>
    partitions.filter(wanted).map(({ topic, partition }) => `${topic}/${partition}`);
  const caughtUp = placesOf(({ tenants: rowsOf, atLeast }) => rowsOf.length === 0 && !atLeast).length;
  const unknown = placesOf(({ watermark }) => watermark === null);
  const notRead = placesOf(({ atLeast }) => atLeast);
  const whose = tenants === undefined ? '' : ` of ${tenants.join(', ')}`;
  return [
    `group ${group}\n\n`,
    rows.length === 0 ? '' : table(COLUMNS, rows, paint),
    caughtUp === 0 ? '' : `${caughtUp} of ${partitions.length} partitions without lag${whose}\n`,
    notRead.length === 0 ? '' : `not read to the end, whoever is not named may lag too: ${notRead.join(', ')}\n`,
    uncommittedText(unknown, partitions.length),
  ].join('');
}
