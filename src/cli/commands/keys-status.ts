import { parseTenantId } from '../../core/tenant-id.js';
import { settingsOf } from '../../encryption/encryption-options.js';
import { ErasureEntries } from '../../tenant/erasure-entries.js';
import { CONNECTION_HELP, CONNECTION_OPTIONS } from '../cluster.js';
import { parseCommandLine, usageError, type Command } from '../command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { keyStatuses, type KeyState, type KeyStatus } from '../keys/key-status.js';
import { knownTenants } from '../keys/known-tenants.js';
import { paintFor, type Tone } from '../output/style.js';
import { table, type Column } from '../output/table.js';
import { readSettings, type Settings } from '../settings/settings.js';

const HELP = `[<tenant>...] [options]

Tells for each key of each tenant how it stands, by asking its key service to make a
data key and to unwrap it again, which is forgotten then: works, refused,
being-destroyed, gone, away (no answer), unusable. A key that is entered as erased and
that the service does not know any more is erased; one that is not configured either is
not-asked. Without tenants, those of "tenants" and of the key file of the settings.

It calls the key services with the credentials of whoever runs it. Where those may not
make data keys, as it should be for who only consumes, a key that opens is refused here.

Options:
  --key-file <path>     a key file; default: "encryption" of the settings
${CONNECTION_HELP}  --json                for programs: {"keys": [...]}
  -h, --help            show this

${EXIT_CODES}
Examples:
  tenantry keys status acme globex
  tenantry keys status --key-file keys.json --json
`;

const OPTIONS = {
  ...CONNECTION_OPTIONS,
  'key-file': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

const TONES: Readonly<Record<KeyState, Tone>> = {
  works: 'good',
  refused: 'bad',
  'being-destroyed': 'bad',
  gone: 'bad',
  away: 'bad',
  unusable: 'bad',
  erased: 'quiet',
  'not-asked': 'quiet',
  'not-configured': 'warning',
};

const COLUMNS: readonly Column<KeyStatus>[] = [
  { name: 'TENANT', cell: ({ tenant }) => tenant },
  { name: 'KEY', cell: ({ keyId }) => keyId ?? '-' },
  { name: 'ROLE', cell: ({ role }) => role ?? '-' },
  { name: 'STATE', cell: stateText, tone: ({ state }) => TONES[state] },
  { name: 'NAME AT ITS SERVICE', cell: ({ keyUri }) => keyUri ?? '-' },
];

/** `tenantry keys status`: how tenants' keys stand with their services. */
export const keysStatus: Command = {
  words: ['keys', 'status'],
  summary: "tell how tenants' keys stand with their key services",
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    const named = positionals.map(parseTenantId);
    const settings = await readSettings(values);
    const tenants = named.length > 0 ? named : knownTenants(settings);
    if (tenants.length === 0) throw usageError('a tenant is missing, and the settings name none');
    const { service, erasure } = keysOf(settings);
    const keys: KeyStatus[] = [];
    for (const tenant of tenants) keys.push(...(await keyStatuses(service, erasure, tenant)));
    if (values.json) terminal.out(`${JSON.stringify({ keys })}\n`);
    else terminal.out(table(COLUMNS, keys, paintFor(terminal)));
  },
};

/** Where the keys are, and which are entered as erased. */
function keysOf(settings: Settings): {
  readonly service: ReturnType<typeof settingsOf>['kms'];
  readonly erasure: ErasureEntries;
} {
  const { encryption, directory } = settings.clientWithoutBrokers();
  if (encryption === undefined) {
    throw usageError('the settings have no "encryption" and no key file: give --key-file, or a tenantry.config file');
  }
  const { kms, erasedKeks } = settingsOf(encryption);
  return { service: kms, erasure: new ErasureEntries(directory, erasedKeks) };
}

function stateText({ state, enteredAsErased, reason }: KeyStatus): string {
  const isOdd = enteredAsErased && state !== 'erased' && state !== 'not-asked';
  return [reason === null ? state : `${state} (${reason})`, ...(isOdd ? ['entered as erased'] : [])].join(', ');
}
