import { closeSync, fsyncSync, openSync, rmSync, writeFileSync } from 'node:fs';
import type { EraseTenantOptions } from '../../erasure/erase-options.js';
import type { ErasureResult } from '../../erasure/erase-tenant.js';
import type { ClientOptions } from '../../client/client-options.js';
import { TenantKafka } from '../../client/tenant-kafka.js';
import { settingsOf } from '../../encryption/encryption-options.js';
import { isLocalKeyring } from '../../encryption/local-keyring.js';
import { describeForeignError, tenantryError } from '../../core/errors.js';
import type { TenantId } from '../../core/tenant-id.js';
import { EVENT_HELP, EVENT_OPTIONS } from '../cluster.js';
import { nobodyToAsk, parseCommandLine, parseOneTenant, usageError, type Command, type Terminal } from '../command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { readTextFile } from '../input-files.js';
import { paintFor } from '../output/style.js';
import { table, type Column } from '../output/table.js';
import { readSettings } from '../settings/settings.js';

const HELP = `<tenant> --signing-key <path> --requested-by <text> --out <path>

Erases a tenant for good, as kafka.admin.eraseTenant() does: destroys all of its keys at
their key services, so that nothing which was sealed under them opens again, and writes
a signed certificate. The ids of these keys must be entered as erased before, here and
in every process. Where a key service waits before it destroys, the certificate says
"scheduled": run it again once the time is over, with --earlier.

On a terminal it asks for the tenant's id once more. Elsewhere it needs
--yes --confirm <tenant>.

Options:
  --signing-key <path>  the Ed25519 private key in PEM that signs the certificate
  --requested-by <text> who asks for it and on what ground; stands in the certificate
  --out <path>          where the certificate goes: a file that is not there yet
  --group <name>        a worker group, without _shared., whose dead letters may hold
                        events of the tenant; may be given several times; default:
                        "groups" of the settings
  --tenant-group <name> the same for a group of the tenant's own
  --earlier <path>      the certificate that was issued before
  --exclusive-keys      you know that no other tenant has one of these keys
  --key-not-asked <id>  a key that is entered as erased and not configured any more;
                        may be given several times
  --yes                 do not ask
  --confirm <tenant>    with --yes: the tenant's id once more
${EVENT_HELP}  --json                for programs: {"tenant", "state", "certificate", "keys"}
  -h, --help            show this

${EXIT_CODES}Where only some of the keys were destroyed, 1 comes with their names; those stay so,
there is no certificate, and running it again goes on with the others. The same where
the certificate could not be written.

Example:
  tenantry keys erase acme --signing-key issuer.key --out acme.json \\
    --requested-by "ticket 4711, end of contract"
`;

const OPTIONS = {
  ...EVENT_OPTIONS,
  'signing-key': { type: 'string' },
  'requested-by': { type: 'string' },
  out: { type: 'string' },
  group: { type: 'string', multiple: true },
  'tenant-group': { type: 'string', multiple: true },
  earlier: { type: 'string' },
  'exclusive-keys': { type: 'boolean', default: false },
  'key-not-asked': { type: 'string', multiple: true },
  yes: { type: 'boolean', default: false },
  confirm: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

type Key = ErasureResult['keys'][number];

const COLUMNS: readonly Column<Key>[] = [
  { name: 'KEY', cell: ({ kekId }) => kekId },
  { name: 'ROLE', cell: ({ role }) => role },
  { name: 'STATE', cell: ({ state }) => state, tone: ({ state }) => (state === 'failed' ? 'bad' : undefined) },
  {
    name: 'NAME OR ERROR',
    cell: (key) => (key.state === 'failed' ? `${key.error.code}: ${key.error.message}` : key.keyUri),
  },
];

/** `tenantry keys erase`: destroys a tenant's keys and certifies it. */
export const keysErase: Command = {
  words: ['keys', 'erase'],
  summary: "destroy a tenant's keys for good and certify it",
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    const tenantId = parseOneTenant(positionals);
    const given = (name: 'signing-key' | 'requested-by' | 'out'): string => {
      const value = values[name] ?? '';
      if (value === '') throw usageError(`--${name} is missing`);
      return value;
    };
    const out = given('out');
    const signingKey = readTextFile(given('signing-key'), '--signing-key');
    const requestedBy = given('requested-by');
    const confirmed = confirmation(values, tenantId, terminal);
    const settings = await readSettings(values);
    const options: EraseTenantOptions = {
      contracts: await settings.contracts(),
      groups: values.group ?? [...settings.groups],
      tenantGroups: values['tenant-group'] ?? [],
      requestedBy,
      signingKey,
      exclusiveKeys: values['exclusive-keys'],
      keysNotAsked: values['key-not-asked'] ?? [],
      ...(values.earlier !== undefined && { earlierCertificate: readTextFile(values.earlier, '--earlier') }),
    };
    if (options.contracts.length === 0)
      throw usageError('the settings have no contracts: whose topics held its events?');
    const clientOptions = settings.clientOptions();
    assertDestructible(clientOptions);
    const kafka = new TenantKafka(clientOptions);
    try {
      if (!(await confirmed())) throw tenantryError('ABORTED', 'it was not confirmed; nothing was destroyed');
      const result = await withNewFile(out, () => kafka.admin.eraseTenant(tenantId, options));
      const { state, keys } = result;
      if (values.json) {
        const certificate = state === 'incomplete' ? null : out;
        terminal.out(`${JSON.stringify({ tenant: tenantId, state, certificate, keys: keys.map(keyJson) })}\n`);
      } else {
        terminal.out(table(COLUMNS, keys, paintFor(terminal)));
      }
      if (state === 'incomplete') throw firstError(keys);
      terminal.note(`${tenantId} is ${state}; the certificate is ${out}\n`);
    } finally {
      await kafka.stop();
    }
  },
};

/** Said before anything is entered as erased: there would be nothing to certify. */
function assertDestructible({ encryption }: ClientOptions): void {
  if (encryption === undefined || !isLocalKeyring(settingsOf(encryption).kms)) return;
  throw tenantryError(
    'KEY_INDESTRUCTIBLE',
    'a local keyring cannot destroy its keys, so there is no certificate for one; nothing was destroyed: enter the ids of the keys as erased in every process, then remove the keys from the key file or variable and from every copy of it',
  );
}

/** @returns what asks, once everything else is known to be right */
function confirmation(
  { yes, confirm }: { readonly yes: boolean; readonly confirm?: string | undefined },
  tenantId: TenantId,
  { ask }: Terminal,
): () => Promise<boolean> {
  if (yes) {
    if (confirm !== tenantId) throw usageError(`--yes needs --confirm with the tenant's id once more`);
    return () => Promise.resolve(true);
  }
  if (ask === undefined) throw nobodyToAsk('--yes --confirm <tenant> does not ask');
  return async () => (await ask(`This cannot be undone. Type the tenant's id to destroy its keys:`)) === tenantId;
}

/** The file is made first: keys that are destroyed without a certificate would be found out about too late. */
async function withNewFile(path: string, erase: () => Promise<ErasureResult>): Promise<ErasureResult> {
  let file: number;
  try {
    file = openSync(path, 'wx');
  } catch (error) {
    throw usageError(`--out: ${path} cannot be made (${describeForeignError(error)}); nothing was destroyed`);
  }
  let isWritten = false;
  try {
    const result = await erase();
    if (result.state !== 'incomplete') {
      writeCertificate(file, path, result);
      isWritten = true;
    }
    return result;
  } finally {
    closeSync(file);
    if (!isWritten) rmSync(path);
  }
}

/** All of it or an error: a part of a certificate is none. */
function writeCertificate(
  file: number,
  path: string,
  { state, certificate }: Exclude<ErasureResult, { state: 'incomplete' }>,
): void {
  try {
    writeFileSync(file, `${JSON.stringify(certificate, undefined, 2)}\n`);
    fsyncSync(file);
  } catch (error) {
    throw tenantryError(
      'INVALID_STATE',
      `the keys are ${state}, and their certificate cannot be written to ${path} (${describeForeignError(error)}): run this again, which destroys nothing more and issues another`,
    );
  }
}

function keyJson(key: Key): object {
  const { kekId, role, state } = key;
  if (key.state === 'failed') return { kekId, role, state, code: key.error.code, message: key.error.message };
  const { keyUri, dueAtMs } = key;
  return { kekId, role, state, keyUri, ...(dueAtMs !== undefined && { dueAt: new Date(dueAtMs).toISOString() }) };
}

function firstError(keys: readonly Key[]): Error {
  const failed = keys.find((key) => key.state === 'failed');
  return failed?.error ?? tenantryError('INVALID_STATE', 'the erasure is incomplete');
}
