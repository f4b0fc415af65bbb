import { systemClock } from '../../core/clock.js';
import { parseCommandLine, type Command } from '../command.js';
import { exportedForm } from '../cursors/export-file.js';
import { CONNECTION_HELP, CONNECTION_OPTIONS } from '../cluster.js';
import { withGroupOffsets } from '../cursors/group-connection.js';
import { parseGroupAndTopics } from '../cursors/group-and-topics.js';
import { readStates } from '../cursors/partition-state.js';
import { EXIT_CODES } from '../exit-codes.js';

const HELP = `<group> <topic>... [options]

Prints what a consumer group has committed in every partition of the topics as JSON:
offsets and metadata as they are, with what the metadata tells beside it. "tenantry
cursors reset --from" puts it back. It reads only; where the group runs meanwhile,
each partition is told as of its own moment.

Options:
${CONNECTION_HELP}  --json                what is printed is JSON with it or without
  -h, --help            show this

${EXIT_CODES}
Example:
  tenantry cursors export _shared.order-processor orders > cursors.json
`;

/** `tenantry cursors export`: where a group stands, to be put back. */
export const cursorsExport: Command = {
  words: ['cursors', 'export'],
  summary: 'print what a consumer group has committed, to be put back',
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, {
      ...CONNECTION_OPTIONS,
      json: { type: 'boolean', default: false },
    });
    const { groupId, topics } = parseGroupAndTopics(positionals);
    const states = await withGroupOffsets(values, groupId, (offsets) => readStates(offsets, topics));
    terminal.out(`${JSON.stringify(exportedForm(groupId, systemClock.nowMs(), states), undefined, 2)}\n`);
  },
};
