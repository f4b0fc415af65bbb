import { makeBundle, withSteadyDefaults } from '../../contract/bundle/bundle.js';
import { systemClock } from '../../core/clock.js';
import { parseCommandLine, usageError, type Command } from '../command.js';
import { writeBundle } from '../contracts/bundle-files.js';
import { loadContracts, packageOf } from '../contracts/load-contracts.js';
import { EXIT_CODES } from '../exit-codes.js';

const HELP = `<module> --out <folder> [options]

Writes what others need to know of the contracts that a module exports, by
themselves or in arrays: contracts.json, with JSON Schemas, protection, owners and
examples, and asyncapi.json, an AsyncAPI 3.0 document. The module is run. It may be
TypeScript where this Node.js loads that. The same contracts give the same files.

Options:
  --out <folder>        where to write; made where it is missing
  --name <name>         what the bundle is of; default: the module's package
  --release <version>   its release; default: the version of the module's package
  --json                for programs: {"files": [...], "contracts": [...]}
  -h, --help            show this

${EXIT_CODES}
Examples:
  tenantry contracts export dist/contracts.js --out contracts
  tenantry contracts export contracts.ts --out contracts --release 2.0.0
`;

const OPTIONS = {
  out: { type: 'string' },
  name: { type: 'string' },
  release: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

/** `tenantry contracts export`: a bundle of contracts. */
export const contractsExport: Command = {
  words: ['contracts', 'export'],
  summary: 'write what others need to know of contracts',
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    const [module = '', ...more] = positionals;
    if (module === '') throw usageError('a module is missing');
    if (more.length > 0) throw usageError('only one module can be given');
    const { out = '' } = values;
    if (out === '') throw usageError('--out is missing');
    const contracts = await loadContracts(module);
    const info = infoOf(module, values);
    const first = makeBundle(contracts, info);
    // A default that is a time is another one then.
    await new Promise<void>((resolve) => systemClock.setTimer(2, resolve, { keepAlive: true }));
    const bundle = withSteadyDefaults(first, makeBundle(contracts, info));
    const files = writeBundle(out, bundle);
    const eventTypes = bundle.contracts.map(({ eventType }) => eventType);
    if (values.json) terminal.out(`${JSON.stringify({ files, contracts: eventTypes })}\n`);
    else terminal.out(`${bundle.name} ${bundle.version}: ${eventTypes.join(', ')}\n${files.join('\n')}\n`);
  },
};

function infoOf(
  module: string,
  given: { readonly name?: string | undefined; readonly release?: string | undefined },
): { readonly name: string; readonly version: string } {
  const found = packageOf(module);
  const name = given.name ?? found?.name ?? '';
  const version = given.release ?? found?.version ?? '';
  if (name === '' || version === '')
    throw usageError(`${module} is in no package with a name and a version: give --name and --release`);
  return { name, version };
}
