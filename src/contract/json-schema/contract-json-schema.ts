import { tenantryError, type Problem } from '../../core/errors.js';
import type { AnyEventContract } from '../event-contract.js';
import { markingOptions, withLeftOut } from './library-options.js';
import { NEVER_IN_JSON, NO_FORM } from './marks.js';
import { jsonSchemaConverter, type JsonSchemaForm, type JsonSchemaTarget } from './standard-json-schema.js';
import { isSchemaObject, mapSubschemas, placeOf, type SchemaObject } from './subschemas.js';

const REMEDY =
  'let the schema take and return strings, numbers, booleans, null, lists and objects of them, and nothing else';

/**
 * The JSON Schema of a contract's data, as its schema library makes it through Standard JSON Schema. No library is
 * loaded for it: the schema brings the conversion along. Checks that are functions have no form and are left out; other
 * rules that JSON Schema cannot say stand under `x-tenantry-unsaid`.
 *
 * @param form - `output` describes what producers write, `input` what consumers accept
 * @throws TenantryError `NO_JSON_SCHEMA`
 */
export function jsonSchemaOf(
  contract: Pick<AnyEventContract, 'eventType' | 'schema'>,
  form: JsonSchemaForm,
  target: JsonSchemaTarget = 'draft-2020-12',
): SchemaObject {
  const { eventType, schema } = contract;
  const { vendor } = schema['~standard'];
  const convert = jsonSchemaConverter(schema)?.[form];
  if (convert === undefined) {
    const advice = vendor === 'valibot' ? 'wrap it in toStandardJsonSchema of @valibot/to-json-schema' : 'use zod';
    throw noSchema(eventType, [{ path: '(root)', message: `is of a library that makes no JSON Schema: ${advice}` }]);
  }
  let converted: unknown;
  try {
    converted = convert({ target, libraryOptions: markingOptions(vendor, form, target) });
  } catch {
    converted = undefined;
  }
  if (!isSchemaObject(converted)) {
    throw noSchema(eventType, [{ path: '(root)', message: `has a part without JSON form: ${REMEDY}` }]);
  }
  const problems: Problem[] = [];
  const cleaned = withoutMarks(withLeftOut(schema, converted), [], problems) as SchemaObject;
  if (problems.length > 0) throw noSchema(eventType, problems);
  return cleaned;
}

/** JSON never gives a Date to a union, so such a branch is left out; everywhere else a mark is a problem. */
function withoutMarks(node: unknown, steps: readonly string[], problems: Problem[]): unknown {
  if (!isSchemaObject(node)) return node;
  const kind = node[NO_FORM];
  if (typeof kind === 'string') {
    problems.push({ path: placeOf(steps), message: `has no JSON form (${kind}): ${REMEDY}` });
    return node;
  }
  let pruned = node;
  for (const keyword of ['anyOf', 'oneOf'] as const) {
    const branches = pruned[keyword];
    if (!Array.isArray(branches)) continue;
    const kept = branches.filter((branch) => !isNeverInJson(branch));
    if (kept.length === 0 || kept.length === branches.length) continue;
    const { [keyword]: _, ...rest } = pruned;
    pruned = kept.length === 1 && isSchemaObject(kept[0]) ? { ...kept[0], ...rest } : { ...rest, [keyword]: kept };
  }
  return mapSubschemas(pruned, (child, below) => withoutMarks(child, [...steps, ...below], problems));
}

function isNeverInJson(branch: unknown): boolean {
  const kind = isSchemaObject(branch) ? branch[NO_FORM] : undefined;
  return typeof kind === 'string' && NEVER_IN_JSON.has(kind);
}

function noSchema(eventType: string, problems: readonly Problem[]): Error {
  const list = problems.map(({ path, message }) => `${path} ${message}`).join('; ');
  return tenantryError('NO_JSON_SCHEMA', `event contract ${eventType}: ${list}`, { problems });
}
