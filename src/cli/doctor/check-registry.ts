import type { AnyEventContract } from '../../contract/event-contract.js';
import { systemClock } from '../../core/clock.js';
import { describeForeignError, isTenantryError } from '../../core/errors.js';
import { isConfidentialUrl } from '../../encryption/confidential-url.js';
import { registeredJsonSchema } from '../../serde/registry/registered-json-schema.js';
import { RegistryCalls } from '../../serde/registry/registry-calls.js';
import { RegistryFailure, RegistryHttp, type RegistryAddress } from '../../serde/registry/registry-http.js';
import type { SchemaText } from '../../serde/registry/schema-text.js';
import { NAMED_STRATEGIES, subjectOf } from '../../serde/registry/subjects.js';
import { errorText, findingsOf, type Finding } from './finding.js';

const finding = findingsOf('registry');
const TIMEOUT_MS = 5_000;

/** Whether the registry answers, and knows the schemas of the contracts. It is only asked: nothing is registered. */
export async function checkRegistry(
  url: string | undefined,
  contracts: readonly AnyEventContract[],
): Promise<readonly Finding[]> {
  if (url === undefined) return [finding('not-made', 'registry', 'the settings name none')];
  const address = addressOf(url);
  const http = new RegistryHttp(address, systemClock);
  const { host } = http;
  if (address.auth !== undefined && !isConfidentialUrl(url)) {
    const detail = 'was not asked: its credentials would be sent over http to another machine';
    return [finding('error', host, detail, 'give its address with https')];
  }
  try {
    await http.ping();
  } catch (error) {
    const status = statusOf(error);
    if (status !== undefined) return [finding('error', host, `answers with status ${status}`, statusRemedy(status))];
    const todo = 'look whether the address is right, and whether a registry runs there';
    return [finding('error', host, `does not answer: ${reasonOf(error)}`, todo)];
  }
  const calls = new RegistryCalls(http);
  const findings = [finding('ok', host, 'answers')];
  for (const contract of contracts) {
    try {
      findings.push(await contractFinding(calls, contract));
    } catch (error) {
      findings.push(finding('not-made', contract.eventType, ...unknownBecause(error)));
    }
  }
  return findings;
}

/** Under one of the subjects that Confluent's strategies give. */
async function contractFinding(calls: RegistryCalls, contract: AnyEventContract): Promise<Finding> {
  const { eventType } = contract;
  const own: SchemaText = { schemaType: 'JSON', schema: registeredJsonSchema(contract), references: [] };
  const present: string[] = [];
  for (const strategy of NAMED_STRATEGIES) {
    const subject = subjectOf(strategy, contract, eventType);
    const latest = await calls.latest(subject);
    if (latest === undefined) continue;
    if (latest.text.schemaType !== 'JSON') {
      const detail = `${subject} has a schema of another kind than JSON, which only publishing compares`;
      return finding('not-made', eventType, detail);
    }
    if ((await calls.lookUp(subject, own)) !== undefined)
      return finding('ok', eventType, `registered under ${subject}`);
    present.push(subject);
  }
  if (present.length > 0) {
    const detail = `${present.join(', ')} has another schema than the contract`;
    const todo = 'register the schema of this version, or use the contract that is registered';
    return finding('error', eventType, detail, todo);
  }
  const todo = 'register it: registrySerde with mode "register", or the pipeline of the contracts';
  return finding('warning', eventType, 'is not registered under a subject of the usual names', todo);
}

/** The settings have the credentials in the address. */
function addressOf(url: string): RegistryAddress {
  const { username, password, origin, pathname } = new URL(url);
  const hasCredentials = username !== '' || password !== '';
  return {
    url: `${origin}${pathname}`,
    auth: hasCredentials ? { username: decoded(username), password: decoded(password) } : undefined,
    timeoutMs: TIMEOUT_MS,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function unknownBecause(error: unknown): readonly [detail: string, todo?: string] {
  const status = statusOf(error);
  if (status !== undefined) return [`the registry answers with status ${status}`, statusRemedy(status)];
  return [isTenantryError(error) ? errorText(error) : reasonOf(error)];
}

function statusOf(error: unknown): number | undefined {
  return error instanceof RegistryFailure ? error.status : undefined;
}

function reasonOf(error: unknown): string {
  return error instanceof RegistryFailure ? error.message.replace('.', ' ') : describeForeignError(error);
}

function statusRemedy(status: number): string {
  if (status === 401 || status === 403) return 'put the credentials into the address: https://user:password@host';
  return 'look whether the address has the path of the API that speaks as Confluent does';
}
