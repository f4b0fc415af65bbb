import { compareExpectation, type ExpectationVerdict } from '../../contract/expectation/compare-expectation.js';
import { tenantryError } from '../../core/errors.js';
import { parseCommandLine, usageError, type Command } from '../command.js';
import { readBundle, readExpectation } from '../contracts/bundle-files.js';
import { EXIT_CODES } from '../exit-codes.js';

const HELP = `<expectation>... <bundle> [options]

Verifies that a bundle of contracts promises what its consumers expect: files that
their contract tests wrote with "consumerExpectation", and a folder that "tenantry
contracts export" wrote, or its contracts.json. Tells for each consumer and contract
whether the expectation is met, and for each field why not.

Options:
  --allow-undecided     what cannot be decided is told, and is no failure
  --json                for programs: {"met", "consumers": [{"consumer", "contracts": [...]}]}
  -h, --help            show this

${EXIT_CODES}1 also where an expectation is not met, or it is undecided.

Examples:
  tenantry contracts verify expectations/invoices.json contracts
  tenantry contracts verify expectations/*.json contracts --json
`;

const OPTIONS = {
  'allow-undecided': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** `tenantry contracts verify`: whether contracts promise what consumers expect. */
export const contractsVerify: Command = {
  words: ['contracts', 'verify'],
  summary: 'verify that contracts promise what consumers expect',
  help: HELP,
  run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    const paths = positionals.slice(0, -1);
    const [bundlePath = ''] = positionals.slice(-1);
    if (paths.length === 0 || bundlePath === '') throw usageError('an expectation and a bundle are needed');
    const bundle = readBundle(bundlePath);
    const consumers = paths.map((path) => {
      const expectation = readExpectation(path);
      return { consumer: expectation.consumer, contracts: compareExpectation(expectation, bundle) };
    });
    const failed = consumers.flatMap(({ consumer, contracts }) =>
      contracts
        .filter(({ verdict }) => verdict === 'unmet' || (verdict === 'undecided' && !values['allow-undecided']))
        .map(({ eventType, verdict }) => `${consumer}: ${eventType} is ${verdict}`),
    );
    if (values.json) terminal.out(`${JSON.stringify({ met: failed.length === 0, consumers })}\n`);
    else terminal.out(consumers.map(({ consumer, contracts }) => textOf(consumer, contracts)).join('\n'));
    if (failed.length > 0) throw tenantryError('INCOMPATIBLE_CONTRACTS', failed.join(', '));
  },
};

function textOf(consumer: string, contracts: readonly ExpectationVerdict[]): string {
  const width = Math.max(0, ...contracts.map(({ eventType }) => eventType.length));
  const lines = contracts.flatMap(({ eventType, verdict, findings }) => [
    `  ${eventType.padEnd(width)}   ${verdict}`,
    ...findings.map((one) => `    ${one.verdict === 'certain' ? '✗' : '?'} ${one.place}: ${one.reason}`),
  ]);
  return `${consumer}\n${lines.join('\n')}\n`;
}
