import { tenantryError } from '../../core/errors.js';
import type { GroupOffsets } from '../../transport/port.js';
import { nobodyToAsk, parseCommandLine, usageError, type Command, type Terminal } from '../command.js';
import { exportedPosition, readExport } from '../cursors/export-file.js';
import { CONNECTION_HELP, CONNECTION_OPTIONS, REQUEST_TIMEOUT_MS } from '../cluster.js';
import { withGroupOffsets } from '../cursors/group-connection.js';
import { parseGroupAndTopics } from '../cursors/group-and-topics.js';
import { readStates, type PartitionState, type Position } from '../cursors/partition-state.js';
import { commitOf, isSame, planStep, type ResetStep } from '../cursors/reset-plan.js';
import { parseTarget, targetOffset } from '../cursors/reset-target.js';
import { resetJson, resetText } from '../cursors/reset-text.js';
import { EXIT_CODES } from '../exit-codes.js';

const HELP = `<group> <topic>... --to <target> | --from <path> [options]

Sets where a consumer group without members goes on, and says before what will be
handled again and what is skipped for good. Stop every member of the group first:
the broker refuses it otherwise.

Options:
  --to <target>         earliest, latest, an offset, or a time in ISO 8601 with its
                        zone (2026-11-28T09:30:00Z: the first record from then on).
                        All cursors of tenants are dropped: whatever is below the
                        target is finished, and nothing at or above it is
  --from <path>         put back what "tenantry cursors export" has printed of this
                        group, cursors included; partitions that it has nothing of
                        stay as they are
  --partition <number>  only this partition of each topic; may be given several times
  --dry-run             only say what would be done
  --yes                 do not ask
${CONNECTION_HELP}  --json                for programs: {"group", "set", "hasMembers",
                        "partitions": [...]}
  -h, --help            show this

A pause of a tenant lies in the group's control topic and outlasts this.

${EXIT_CODES}Where the brokers took only some of the partitions, 1 comes with the names of the others.

Examples:
  tenantry cursors reset _shared.order-processor orders --to 2026-11-28T09:30:00Z --dry-run
  tenantry cursors reset _shared.order-processor orders --from cursors.json
`;

const OPTIONS = {
  ...CONNECTION_OPTIONS,
  to: { type: 'string' },
  from: { type: 'string' },
  partition: { type: 'string', multiple: true },
  'dry-run': { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** Where a partition is set; undefined where it stays as it is. */
type PositionOf = (state: PartitionState, offsets: GroupOffsets) => Promise<Position | undefined>;

/** `tenantry cursors reset`: sets where a group goes on. */
export const cursorsReset: Command = {
  words: ['cursors', 'reset'],
  summary: 'set where a consumer group without members goes on',
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    const { groupId, topics } = parseGroupAndTopics(positionals);
    const positionOf = parsePositions(values, groupId, topics);
    const partitions = values.partition?.map(parsePartition);
    const isDryRun = values['dry-run'];
    const confirm = values.yes ? () => Promise.resolve(true) : terminal.confirm;
    if (!isDryRun && confirm === undefined) throw nobodyToAsk();

    const { steps, hasMembers } = await withGroupOffsets(values, groupId, async (offsets) => {
      const planned = await plan(await readStates(offsets, topics, partitions), positionOf, offsets);
      const hasMembers = await offsets.hasMembers(REQUEST_TIMEOUT_MS);
      if (hasMembers && !isDryRun) throw membersLeft(groupId);
      const text = `group ${groupId}\n\n${planned.map(resetText).join('')}`;
      if (values.json) terminal.note(text);
      else terminal.out(text);
      if (hasMembers)
        terminal.note('The group has members now: without --dry-run this would be refused. Stop them first.\n');
      const toSet = planned.filter(({ isDone }) => !isDone);
      if (!isDryRun && toSet.length > 0) await setAll(toSet, groupId, offsets, confirm);
      return { steps: planned, hasMembers };
    });
    const isSet = !isDryRun;
    if (values.json)
      terminal.out(`${JSON.stringify({ group: groupId, set: isSet, hasMembers, partitions: steps.map(resetJson) })}\n`);
    else terminal.note(isSet ? 'All of it is set.\n' : 'Nothing was changed.\n');
  },
};

function parsePositions(
  { to, from }: { readonly to?: string | undefined; readonly from?: string | undefined },
  groupId: string,
  topics: readonly string[],
): PositionOf {
  if (to !== undefined && from === undefined) {
    const target = parseTarget(to);
    return async (state, offsets) => {
      return { offset: await targetOffset(target, state, offsets), metadata: '', leaderEpoch: undefined };
    };
  }
  if (from === undefined || to !== undefined) throw usageError('either --to or --from is needed');
  const exported = readExport(from, groupId);
  const missing = topics.find((topic) => !exported.partitions.some((one) => one.topic === topic));
  if (missing !== undefined) throw usageError(`--from: ${from} holds nothing of topic ${missing}`);
  return ({ topic, partition }) => Promise.resolve(exportedPosition(exported, topic, partition));
}

function parsePartition(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw usageError('--partition takes a number');
  return Number(text);
}

async function plan(
  states: readonly PartitionState[],
  positionOf: PositionOf,
  offsets: GroupOffsets,
): Promise<readonly ResetStep[]> {
  const steps: ResetStep[] = [];
  for (const state of states) {
    const after = await positionOf(state, offsets);
    if (after !== undefined) steps.push(planStep(state, after));
  }
  return steps;
}

async function setAll(
  steps: readonly ResetStep[],
  groupId: string,
  offsets: GroupOffsets,
  confirm: Terminal['confirm'],
): Promise<void> {
  if (
    (await confirm?.(
      `Set group ${groupId} in ${steps.length === 1 ? 'one partition' : `${steps.length} partitions`}?`,
    )) !== true
  ) {
    throw tenantryError('ABORTED', 'it was not confirmed; nothing was changed');
  }
  // It was asked about what stood there then, and an answer may take its time.
  const moved = await differing(steps, ({ before }) => before, offsets);
  if (moved.length > 0) {
    throw tenantryError('INVALID_STATE', `the group has moved meanwhile in ${moved.join(', ')}; nothing was changed`);
  }
  await offsets.commit(steps.map(commitOf), REQUEST_TIMEOUT_MS);
  const unset = await differing(steps, ({ after }) => after, offsets);
  if (unset.length > 0) {
    const reason = `the brokers did not take it for ${unset.join(', ')}; the other partitions are set`;
    throw tenantryError('ADMIN_FAILED', reason, { reason });
  }
}

/** Partitions of which something else is committed than expected. */
async function differing(
  steps: readonly ResetStep[],
  expected: (step: ResetStep) => Position | undefined,
  offsets: GroupOffsets,
): Promise<readonly string[]> {
  const committed = await offsets.committed(steps, REQUEST_TIMEOUT_MS);
  const positionAt = ({ topic, partition }: ResetStep): Position | undefined => {
    const found = committed.find((one) => one.topic === topic && one.partition === partition);
    return found?.offset === undefined ? undefined : { ...found, offset: found.offset };
  };
  return steps
    .filter((step) => !isSame(positionAt(step), expected(step)))
    .map(({ topic, partition }) => `${topic}/${partition}`);
}

function membersLeft(groupId: string): Error {
  return tenantryError(
    'INVALID_STATE',
    `group ${groupId} has members; stop all of its consumers, wait until it has none, and run this again`,
  );
}
