import { usageError } from '../command.js';
import { readJsonFile } from '../input-files.js';
import { leavesOf, type Setting, type SettingLayer } from './setting-layers.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Options of the command line that are settings too. */
export interface SettingFlags {
  readonly config?: string | undefined;
  readonly brokers?: string | undefined;
  readonly connection?: string | undefined;
  readonly contracts?: readonly string[] | undefined;
  readonly 'key-file'?: string | undefined;
  readonly registry?: string | undefined;
}

interface Variable {
  readonly name: string;
  readonly path: string;
  readonly read?: (text: string) => unknown;
}

/** The variables that hold one setting each. TENANTRY_CONFIG, TENANTRY_CONNECTION and TENANTRY_KEYS come beside them. */
const VARIABLES: readonly Variable[] = [
  { name: 'TENANTRY_BROKERS', path: 'brokers', read: listOf },
  { name: 'TENANTRY_CLIENT_ID', path: 'clientId' },
  { name: 'TENANTRY_GROUP_PROTOCOL', path: 'groupProtocol' },
  { name: 'TENANTRY_SSL', path: 'connection.ssl', read: booleanOf },
  { name: 'TENANTRY_SASL_MECHANISM', path: 'connection.sasl.mechanism' },
  { name: 'TENANTRY_SASL_USERNAME', path: 'connection.sasl.username' },
  { name: 'TENANTRY_SASL_PASSWORD', path: 'connection.sasl.password' },
  { name: 'TENANTRY_CONTRACTS', path: 'contracts', read: listOf },
  { name: 'TENANTRY_GROUPS', path: 'groups', read: listOf },
  { name: 'TENANTRY_KEY_FILE', path: 'keyFile' },
  { name: 'TENANTRY_REGISTRY', path: 'registry' },
];

/** What the environment says; an empty variable says nothing. */
export function environmentLayers(environment: Environment): readonly SettingLayer[] {
  const { TENANTRY_CONNECTION: connection = '' } = environment;
  const settings = VARIABLES.flatMap(({ name, path, read = asItIs }): Setting[] => {
    const text = environment[name] ?? '';
    return text === '' ? [] : [{ path, value: read(text), source: `the variable ${name}` }];
  });
  return [
    ...(connection === '' ? [] : [connectionFile(connection, 'the variable TENANTRY_CONNECTION')]),
    { replaced: replacedBy(settings), settings },
  ];
}

/** What the command line says. */
export function flagLayers(flags: SettingFlags): readonly SettingLayer[] {
  const { brokers, connection, contracts = [], registry, 'key-file': keyFile } = flags;
  const settings: Setting[] = [];
  // Without the file nothing would be encrypted.
  if (connection === '') throw usageError('--connection needs a path');
  if (brokers !== undefined) settings.push({ path: 'brokers', value: listOf(brokers), source: '--brokers' });
  if (contracts.length > 0) settings.push({ path: 'contracts', value: contracts, source: '--contracts' });
  if (keyFile !== undefined) settings.push({ path: 'keyFile', value: keyFile, source: '--key-file' });
  if (registry !== undefined) settings.push({ path: 'registry', value: registry, source: '--registry' });
  return [
    ...(connection === undefined ? [] : [connectionFile(connection, '--connection')]),
    { replaced: replacedBy(settings), settings },
  ];
}

/** Keys come from one place: a key file stands instead of what lighter sources say of encryption. */
function replacedBy(settings: readonly Setting[]): readonly string[] {
  return settings.some(({ path }) => path === 'keyFile') ? ['encryption'] : [];
}

/** A file says all of the connection: nothing of a lighter source is mixed into it. */
function connectionFile(path: string, source: string): SettingLayer {
  const settings = leavesOf('connection', readJsonFile(path, source), `${path}, which ${source} names`);
  return { replaced: ['connection'], settings };
}

function listOf(text: string): readonly string[] {
  return text.split(',').map((item) => item.trim());
}

function booleanOf(text: string): unknown {
  return text === 'true' ? true : text === 'false' ? false : text;
}

function asItIs(text: string): string {
  return text;
}
