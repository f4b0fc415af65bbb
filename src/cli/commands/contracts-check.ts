import {
  compareBundles,
  COMPATIBILITY_MODES,
  type CompatibilityMode,
  type ContractFinding,
  type ContractVerdict,
} from '../../contract/compatibility/compare-bundles.js';
import { tenantryError } from '../../core/errors.js';
import { parseCommandLine, usageError, type Command } from '../command.js';
import { readBundle } from '../contracts/bundle-files.js';
import { EXIT_CODES } from '../exit-codes.js';

const HELP = `<old>... <new> [options]

Compares a new bundle of contracts with older ones, the oldest first: folders that
"tenantry contracts export" wrote, or their contracts.json. Tells for each contract
whether it is the same, compatible, incompatible or undecided, and for each field why.

Options:
  --mode <mode>         backward: new consumers read old events (the default);
                        forward: old consumers read new events; full: both; each
                        with -transitive: against all old bundles, not only the last
  --allow-undecided     what cannot be decided is told, and is no failure
  --json                for programs: {"mode", "compatible", "contracts": [...]}
  -h, --help            show this

${EXIT_CODES}1 also where a contract is incompatible or undecided.

Examples:
  tenantry contracts check released/contracts contracts --mode full
  tenantry contracts check v1 v2 v3 contracts --mode backward-transitive
`;

const OPTIONS = {
  mode: { type: 'string', default: 'backward' },
  'allow-undecided': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** `tenantry contracts check`: whether a new bundle goes with older ones. */
export const contractsCheck: Command = {
  words: ['contracts', 'check'],
  summary: 'compare contracts with those of older releases',
  help: HELP,
  run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    const mode = COMPATIBILITY_MODES.find((known) => known === values.mode);
    if (mode === undefined) throw usageError(`--mode must be one of ${COMPATIBILITY_MODES.join(', ')}`);
    const paths = positionals.slice(0, -1);
    const [newest = ''] = positionals.slice(-1);
    if (paths.length === 0 || newest === '') throw usageError('an old and a new bundle are needed');
    const verdicts = compareBundles(
      paths.map((path) => readBundle(path)),
      readBundle(newest),
      mode,
    );
    const failed = verdicts.filter(
      ({ verdict }) => verdict === 'incompatible' || (verdict === 'undecided' && !values['allow-undecided']),
    );
    if (values.json)
      terminal.out(`${JSON.stringify({ mode, compatible: failed.length === 0, contracts: verdicts })}\n`);
    else terminal.out(textOf(verdicts, mode));
    if (failed.length === 0) return;
    const names = failed.map(({ eventType, verdict }) => `${eventType} is ${verdict}`).join(', ');
    throw tenantryError('INCOMPATIBLE_CONTRACTS', names);
  },
};

function textOf(verdicts: readonly ContractVerdict[], mode: CompatibilityMode): string {
  const width = Math.max(0, ...verdicts.map(({ eventType }) => eventType.length));
  const lines = verdicts.flatMap(({ eventType, verdict, findings }) => [
    `${eventType.padEnd(width)}   ${verdict}`,
    ...findings.map((finding) => `  ${lineOf(finding)}`),
  ]);
  return `mode ${mode}\n\n${lines.join('\n')}\n`;
}

function lineOf({ place, reason, verdict, direction, against }: ContractFinding): string {
  const whose = direction === undefined ? '' : `${WHOSE[direction]}: `;
  return `${verdict === 'certain' ? '✗' : '?'} ${place}: ${whose}${reason} (against ${against})`;
}

const WHOSE = { backward: 'old event, new consumer', forward: 'new event, old consumer' } as const;
