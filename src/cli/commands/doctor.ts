import { tenantryError } from '../../core/errors.js';
import { parseTenantId } from '../../core/tenant-id.js';
import { clusterOf, EVENT_HELP, EVENT_OPTIONS } from '../cluster.js';
import { parseCommandLine, usageError, type Command } from '../command.js';
import { diagnose } from '../doctor/diagnose.js';
import type { Finding, FindingState } from '../doctor/finding.js';
import { EXIT_CODES } from '../exit-codes.js';
import { knownTenants } from '../keys/known-tenants.js';
import { shownText } from '../output/shown-text.js';
import { paintFor, type Paint, type Tone } from '../output/style.js';

const HELP = `[options]

Looks at what the settings name, and says of each thing that is not as it must be what
to do: versions, the connection, topics of contracts and groups (partitions, replicas,
cleanup.policy, max.message.bytes), permissions, clocks, the schemas of contracts in a
registry, and the keys of tenants. It only asks and changes nothing. What could not be
looked at is said to be so. Settings of topics, the group protocol and what can be
concluded of Kafka's version need the package @platformatic/kafka beside tenantry.

Options:
  --tenant <id>         look at this tenant's keys; may be given several times; default:
                        the first 20 that the settings name
  --registry <url>      the address of a schema registry; default: "registry" of the
                        settings
${EVENT_HELP}  --json                for programs: {"errors", "warnings", "findings": [...]}
  -h, --help            show this

${EXIT_CODES}1 also where an error was found.

Examples:
  tenantry doctor
  tenantry doctor --brokers localhost:9092 --contracts dist/contracts.js --json
`;

const OPTIONS = {
  ...EVENT_OPTIONS,
  tenant: { type: 'string', multiple: true },
  registry: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

/** `tenantry doctor`: what is not as it must be, and what to do. */
export const doctor: Command = {
  words: ['doctor'],
  summary: 'look for what is wrong, and say what to do',
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    if (positionals.length > 0) throw usageError('doctor takes no arguments');
    const named = values.tenant?.map(parseTenantId);
    const cluster = await clusterOf(values);
    const contracts = await cluster.settings.contracts();
    const findings = await diagnose(cluster, contracts, named ?? knownTenants(cluster.settings));
    const count = (state: FindingState): number => findings.filter((finding) => finding.state === state).length;
    const [errors, warnings] = [count('error'), count('warning')];
    if (values.json) terminal.out(`${JSON.stringify({ errors, warnings, findings })}\n`);
    else terminal.out(doctorText(findings, paintFor(terminal)));
    if (errors > 0)
      throw tenantryError('INVALID_STATE', errors === 1 ? 'one error was found' : `${errors} errors were found`);
  },
};

const MARKS: Readonly<Record<FindingState, readonly [mark: string, tone: Tone]>> = {
  ok: ['ok', 'good'],
  warning: ['warning', 'warning'],
  error: ['error', 'bad'],
  'not-made': ['not made', 'quiet'],
};

/** Check by check; what to do stands below what is wrong. */
function doctorText(findings: readonly Finding[], paint: Paint): string {
  const checks = [...new Set(findings.map(({ check }) => check))];
  const texts = checks.map((check) => {
    const lines = findings.filter((finding) => finding.check === check).map((finding) => lineOf(finding, paint));
    return `${paint('heading', check)}\n${lines.join('')}`;
  });
  return texts.join('\n');
}

function lineOf({ subject, state, detail, todo }: Finding, paint: Paint): string {
  const [mark, tone] = MARKS[state];
  const line = `  ${paint(tone, mark.padEnd(8))}  ${shownText(subject)}: ${shownText(detail)}\n`;
  return todo === null ? line : `${line}${' '.repeat(12)}${paint('quiet', `→ ${todo}`)}\n`;
}
