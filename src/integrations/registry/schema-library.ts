import { createRequire } from 'node:module';
import { isTenantryError } from '../../core/errors.js';
import { invalidOptions } from '../../core/invalid-options.js';
import { RegistryFailure } from '../../serde/registry/registry-http.js';
import type { SchemaText, SchemaType } from '../../serde/registry/schema-text.js';

const PACKAGE = '@kafkajs/confluent-schema-registry';
/** An address that is never asked: whatever the package wants to know is answered in here. */
const NOWHERE = 'http://registry.invalid';
const TEXT_PATH = '/schemas/ids/1';

/** A schema of the package that writes and reads. */
export interface LibrarySchema {
  toBuffer(value: object): Buffer;
  fromBuffer(bytes: Buffer, resolver?: unknown): unknown;
}

interface Request {
  url(): string;
}

interface Middleware {
  prepareRequest(next: () => Promise<Request>): Promise<Request>;
  response(next: unknown, renew: unknown, request: Request): Promise<{ data(): unknown }>;
}

interface Package {
  readonly SchemaRegistry: new (options: {
    readonly host: string;
    readonly middlewares: readonly (() => Middleware)[];
  }) => { getSchema(id: number): Promise<LibrarySchema> };
}

const require = createRequire(import.meta.url);

/** Whether Avro and Protobuf can be written and read here. */
export function requireSchemaLibrary(): void {
  try {
    require.resolve(PACKAGE);
  } catch {
    throw invalidOptions('registrySerde', [
      { path: 'contracts', message: `Avro and Protobuf need the package ${PACKAGE}: install it` },
    ]);
  }
}

/**
 * Answers a GET of the registry's API, for the schemas that a schema refers to. Rejects with a `RegistryFailure`, or
 * with a `TenantryError` where there is none.
 */
export type AskReference = (path: string) => Promise<unknown>;

/**
 * Makes of a schema's text what writes and reads under it. The package asks a registry itself, but with no time-out
 * and with options for retries that all its users in a process share; so it gets the text from here, and the schemas
 * that the text refers to from `reference`.
 *
 * @returns undefined where the text is of another type, or cannot be parsed
 */
export async function parseSchema<Schema extends LibrarySchema>(
  type: SchemaType,
  text: SchemaText,
  reference: AskReference,
): Promise<Schema | undefined> {
  if (text.schemaType !== type) return undefined;
  try {
    return (await parseWithPackage(text, reference)) as Schema;
  } catch (error) {
    if (error instanceof RegistryFailure || isTenantryError(error)) throw error;
    return undefined;
  }
}

function parseWithPackage(
  { schemaType, schema, references }: SchemaText,
  reference: AskReference,
): Promise<LibrarySchema> {
  const { SchemaRegistry } = require('@kafkajs/confluent-schema-registry') as Package;
  const answering = (): Middleware => ({
    prepareRequest: (next) => next(),
    response: async (_next, _renew, request) => {
      const path = request.url().slice(NOWHERE.length);
      const answer = path === TEXT_PATH ? { schemaType, schema, references } : await reference(path);
      return { data: () => answer };
    },
  });
  return new SchemaRegistry({ host: NOWHERE, middlewares: [answering] }).getSchema(1);
}
