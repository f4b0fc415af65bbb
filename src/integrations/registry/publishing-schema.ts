import { tenantryError, type Problem } from '../../core/errors.js';
import type { Refusal, Registered, RegistryCalls } from '../../serde/registry/registry-calls.js';
import { refusedPlaces } from './refused-places.js';
import type { SchemaText } from '../../serde/registry/schema-text.js';

/**
 * How a client finds the schema that it publishes under.
 *
 * - `read-only`: the contract's own, which somebody else has registered
 * - `register`: the contract's own, registered where it is not there yet
 * - `latest`: the newest of the subject, where the registry says that the contract's own is compatible with it
 */
export type RegistryMode = 'read-only' | 'register' | 'latest';

/** What a contract publishes under. */
export interface Wanted {
  readonly eventType: string;
  readonly subject: string;
  readonly own: SchemaText;
  /** Whether a registered schema says the same as the contract's own. */
  readonly isOwn: (registered: SchemaText) => Promise<boolean>;
}

/**
 * Finds the schema to publish under, as the mode says.
 *
 * @throws RegistryFailure; TenantryError `SCHEMA_NOT_REGISTERED`, `SCHEMA_REFUSED`, `SCHEMA_MISMATCH`
 */
export async function publishingSchema(calls: RegistryCalls, mode: RegistryMode, wanted: Wanted): Promise<Registered> {
  if (mode === 'latest') return latestSchema(calls, wanted);
  const id = (await calls.lookUp(wanted.subject, wanted.own)) ?? (await registered(calls, mode, wanted));
  // What an id stands for is what consumers will read it as, whatever was asked for.
  const text = await calls.find(id);
  if (text !== undefined && (await wanted.isOwn(text))) return { id, text };
  throw tenantryError(
    'SCHEMA_MISMATCH',
    `${wanted.eventType}: under id ${id}, which the registry gave for subject ${wanted.subject}, it has another schema`,
  );
}

async function registered(calls: RegistryCalls, mode: RegistryMode, wanted: Wanted): Promise<number> {
  if (mode !== 'register') throw notRegistered(wanted, 'its schema is not registered');
  // The registry checks compatibility as it registers, in one step; nothing that it refuses is kept.
  const answer = await calls.register(wanted.subject, wanted.own);
  if (typeof answer === 'number') return answer;
  throw await refused(calls, wanted, answer);
}

async function latestSchema(calls: RegistryCalls, wanted: Wanted): Promise<Registered> {
  const latest = await calls.latest(wanted.subject);
  if (latest === undefined) throw notRegistered(wanted, 'nothing is registered');
  const answer = await calls.compatibility(wanted.subject, wanted.own);
  if (answer === true) return latest;
  // It was there a moment ago; nobody vouches for it now.
  if (answer === undefined) throw notRegistered(wanted, 'nothing that could be compared with is registered');
  throw await refused(calls, wanted, answer);
}

function notRegistered({ eventType, subject }: Wanted, what: string): Error {
  return tenantryError('SCHEMA_NOT_REGISTERED', `${eventType}: ${what} under subject ${subject}`);
}

/** Names the fields as well as the registry does, in its refusal or when it is asked about compatibility. */
async function refused(calls: RegistryCalls, { eventType, subject, own }: Wanted, refusal: Refusal): Promise<Error> {
  const places = await placesOf(calls, subject, own, refusal);
  const where = places.length === 0 ? '' : `, at ${places.join(', ')}`;
  const problems = places.map((path): Problem => ({ path, message: 'is not compatible with what is registered' }));
  return tenantryError(
    'SCHEMA_REFUSED',
    `${eventType}: the registry refuses its schema under subject ${subject}: ${kindOf(refusal)}${where}`,
    { subject, problems },
  );
}

async function placesOf(
  calls: RegistryCalls,
  subject: string,
  own: SchemaText,
  { words }: Refusal,
): Promise<readonly string[]> {
  try {
    const before = await calls.latest(subject);
    const schemas = before === undefined ? [own] : [own, before.text];
    const places = refusedPlaces(words, schemas);
    if (places.length > 0) return places;
    const answer = await calls.compatibility(subject, own);
    return answer === true || answer === undefined ? [] : refusedPlaces(answer.words, schemas);
  } catch {
    return []; // that it is refused is known all the same
  }
}

function kindOf({ status, errorCode }: Refusal): string {
  if (status === 422) return `it is not valid (${errorCode ?? status})`;
  return 'it is not compatible with what is registered';
}
