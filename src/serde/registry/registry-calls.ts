import type { RegistryAnswer, RegistryHttp } from './registry-http.js';
import { RegistryFailure } from './registry-http.js';
import type { SchemaReference, SchemaText, SchemaType } from './schema-text.js';

/** Ids are a Java int: a registry that is asked for more need not say that it knows none. */
export const MAX_SCHEMA_ID = 0x7fff_ffff;

/** A schema with the id under which it is registered. */
export interface Registered {
  readonly id: number;
  readonly text: SchemaText;
}

/** That the registry does not take a schema. */
export interface Refusal {
  readonly status: number;
  readonly errorCode: number | undefined;
  /** The registry's own words, which must not leave; they may name fields. */
  readonly words: readonly string[];
}

/** What is asked of a registry, in the API of Confluent's. Rejects with a `RegistryFailure` where no answer comes. */
export class RegistryCalls {
  readonly #http: RegistryHttp;

  constructor(http: RegistryHttp) {
    this.#http = http;
  }

  /** The schema under an id; undefined where the registry knows none. */
  async find(id: number): Promise<SchemaText | undefined> {
    const answer = await this.#http.call('GET', `/schemas/ids/${id}`);
    return answer.kind === 'none' ? undefined : schemaText(found(answer));
  }

  /** The id of a schema under a subject; undefined where it is not registered there. */
  async lookUp(subject: string, text: SchemaText): Promise<number | undefined> {
    const answer = await this.#http.call('POST', `/subjects/${encodeURIComponent(subject)}`, requestOf(text));
    // A registry that cannot parse the schema cannot have it either.
    return answer.kind === 'found' ? idIn(answer.body) : undefined;
  }

  /** The newest schema of a subject; undefined where it has none. */
  async latest(subject: string): Promise<Registered | undefined> {
    const answer = await this.#http.call('GET', `/subjects/${encodeURIComponent(subject)}/versions/latest`);
    if (answer.kind === 'none') return undefined;
    return { id: idIn(found(answer)), text: schemaText(answer.body) };
  }

  /** Whether a schema could follow the newest one of a subject; undefined where it has none to compare with. */
  async compatibility(subject: string, text: SchemaText): Promise<true | Refusal | undefined> {
    const path = `/compatibility/subjects/${encodeURIComponent(subject)}/versions/latest?verbose=true`;
    const answer = await this.#http.call('POST', path, requestOf(text));
    if (answer.kind === 'none') return undefined;
    if (answer.kind === 'refused') return refusalOf(answer);
    const { is_compatible: isCompatible, messages } = answer.body;
    if (isCompatible === true) return true;
    if (isCompatible !== false) throw new RegistryFailure('away', 'no-compatibility');
    return { status: answer.status, errorCode: undefined, words: textsIn(messages) };
  }

  /** Registers a schema, and so lets the registry check it against the subject's others. */
  async register(subject: string, text: SchemaText): Promise<number | Refusal> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    const answer = await this.#http.call('POST', path, requestOf(text));
    return answer.kind === 'refused' ? refusalOf(answer) : idIn(found(answer));
  }

  /** The answer of any GET, for references that a schema has; undefined where the registry knows none. */
  async get(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    const answer = await this.#http.call('GET', path);
    return answer.kind === 'none' ? undefined : found(answer);
  }
}

/** Confluent's API leaves the type out where it is Avro, in both directions. */
function requestOf({ schemaType, schema, references }: SchemaText): object {
  return {
    ...(schemaType !== 'AVRO' && { schemaType }),
    schema,
    ...(references.length > 0 && { references }),
  };
}

function found(answer: RegistryAnswer): Readonly<Record<string, unknown>> {
  if (answer.kind === 'found') return answer.body;
  throw new RegistryFailure('away', answer.status);
}

function refusalOf({ status, errorCode, body }: RegistryAnswer): Refusal {
  return { status, errorCode, words: textsIn([body['message']]) };
}

function textsIn(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
}

function idIn({ id }: Readonly<Record<string, unknown>>): number {
  if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id <= MAX_SCHEMA_ID) return id;
  throw new RegistryFailure('away', 'no-id');
}

function schemaText(body: Readonly<Record<string, unknown>>): SchemaText {
  const { schema, schemaType = 'AVRO', references } = body;
  if (typeof schema !== 'string' || typeof schemaType !== 'string') throw new RegistryFailure('away', 'no-schema');
  // A type that is not known here is another than any contract's, and shows as that.
  return { schemaType: schemaType as SchemaType, schema, references: referencesIn(references) };
}

function referencesIn(list: unknown): SchemaReference[] {
  if (!Array.isArray(list)) return [];
  return list.filter(
    (item): item is SchemaReference =>
      typeof item === 'object' &&
      item !== null &&
      typeof Reflect.get(item, 'name') === 'string' &&
      typeof Reflect.get(item, 'subject') === 'string' &&
      typeof Reflect.get(item, 'version') === 'number',
  );
}
