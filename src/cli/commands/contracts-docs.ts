import { contractsPage } from '../../contract/bundle/contracts-page.js';
import { parseCommandLine, usageError, type Command } from '../command.js';
import { readBundle, writeText } from '../contracts/bundle-files.js';
import { EXIT_CODES } from '../exit-codes.js';

const HELP = `<bundle> --out <file> [options]

Makes one HTML page that people can read of a bundle: a folder that
"tenantry contracts export" wrote, or its contracts.json. The page loads nothing and
runs no script.

Options:
  --out <file>          where to write; its folder is made where it is missing
  --json                for programs: {"file"}
  -h, --help            show this

${EXIT_CODES}
Example:
  tenantry contracts docs contracts --out site/contracts.html
`;

const OPTIONS = { out: { type: 'string' }, json: { type: 'boolean', default: false } } as const;

/** `tenantry contracts docs`: a page about contracts. */
export const contractsDocs: Command = {
  words: ['contracts', 'docs'],
  summary: 'make a page about contracts that people can read',
  help: HELP,
  run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    const [bundle = '', ...more] = positionals;
    if (bundle === '') throw usageError('a bundle is missing');
    if (more.length > 0) throw usageError('only one bundle can be given');
    const { out: file = '' } = values;
    if (file === '') throw usageError('--out is missing');
    writeText(file, contractsPage(readBundle(bundle)));
    terminal.out(values.json ? `${JSON.stringify({ file })}\n` : `${file}\n`);
  },
};
