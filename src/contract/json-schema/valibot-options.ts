import { NO_FORM, withUnsaid } from './marks.js';
import { withPattern } from './pattern-keywords.js';
import type { JsonSchemaForm } from './standard-json-schema.js';
import type { SchemaObject } from './subschemas.js';

interface ValibotSchema {
  readonly type: string;
  readonly default?: unknown;
  readonly entries?: Readonly<Record<string, ValibotSchema>>;
}

interface ValibotAction {
  readonly kind: string;
  readonly type: string;
  readonly requirement?: unknown;
}

interface ValibotGap {
  readonly jsonSchema: SchemaObject;
  readonly errors: readonly string[] | undefined;
}

/** Checks that are functions of their author's have no other form in any library. */
const FUNCTIONS = /^(?:check|raw_check|partial_check|check_items|every_item|some_item)$/;

/** Says of each part of a valibot schema what its converter does not print. */
export function valibotOptions(form: JsonSchemaForm): object {
  return {
    overrideSchema: ({ valibotSchema, jsonSchema, errors }: ValibotGap & { readonly valibotSchema: ValibotSchema }) => {
      const { type, entries } = valibotSchema;
      if (errors !== undefined) return { [NO_FORM]: type };
      if (type !== 'object' || form === 'input') return undefined;
      // It drops undeclared fields and fills in defaults, which the converter does not tell.
      const filled = Object.entries(entries ?? {}).filter(([, entry]) => entry.default !== undefined);
      const required = [...new Set([...requiredOf(jsonSchema), ...filled.map(([name]) => name)])];
      return { ...jsonSchema, ...(required.length > 0 && { required }), additionalProperties: false };
    },
    overrideAction: ({ valibotAction, jsonSchema, errors }: ValibotGap & { readonly valibotAction: ValibotAction }) => {
      const { type, requirement } = valibotAction;
      // A transformation may return anything; validations, and those of text to text, leave the type as it is.
      if (errors !== undefined && /transform$|^parse|^to_/.test(type)) return { ...jsonSchema, [NO_FORM]: 'transform' };
      if (requirement instanceof RegExp) return patterned(jsonSchema, requirement, type, errors);
      const { pattern, ...rest } = jsonSchema;
      // Of lists too, it prints what a text includes.
      const isOfList = type === 'includes' && jsonSchema['type'] !== 'string' && pattern !== undefined;
      if (errors === undefined && !isOfList) return undefined;
      return withUnsaid(isOfList ? rest : { ...jsonSchema }, ruleOf(valibotAction));
    },
  };
}

/** Prints no second pattern, and the first one without its flags. */
function patterned(
  schema: SchemaObject,
  requirement: RegExp,
  type: string,
  errors: readonly string[] = [],
): SchemaObject | undefined {
  const isSecond = errors.length > (type === 'regex' && requirement.flags !== '' ? 1 : 0);
  if (isSecond) return withPattern(schema, requirement);
  const { pattern, ...rest } = schema;
  return pattern === requirement.source ? withPattern(rest, requirement) : undefined;
}

function ruleOf({ kind, type, requirement }: ValibotAction): readonly string[] {
  if (kind !== 'validation' || FUNCTIONS.test(type)) return [];
  if (requirement === undefined || typeof requirement === 'function') return [type];
  return [`${type} ${typeof requirement === 'bigint' ? `${requirement}n` : JSON.stringify(requirement)}`];
}

function requiredOf(schema: object): readonly string[] {
  const required: unknown = Reflect.get(schema, 'required');
  return Array.isArray(required) ? (required as string[]) : [];
}
