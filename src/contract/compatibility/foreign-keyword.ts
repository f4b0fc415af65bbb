import { isSchemaObject, type JsonSchema } from '../json-schema/subschemas.js';

type Form = (operand: unknown) => boolean;

const isNumber: Form = (operand) => typeof operand === 'number';
const isSchema: Form = (operand) => typeof operand === 'boolean' || isSchemaObject(operand);
const isList: Form = (operand) => Array.isArray(operand);
const never: Form = () => false;

/** What stands behind the keywords that are compared. */
const FORMS: readonly (readonly [Form, readonly string[]])[] = [
  [isNumber, ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength']],
  [isNumber, ['minItems', 'maxItems', 'minProperties', 'maxProperties']],
  [isSchema, ['items', 'additionalProperties', 'propertyNames', 'not']],
  [isSchemaObject, ['properties', 'patternProperties']],
  [isList, ['required', 'enum', 'anyOf', 'oneOf', 'allOf', 'prefixItems']],
  // Of OpenAPI: it makes more of what is written.
  [never, ['nullable']],
];
const FORM_OF: ReadonlyMap<string, Form> = new Map(
  FORMS.flatMap(([form, keywords]) => keywords.map((keyword) => [keyword, form] as const)),
);

/** A keyword that means something else in another draft, such as `items` with a list, and must not be passed over. */
export function foreignKeyword(schema: JsonSchema): string | undefined {
  if (!isSchemaObject(schema)) return undefined;
  return Object.keys(schema).find((keyword) => FORM_OF.get(keyword)?.(schema[keyword]) === false);
}
