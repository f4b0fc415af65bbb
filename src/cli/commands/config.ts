import { CONNECTION_HELP, EVENT_OPTIONS } from '../cluster.js';
import { parseCommandLine, usageError, type Command } from '../command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { paintFor } from '../output/style.js';
import { table } from '../output/table.js';
import { readSettings } from '../settings/settings.js';
import { shownSettings } from '../settings/shown-settings.js';

const HELP = `[options]

Shows the settings that commands would have here, and who says each: a file
tenantry.config.ts (.mts, .mjs, .js, .json) of this folder, over it the variables
TENANTRY_*, over them options. Secrets are not shown. Wrong ones are told with who
says them. It connects to nothing.

Options:
  --contracts <path>    a module that exports event contracts; may be given several
                        times
  --key-file <path>     a key file
  --registry <url>      the address of a schema registry
${CONNECTION_HELP}  --json                for programs: {"settings": [...]}
  -h, --help            show this

${EXIT_CODES}
Examples:
  tenantry config
  TENANTRY_BROKERS=localhost:9092 tenantry config --json
`;

const OPTIONS = {
  ...EVENT_OPTIONS,
  registry: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

/** `tenantry config`: what the settings are, and who says so. */
export const config: Command = {
  words: ['config'],
  summary: 'show the settings, and who says each',
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    if (positionals.length > 0) throw usageError('config takes no arguments');
    const settings = await readSettings(values);
    const shown = shownSettings(settings.all);
    if (values.json) {
      // Wrong settings are an error, which comes on stderr.
      terminal.out(`${JSON.stringify({ settings: shown })}\n`);
    } else if (shown.length === 0) {
      terminal.out('nothing is set\n');
    } else {
      const columns = [
        { name: 'SETTING', cell: (row: (typeof shown)[number]) => row.setting },
        { name: 'VALUE', cell: (row: (typeof shown)[number]) => row.value },
        { name: 'SOURCE', cell: (row: (typeof shown)[number]) => row.source },
      ];
      terminal.out(table(columns, shown, paintFor(terminal)));
    }
    settings.client();
  },
};
