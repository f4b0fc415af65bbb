import type { RedriveOptions } from '../../api/worker.js';
import { tenantryError } from '../../core/errors.js';
import { isSharedGroupId } from '../../routing/naming.js';
import { clusterOf, CONNECTION_HELP, CONNECTION_OPTIONS, REQUEST_TIMEOUT_MS, withOffsets } from '../cluster.js';
import { nobodyToAsk, parseCommandLine, parseOneTenant, parseCount, usageError, type Command } from '../command.js';
import { parseTarget } from '../cursors/reset-target.js';
import { findDeadLetterTopics } from '../dlq/dead-letter-topics.js';
import { topicsRead, withGroupControls } from '../dlq/group-controls.js';
import { planText, toldText } from '../dlq/redrive-text.js';
import { EXIT_CODES } from '../exit-codes.js';
import { paintFor } from '../output/style.js';
import { readControls } from '../records/told-controls.js';

const HELP = `<tenant> --group <id> [options]

Has a tenant's dead letters handled again by the worker group that failed, as
worker.redrive() does: the group must run, and this only tells it. It says before how
many there are, and returns once every member has taken it up; they are handled then,
one after the other. Those that an earlier redrive was for are not among them, and one
redrive of a tenant is told at a time.

Options:
  --group <id>          the group as Kafka knows it: _shared.<group>; required
  --topic <topic>       only of events of this topic
  --code <code>         only those that failed with this error code; may be given
                        several times
  --event-type <type>   only of this type, with its version or without; may be given
                        several times
  --failed-from <time>  only those that failed then or later, in ISO 8601
  --failed-until <time> only those that failed before
  --timeout <seconds>   how long the group may take to take it up; default: 30
  --dry-run             only say how many there are
  --yes                 do not ask
${CONNECTION_HELP}  --json                for programs: {"tenant", "group", "told", "matched", "codes"}
  -h, --help            show this

${EXIT_CODES}With CONTROL_UNCONFIRMED, 1 means that the group was told, and that not all of its
partitions have taken it up in time; they will.

Examples:
  tenantry dlq redrive acme --group _shared.order-processor --dry-run
  tenantry dlq redrive acme --group _shared.order-processor --code HANDLER_FAILED --yes
`;

const OPTIONS = {
  ...CONNECTION_OPTIONS,
  group: { type: 'string' },
  topic: { type: 'string' },
  code: { type: 'string', multiple: true },
  'event-type': { type: 'string', multiple: true },
  'failed-from': { type: 'string' },
  'failed-until': { type: 'string' },
  timeout: { type: 'string', default: '30' },
  'dry-run': { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** `tenantry dlq redrive`: has dead letters handled again. */
export const dlqRedrive: Command = {
  words: ['dlq', 'redrive'],
  summary: "have a tenant's dead letters handled again",
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    const tenantId = parseOneTenant(positionals);
    const { group = '' } = values;
    if (!isSharedGroupId(group)) throw usageError('--group takes the group of a worker, _shared.<group>');
    const filter: RedriveOptions = {
      topic: values.topic,
      code: values.code,
      eventType: values['event-type'],
      failedFrom: timeOf(values['failed-from'], '--failed-from'),
      failedUntil: timeOf(values['failed-until'], '--failed-until'),
      timeoutMs: parseCount(values.timeout, '--timeout') * 1_000,
    };
    const confirm = values.yes ? () => Promise.resolve(true) : terminal.confirm;
    const isDryRun = values['dry-run'];
    if (!isDryRun && confirm === undefined) throw nobodyToAsk();
    const cluster = await clusterOf(values);
    const found = await findDeadLetterTopics(cluster, { group });
    const { report, paused } = await withOffsets(cluster, group, async (offsets) => {
      const named = found.map(({ logicalTopic }) => logicalTopic);
      const topics = await topicsRead(offsets, group, named);
      const isRunning = await offsets.hasMembers(REQUEST_TIMEOUT_MS);
      if (!isDryRun && !isRunning) throw nobodyRuns(group);
      const report = await withGroupControls(cluster, offsets, { groupId: group, topics }, async (controls) => {
        const planned = await controls.redrive(tenantId, { ...filter, dryRun: true });
        if (!values.json) terminal.out(planText(planned, paintFor(terminal)));
        if (!isRunning) terminal.note(`Group ${group} has no members now: a redrive would be refused.\n`);
        if (isDryRun || planned.matched === 0) return { ...planned, told: false };
        if ((await confirm?.(`Have ${planned.matched} dead letters of ${tenantId} handled again?`)) !== true)
          throw tenantryError('ABORTED', 'it was not confirmed; nothing was told to the group');
        return { ...(await controls.redrive(tenantId, filter)), told: true };
      });
      const { paused } = await readControls({ transport: cluster.transport, offsets, groupId: group });
      return { report, paused };
    });
    if (values.json) terminal.out(`${JSON.stringify({ tenant: tenantId, group, ...report })}\n`);
    else terminal.note(toldText(report.told, tenantId, paused));
  },
};

function timeOf(text: string | undefined, option: string): Date | undefined {
  if (text === undefined) return undefined;
  const target = parseTarget(text, option);
  if (typeof target === 'object' && 'timeMs' in target) return new Date(target.timeMs);
  throw usageError(`${option} takes a time such as 2026-11-28T09:30:00Z`);
}

function nobodyRuns(group: string): Error {
  return tenantryError(
    'INVALID_STATE',
    `group ${group} has no members: start a worker of it, which handles the dead letters, and run this again`,
  );
}
