import { decodedForm, type DecodedForm } from './decoded-form.js';
import { FAULT_TEXT } from './fault-text.js';
import type { PartitionState } from './partition-state.js';
import type { TenantsOf } from './tenant-names.js';

type Line = readonly [label: string, text: string];

/** Where a group stands in one partition, for people. */
export function showText(state: PartitionState, tenantsOf: TenantsOf): string {
  const { topic, partition, range, progress } = state;
  const { lowOffset, highOffset } = range;
  const log = lowOffset === highOffset ? `empty, ${highOffset} is next` : `offsets ${lowOffset} to ${highOffset - 1}`;
  const lines: Line[] = [['log', log], ...committedLines(state)];
  if (progress !== undefined) {
    lines.push(['head', `${progress.head}, ${highOffset - progress.head} before the end of the log`]);
    lines.push(...progressLines(decodedForm(progress, tenantsOf)));
  }
  return `${topic}/${partition}\n${lines.map(([label, text]) => `  ${label.padEnd(11)}${text}\n`).join('')}`;
}

function committedLines({ committed, range, progress, fault }: PartitionState): readonly Line[] {
  if (committed === undefined) return [['watermark', 'none: the group has committed nothing here']];
  const { lowOffset, highOffset } = range;
  const { offset } = committed;
  const lines: Line[] = [['watermark', `${offset}, everything below it is finished`]];
  if (offset > highOffset) {
    lines.push(['', `beyond the end of the log, which was cut or made anew: reading begins at ${lowOffset}`]);
  } else if (offset < lowOffset) {
    lines.push(['', `offsets ${offset} to ${lowOffset - 1} have left the log; what was not finished of them is lost`]);
  }
  if (progress !== undefined) return lines;
  const why = fault === undefined ? 'none' : `ignored: ${FAULT_TEXT[fault]}`;
  return [...lines, ['metadata', `${why}; a new owner handles everything from the watermark on`]];
}

function progressLines({ cursors, taken, replays, skips, controlOffset, beganAt }: DecodedForm): readonly Line[] {
  const lines: Line[] = cursors.map(({ fingerprint, tenants = [], offset, behindHead }) => {
    const name = tenants.length === 0 ? fingerprint : `${tenants.join(' or ')} (${fingerprint})`;
    return ['parked', `${name} at ${offset}, ${behindHead} behind the head`];
  });
  const [firstRun] = taken.runs;
  if (firstRun !== undefined) {
    const runs = taken.runs.length === 1 ? 'one run' : `${taken.runs.length} runs`;
    lines.push(['taken', `${taken.records} not finished, in ${runs}, the first at ${firstRun.start}`]);
  }
  for (const { tenant, until, resume } of replays) {
    lines.push(['replay', `${tenant} up to ${until}, then on at ${resume}`]);
  }
  for (const { tenant, until } of skips) lines.push(['skip', `${tenant} up to ${until}`]);
  if (controlOffset !== null) lines.push(['control', `obeyed below offset ${controlOffset} of the control topic`]);
  if (beganAt !== null) lines.push(['began', beganAt]);
  return lines;
}
