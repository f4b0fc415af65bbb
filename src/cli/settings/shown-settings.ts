import { relative } from 'node:path';
import { isEventContract } from '../../contract/event-contract.js';
import type { Setting } from './setting-layers.js';

/** A setting for people and programs: never a secret. */
export interface ShownSetting {
  readonly setting: string;
  readonly value: string;
  readonly source: string;
}

/** What may be shown as it stands. Of all else only that it is set: a list of what is secret is never complete. */
const SHOWN = new Set([
  'brokers',
  'clientId',
  'connection.sasl.mechanism',
  'connection.sasl.username',
  'groupProtocol',
  'maxRecordBytes',
  'connectTimeoutMs',
  'deliveryTimeoutMs',
  'groups',
]);

const SECRET = '(secret, not shown)';
const SECRETS = new Set(['connection.sasl.password', 'connection.sasl.token']);

/** Settings in the order of their names. */
export function shownSettings(settings: readonly Setting[]): readonly ShownSetting[] {
  return settings
    .map(({ path, value, source }) => ({ setting: path, value: shownValue(path, value), source }))
    .sort((a, b) => (a.setting < b.setting ? -1 : 1));
}

function shownValue(path: string, value: unknown): string {
  if (SECRETS.has(path)) return SECRET;
  if (path === 'keyFile' && typeof value === 'string') return shownPath(value);
  if (SHOWN.has(path)) return plain(value);
  if (path === 'connection.ssl' && typeof value === 'boolean') return String(value);
  if (path === 'contracts') return [value].flat().map(contractName).join(', ');
  if (path === 'registry' && typeof value === 'string') return withoutCredentials(value);
  return '(set)';
}

function plain(value: unknown): string {
  if (Array.isArray(value)) return value.map(plain).join(', ');
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '(set)';
}

function contractName(contract: unknown): string {
  if (isEventContract(contract)) return contract.eventType;
  return typeof contract === 'string' ? shownPath(contract) : '(set)';
}

/** From here, where that is shorter. */
function shownPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere === '' || fromHere.startsWith('..') ? path : fromHere;
}

function withoutCredentials(text: string): string {
  if (!URL.canParse(text)) return '(set)';
  const { protocol, host, pathname } = new URL(text);
  return `${protocol}//${host}${pathname}`;
}
