import { randomBytes } from 'node:crypto';
import { tenantryError } from '../../core/errors.js';
import { parseTenantId, type TenantId } from '../../core/tenant-id.js';
import { KEY_BYTES } from '../../encryption/key-derivation.js';
import { keyRingIds } from '../../encryption/local-keyring.js';
import { parseCommandLine, usageError, type Command, type Terminal } from '../command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { updateKeyFile, type KeyFileContent } from '../key-file-update.js';

const HELP = `<tenant>... [options]

Makes a random 32-byte key encryption key for each tenant id and prints them as
JSON: what localKeyring takes from a key file and from the variable TENANTRY_KEYS.

Options:
  --file <path>   add the keys to this key file, which is made with access for its
                  owner only (mode 600); nothing secret is printed
  --rotate        with --file: give tenants that have a key there a new one; the
                  old one moves to "previous", where it still opens old records
  --json          for programs: without --file the JSON on one line, fit for the
                  variable; with --file {"file", "keys": {tenant: {"action", "keyId"}}}
  -h, --help      show this

Without --rotate a tenant that has a key is an error, and the file stays as it was.
Keep a copy of the keys: records under a lost key can never be opened.

${EXIT_CODES}With --file, 3 means that the file has the new keys.

Examples:
  tenantry keys generate acme globex --file keys.json
  export TENANTRY_KEYS="$(tenantry keys generate acme --json)"
`;

const OPTIONS = {
  file: { type: 'string' },
  rotate: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** `tenantry keys generate`: keys for a local keyring. */
export const keysGenerate: Command = {
  words: ['keys', 'generate'],
  summary: 'make key encryption keys for a local keyring',
  help: HELP,
  run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, OPTIONS);
    const tenants = parseTenants(positionals);
    if (values.file === '') throw usageError('--file needs a path');
    if (values.file !== undefined) generateIntoFile(values.file, tenants, values.rotate, values.json, terminal);
    else if (values.rotate) throw usageError('--rotate needs --file: it changes the keys that are there');
    else print(tenants, values.json, terminal);
  },
};

function parseTenants(names: readonly string[]): readonly TenantId[] {
  if (names.length === 0) throw usageError('a tenant id is missing');
  const tenants = names.map((name) => parseTenantId(name));
  const [twice] = tenants.filter((tenant, index) => tenants.indexOf(tenant) !== index);
  if (twice !== undefined) throw usageError(`tenant ${twice} is given twice`);
  return tenants;
}

function print(tenants: readonly TenantId[], json: boolean, terminal: Terminal): void {
  const ring = Object.fromEntries(tenants.map((tenant) => [tenant, newKey()]));
  keyRingIds(ring, 'the key ring');
  terminal.out(`${JSON.stringify(ring, undefined, json ? 0 : 2)}\n`);
  if (!json) terminal.note('These keys are secret. Keep a copy: records under a lost key can never be opened.\n');
}

function generateIntoFile(
  file: string,
  tenants: readonly TenantId[],
  rotate: boolean,
  json: boolean,
  terminal: Terminal,
): void {
  let ids = new Map<TenantId, string[]>();
  updateKeyFile(file, (content) => {
    const changed = { ...content };
    for (const tenant of tenants)
      changed[tenant] = rotate ? rotated(content, tenant, file) : added(content, tenant, file);
    ids = keyRingIds(changed, `the key file ${file}`);
    return changed;
  });
  const action = rotate ? 'rotated' : 'added';
  const keyIdOf = (tenant: TenantId): string => ids.get(tenant)?.[0] ?? '';
  if (json) {
    const keys = Object.fromEntries(tenants.map((tenant) => [tenant, { action, keyId: keyIdOf(tenant) }]));
    terminal.out(`${JSON.stringify({ file, keys })}\n`);
    return;
  }
  const width = Math.max(...tenants.map((tenant) => tenant.length));
  for (const tenant of tenants) terminal.out(`${tenant.padEnd(width)}   ${action}   key id ${keyIdOf(tenant)}\n`);
  terminal.note(`${file} holds secrets. Keep a copy: records under a lost key can never be opened.\n`);
}

function added(content: KeyFileContent, tenant: TenantId, file: string): string {
  if (!Object.hasOwn(content, tenant)) return newKey();
  throw tenantryError(
    'INVALID_STATE',
    `tenant ${tenant} has a key in ${file}: --rotate gives it a new one and keeps the old one`,
  );
}

function rotated(content: KeyFileContent, tenant: TenantId, file: string): object {
  if (!Object.hasOwn(content, tenant)) {
    throw tenantryError(
      'INVALID_STATE',
      `tenant ${tenant} has no key in ${file} to rotate: leave --rotate out to add one`,
    );
  }
  const entry = content[tenant] as string | { readonly current: string; readonly previous?: readonly string[] };
  const { current, previous = [] } = typeof entry === 'string' ? { current: entry } : entry;
  return { current: newKey(), previous: [current, ...previous] };
}

function newKey(): string {
  return randomBytes(KEY_BYTES).toString('base64');
}
