import { tenantryError } from '../core/errors.js';
import { declaredNames } from './declared-names.js';
import { brandContract, type EventContract, type Protection } from './event-contract.js';
import { parseFieldPaths } from './field-paths.js';
import { isLogicalTopic } from './logical-topic.js';
import { isStandardSchema, type SchemaInput, type SchemaOutput, type StandardSchema } from './standard-schema.js';
import type { SurvivesJson } from './json-safe.js';

/** What `defineEvent` takes. */
export interface EventDefinition<
  Type extends string,
  Version extends number,
  Schema extends StandardSchema,
  Compacted extends boolean,
> {
  /** Dotted lower-case words: `orders.placed`. At most 200 characters. */
  readonly type: Type;
  /** A positive integer; a change that old consumers cannot read needs a new one. */
  readonly version: Version;
  /** The logical topic: `^[a-z0-9][a-z0-9-]{0,99}$`, none of dlq, retry, quarantine, not ending in -internal. */
  readonly topic: string;
  /**
   * A synchronous Standard Schema. What is written is its output: undeclared fields do not leave, defaults
   * are filled in. It must accept its own output after JSON, because consumers validate with it too.
   */
  readonly schema: Schema;
  /** Reads the aggregate id from the schema's output: the entity whose events stay in order. */
  readonly aggregateId: (data: SchemaOutput<Schema>) => string;
  /** Required, so that nobody leaves data in the clear by forgetting to choose. */
  readonly protection: Protection;
  /** Whether the topic is compacted, which allows tombstones. All contracts of a topic must agree. Default false. */
  readonly compacted?: Compacted;
  /** Reads the tenant that the data names, where they name one; publishing for another tenant is then refused. */
  readonly tenant?: (data: SchemaOutput<Schema>) => string;
}

const TYPE = /^[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9][a-z0-9_-]*)*$/;
const MAX_TYPE_LENGTH = 200;
const WHOLE_PROTECTIONS: readonly unknown[] = ['confidential', 'authentic', 'none'] satisfies Protection[];

/**
 * Defines an event contract.
 *
 * @example
 * ```ts
 * import { defineEvent } from 'tenantry/contract';
 * import { z } from 'zod';
 *
 * export const OrderPlaced = defineEvent({
 *   type: 'orders.placed',
 *   version: 1,
 *   topic: 'orders',
 *   schema: z.object({ orderId: z.string(), total: z.number() }),
 *   aggregateId: (order) => order.orderId,
 *   protection: 'confidential',
 * });
 * ```
 *
 * @throws TenantryError `INVALID_CONTRACT`
 */
export function defineEvent<
  const Type extends string,
  const Version extends number,
  Schema extends StandardSchema,
  const Compacted extends boolean = false,
>(
  definition: EventDefinition<Type, Version, Schema, Compacted> & {
    readonly schema: SurvivesJson<SchemaInput<Schema>, SchemaOutput<Schema>>;
  },
): EventContract<Type, Version, SchemaInput<Schema>, SchemaOutput<Schema>, Compacted> {
  checkDefinition(definition);
  const { type, version, topic, schema, protection, aggregateId, tenant } = definition;
  return brandContract<EventContract<Type, Version, SchemaInput<Schema>, SchemaOutput<Schema>, Compacted>>({
    type,
    version,
    eventType: `${type}.v${version}`,
    topic,
    protection: frozen(protection),
    compacted: (definition.compacted ?? false) as Compacted,
    schema,
    aggregateId,
    ...(tenant === undefined ? {} : { tenantOf: tenant }),
  });
}

// Nothing is believed of the definition: contract packages are also written in JavaScript.
function checkDefinition(definition: EventDefinition<string, number, StandardSchema, boolean> | undefined): void {
  const { type, version, topic, schema, protection, aggregateId, compacted = false, tenant } = definition ?? {};
  if (typeof type !== 'string' || type.length > MAX_TYPE_LENGTH || !TYPE.test(type)) {
    throw invalid(
      'an event contract',
      `type must be dotted lower-case words such as orders.placed, at most ${MAX_TYPE_LENGTH} characters`,
    );
  }
  const check = (holds: boolean, problem: string): void => {
    if (!holds) throw invalid(`event contract ${type}`, problem);
  };
  check(Number.isSafeInteger(version) && Number(version) >= 1, 'version must be a positive integer');
  check(
    isLogicalTopic(topic),
    'topic must match ^[a-z0-9][a-z0-9-]{0,99}$, be none of dlq, retry, quarantine, and not end in -internal',
  );
  check(isStandardSchema(schema), 'schema must implement Standard Schema, as zod, valibot and arktype do');
  check(
    WHOLE_PROTECTIONS.includes(protection) || isObject(protection),
    "protection must be 'confidential', { fields }, 'authentic' or 'none'",
  );
  if (isObject(protection) && isStandardSchema(schema)) {
    const problem = fieldsProblem(protection, schema);
    check(problem === undefined, `protection: ${problem ?? ''}`);
  }
  check(typeof aggregateId === 'function', 'aggregateId must be a function of the data');
  check(typeof compacted === 'boolean', 'compacted must be true or false');
  check(tenant === undefined || typeof tenant === 'function', 'tenant must be a function of the data');
}

function fieldsProblem(protection: object, schema: StandardSchema): string | undefined {
  const paths = parseFieldPaths(Reflect.get(protection, 'fields'));
  if (typeof paths === 'string') return paths;
  // A name that is written wrong would leave the field it means in the clear, so it must be one of the schema's.
  const declared = declaredNames(schema);
  const unknown = paths.find(({ names }) => declared.size > 0 && !names.every((name) => declared.has(name)));
  return unknown && `field ${unknown.pointer} must be one that the schema declares`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function frozen(protection: Protection): Protection {
  return typeof protection === 'string' ? protection : Object.freeze({ fields: Object.freeze([...protection.fields]) });
}

function invalid(what: string, problem: string): Error {
  return tenantryError('INVALID_CONTRACT', `${what}: ${problem}`);
}
