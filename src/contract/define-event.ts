import { tenantryError } from '../core/errors.js';
import { declaredNames } from './declared-names.js';
import { mayHold } from './declared-path.js';
import { declaredShape } from './declared-shape.js';
import { brandContract, isEventContract, type EventContract, type Protection } from './event-contract.js';
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
  OlderOut = unknown,
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
  /**
   * Lets handlers of this version get events of an older version of the type too, which is on the same topic. Those
   * are validated as what they are, upcast, and validated as this version. Older upcasts come first.
   */
  readonly upcast?: UpcastDefinition<Type, Version, Schema, OlderOut>;
  /** Who answers for the contract, such as a team. Bundles tell it. */
  readonly owner?: string;
  /** What the event means. Bundles tell it. */
  readonly description?: string;
  /** Data that might be published: made up, because bundles show them to everybody. */
  readonly examples?: readonly SchemaInput<Schema>[];
}

/** The upcast in what `defineEvent` takes. */
export interface UpcastDefinition<
  Type extends string,
  Version extends number,
  Schema extends StandardSchema,
  OlderOut = unknown,
> {
  /** An older version of the type. */
  readonly from: EventContract<NoInfer<Type>, VersionsBelow<Version>, unknown, OlderOut>;
  /** Makes this version's input of the older version's output. It must not throw, and always return the same. */
  readonly with: (data: NoInfer<OlderOut>) => SchemaInput<Schema>;
}

type Digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
/** Counted up to 99; of larger versions the compiler does not know which is the older one. */
type VersionsBelow<Version extends number> = `${Version}` extends `${Digit}` | `${Digit}${Digit}`
  ? CountTo<Version>
  : number;
type CountTo<
  End extends number,
  Counted extends readonly unknown[] = [],
  Found extends number = never,
> = Counted['length'] extends End ? Found : CountTo<End, [...Counted, unknown], Found | Counted['length']>;

const TYPE = /^[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9][a-z0-9_-]*)*$/;
const MAX_TYPE_LENGTH = 200;
const FIELDS: ReadonlySet<string> = new Set<keyof EventDefinition<string, number, StandardSchema, boolean>>([
  'type',
  'version',
  'topic',
  'schema',
  'aggregateId',
  'protection',
  'compacted',
  'tenant',
  'upcast',
  'owner',
  'description',
  'examples',
]);
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
 * @throws TenantryError `INVALID_CONTRACT`, which names every wrong field
 */
export function defineEvent<
  const Type extends string,
  const Version extends number,
  Schema extends StandardSchema,
  const Compacted extends boolean = false,
  OlderOut = unknown,
>(
  definition: EventDefinition<Type, Version, Schema, Compacted, OlderOut> & {
    readonly schema: SurvivesJson<SchemaInput<Schema>, SchemaOutput<Schema>>;
  },
): EventContract<Type, Version, SchemaInput<Schema>, SchemaOutput<Schema>, Compacted> {
  checkDefinition(definition);
  const { type, version, topic, schema, protection, aggregateId, tenant, upcast } = definition;
  const { owner, description, examples } = definition;
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
    ...(upcast === undefined
      ? {}
      : { upcast: Object.freeze({ from: upcast.from, with: upcast.with as () => unknown }) }),
    ...(owner === undefined ? {} : { owner }),
    ...(description === undefined ? {} : { description }),
    ...(examples === undefined ? {} : { examples: Object.freeze([...examples]) }),
  });
}

type Unchecked = { readonly [Field in keyof EventDefinition<string, number, StandardSchema, boolean>]?: unknown };

// Nothing is believed of the definition: contract packages are also written in JavaScript.
function checkDefinition(definition: Unchecked | undefined): void {
  const problems = problemsOf(definition ?? {});
  if (problems.length === 0) return;
  const { type } = definition ?? {};
  throw tenantryError(
    'INVALID_CONTRACT',
    `${isType(type) ? `event contract ${type}` : 'an event contract'}: ${problems.join('; ')}`,
  );
}

function problemsOf(definition: Unchecked): readonly string[] {
  const { type, version, topic, schema, protection, aggregateId, compacted = false, tenant, upcast } = definition;
  const { owner, description, examples } = definition;
  const problems: string[] = [];
  const check = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  check(
    isType(type),
    `type must be dotted lower-case words such as orders.placed, at most ${MAX_TYPE_LENGTH} characters`,
  );
  // One that is written wrong would take its check or its protection away without a word.
  for (const stray of Object.keys(definition).filter((name) => !FIELDS.has(name)))
    problems.push(`${stray} is not a field of a definition; those are ${[...FIELDS].join(', ')}`);
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
  check(owner === undefined || isText(owner), 'owner must be text');
  check(description === undefined || isText(description), 'description must be text');
  check(examples === undefined || Array.isArray(examples), 'examples must be a list of data');
  const problem = upcast === undefined ? undefined : upcastProblem(upcast, { type, version, topic, compacted });
  check(problem === undefined, `upcast: ${problem ?? ''}`);
  return problems;
}

function isType(type: unknown): type is string {
  return typeof type === 'string' && type.length <= MAX_TYPE_LENGTH && TYPE.test(type);
}

function upcastProblem(
  upcast: unknown,
  newer: { readonly type: unknown; readonly version: unknown; readonly topic: unknown; readonly compacted: unknown },
): string | undefined {
  if (!isObject(upcast) || typeof Reflect.get(upcast, 'with') !== 'function')
    return 'with must be a function of the data';
  const from: unknown = Reflect.get(upcast, 'from');
  if (!isEventContract(from)) return 'from must be a contract that defineEvent made';
  const { type, version, topic, compacted } = from;
  if (type !== newer.type || version >= Number(newer.version)) return 'from must be an older version of the same type';
  // On two topics, the events of an aggregate would have no order.
  return topic === newer.topic && compacted === newer.compacted
    ? undefined
    : 'from must have the same topic, and be compacted or not like this version';
}

function fieldsProblem(protection: object, schema: StandardSchema): string | undefined {
  const paths = parseFieldPaths(Reflect.get(protection, 'fields'));
  if (typeof paths === 'string') return paths;
  // A name that is written wrong would leave the field it means in the clear, so it must be one of the schema's.
  const declared = declaredNames(schema);
  const unknown = paths.find(({ names }) => declared.size > 0 && !names.every((name) => declared.has(name)));
  if (unknown !== undefined) return `field ${unknown.pointer} must be one that the schema declares`;
  const shape = declaredShape(schema, 'output');
  const misplaced = paths.find(({ names }) => !mayHold(shape, names));
  return misplaced && `field ${misplaced.pointer} must be where the schema declares it`;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function frozen(protection: Protection): Protection {
  return typeof protection === 'string' ? protection : Object.freeze({ fields: Object.freeze([...protection.fields]) });
}
