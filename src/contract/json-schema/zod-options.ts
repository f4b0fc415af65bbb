import type { StandardSchema } from '../standard-schema.js';
import { NO_FORM, UNSAID, unsaidRules, withUnsaid } from './marks.js';
import { patternRule } from './pattern-keywords.js';
import { portablePattern } from './portable-pattern.js';
import type { JsonSchemaConverter, JsonSchemaForm, JsonSchemaTarget } from './standard-json-schema.js';
import { ANNOTATIONS, isSchemaObject, type SchemaObject } from './subschemas.js';

/** What zod says of a schema, or of a check that a schema has. */
interface ZodDefinition {
  readonly type?: string;
  readonly check?: string;
  readonly checks?: readonly ZodCheck[];
  readonly coerce?: boolean;
  // Of a pipe, and of a codec, which is a pipe too.
  readonly in?: ZodPart;
  readonly out?: ZodPart;
  readonly transform?: unknown;
  // Of a record.
  readonly keyType?: ZodPart;
  // Of a text.
  readonly format?: string;
  readonly pattern?: RegExp;
  readonly position?: number;
  readonly hostname?: RegExp;
  readonly protocol?: RegExp;
  readonly alg?: string | null;
  // Of a check of a property.
  readonly property?: string;
  readonly schema?: ZodPart;
}

interface ZodCheck {
  readonly _zod: { readonly def: ZodDefinition };
}

interface ZodPart extends ZodCheck {
  readonly '~standard': StandardSchema['~standard'] & { readonly jsonSchema?: JsonSchemaConverter };
}

/** What zod has no JSON Schema for. */
const WITHOUT_FORM = /^(?:bigint|custom|date|function|map|nan|promise|set|symbol|transform|undefined|void)$/;
/** Formats that are a pattern and nothing more. */
const ONLY_PATTERN = /^(?:regex|lowercase|uppercase|includes|starts_with|ends_with|date|time|datetime|duration)$/;
/** Formats that zod checks without their pattern, which refuses some of what it takes. */
const NOT_ITS_PATTERN = /^(?:ipv6|cidrv6)$/;
const FORMAT_NAMES: ReadonlyMap<string, string> = new Map([
  ['guid', 'uuid'],
  ['url', 'uri'],
  ['json_string', 'json-string'],
]);
const SCALARS: readonly unknown[] = ['string', 'number', 'integer', 'boolean', 'null'];
const UNCHANGED = /^(?:string|number|boolean|null|literal|enum|template_literal)$/;

/** Says of each part of a zod schema what zod itself does not print. */
export function zodOptions(form: JsonSchemaForm, target: JsonSchemaTarget): object {
  return new ZodOverrides(target, new Set(), new Map()).options(form);
}

class ZodOverrides {
  readonly #target: JsonSchemaTarget;
  /** The pipes that are being looked at: one that leads to itself comes here again. */
  readonly #open: Set<ZodPart>;
  readonly #inputs: Map<ZodPart, SchemaObject | undefined>;

  constructor(target: JsonSchemaTarget, open: Set<ZodPart>, inputs: Map<ZodPart, SchemaObject | undefined>) {
    this.#target = target;
    this.#open = open;
    this.#inputs = inputs;
  }

  options(form: JsonSchemaForm): object {
    return {
      unrepresentable: 'any',
      // Comes to a wrapper after it has come to what is wrapped, whose marks the wrapper then has.
      override: ({ zodSchema, jsonSchema }: { readonly zodSchema: ZodPart; readonly jsonSchema: object }): void => {
        const changed = this.#overridden(zodSchema, jsonSchema as SchemaObject, form);
        for (const keyword of Object.keys(jsonSchema))
          if (!(keyword in changed)) Reflect.deleteProperty(jsonSchema, keyword);
        Object.assign(jsonSchema, changed);
      },
    };
  }

  #overridden(part: ZodPart, printed: SchemaObject, form: JsonSchemaForm): SchemaObject {
    const { def } = part._zod;
    const { type = '' } = def;
    let schema = printed;
    if (WITHOUT_FORM.test(type) && Object.keys(schema).every((keyword) => ANNOTATIONS.has(keyword)))
      schema = { ...schema, [NO_FORM]: type };
    if (type === 'string') schema = text(def, schema);
    if (type === 'record') schema = record(def, schema);
    if (type === 'pipe') schema = this.#pipe(part, schema, form);
    return withUnsaid(schema, this.#propertyRules(def));
  }

  #propertyRules({ checks = [] }: ZodDefinition): readonly string[] {
    return checks.flatMap(({ _zod: { def } }) =>
      def.check === 'property' && def.schema !== undefined
        ? [`property ${def.property ?? ''} ${JSON.stringify(this.#input(def.schema))}`]
        : [],
    );
  }

  #pipe(part: ZodPart, schema: SchemaObject, form: JsonSchemaForm): SchemaObject {
    const { in: source, out: sink } = part._zod.def;
    if (source === undefined || sink === undefined || source._zod.def.type === 'transform') return schema;
    if (sink._zod.def.type === 'transform') return form === 'output' ? this.#transformed(source, schema) : schema;
    if (this.#open.has(part)) return withUnsaid(schema, ['then itself']);
    this.#open.add(part);
    const [read, then] = [this.#input(source), this.#input(sink)];
    this.#open.delete(part);
    if (read === undefined || then === undefined || JSON.stringify(then).includes(NO_FORM)) return schema;
    if (isPassedOn(part) && isScalar(read) && isScalar(then)) return { ...annotationsOf(schema), ...both(read, then) };
    const rule = JSON.stringify(then);
    const rules = rule === JSON.stringify(read) || rule === '{}' ? [] : [`then ${rule}`];
    // Contracts accept their own output, so all that is asked of what is read is true of what is written.
    return withUnsaid(schema, form === 'output' ? [...unsaidRules(read), ...rules] : rules);
  }

  /** Contracts accept their own output, so what a transform writes is something that it also reads. */
  #transformed(source: ZodPart, schema: SchemaObject): SchemaObject {
    if (schema[NO_FORM] !== 'transform') return schema;
    const read = this.#input(source);
    // References of its own would lead nowhere here.
    if (read === undefined || JSON.stringify(read).includes('"$ref"')) return schema;
    return { ...annotationsOf(schema), ...read };
  }

  #input(part: ZodPart): SchemaObject | undefined {
    if (!this.#inputs.has(part)) {
      const made = part['~standard'].jsonSchema?.input?.({
        target: this.#target,
        libraryOptions: this.options('input'),
      });
      this.#inputs.set(part, isSchemaObject(made) ? { ...made } : undefined);
    }
    const found = this.#inputs.get(part);
    if (found === undefined) return undefined;
    const { $schema: _, ...schema } = found;
    return schema;
  }
}

function annotationsOf(schema: SchemaObject): SchemaObject {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => ANNOTATIONS.has(keyword)));
}

/** Whether a value comes out of a pipe as it went in. */
function isPassedOn({ _zod: { def } }: ZodPart): boolean {
  if (def.type === 'pipe')
    return [def.in, def.out].every((end) => end !== undefined && isPassedOn(end)) && def.transform === undefined;
  const isOverwritten = def.checks?.some(({ _zod }) => _zod.def.check === 'overwrite') === true;
  return UNCHANGED.test(def.type ?? '') && def.coerce !== true && !isOverwritten;
}

function isScalar(schema: SchemaObject): boolean {
  return SCALARS.includes(schema['type']);
}

/** What two schemas of scalars demand together. */
function both(one: SchemaObject, other: SchemaObject): SchemaObject {
  const [a, b] = [one, other].map(({ [UNSAID]: _, ...said }) => said as SchemaObject) as [SchemaObject, SchemaObject];
  const isInConflict = Object.keys(a).some(
    (keyword) => keyword in b && JSON.stringify(a[keyword]) !== JSON.stringify(b[keyword]),
  );
  return withUnsaid(isInConflict ? { allOf: [a, b] } : { ...a, ...b }, [...unsaidRules(one), ...unsaidRules(other)]);
}

/** The checks of a text in their order; a schema of a format is its own first check. */
function textChecks(def: ZodDefinition): readonly ZodDefinition[] {
  const own = def.check === 'string_format' ? [def] : [];
  return [...own, ...(def.checks ?? []).map(({ _zod }) => _zod.def)].filter(({ check }) => check === 'string_format');
}

function text(def: ZodDefinition, printed: SchemaObject): SchemaObject {
  const checks = textChecks(def);
  const schema = checks.reduce(withWrittenOut, printed);
  return withUnsaid(
    schema,
    checks.flatMap((check) => formatRules(check, printed['format'])),
  );
}

/** What a format asks for beyond its name and pattern; of several formats zod prints the last one. */
function formatRules({ format = '', hostname, protocol, alg }: ZodDefinition, printed: unknown): readonly string[] {
  const name = FORMAT_NAMES.get(format) ?? format;
  return [
    ...(name === printed || ONLY_PATTERN.test(format) ? [] : [`format ${name}`]),
    ...(hostname === undefined ? [] : [`hostname ${String(hostname)}`]),
    ...(protocol === undefined ? [] : [`protocol ${String(protocol)}`]),
    ...(typeof alg === 'string' ? [`alg ${alg}`] : []),
  ];
}

/** A text with the pattern of a check as JSON Schema has it, without flags. */
function withWrittenOut(schema: SchemaObject, { pattern, position, format = '' }: ZodDefinition): SchemaObject {
  if (pattern === undefined) return schema;
  const { source } = pattern;
  if (NOT_ITS_PATTERN.test(format)) return replaced(schema, source, undefined);
  // It counts code units, and any of them; JSON Schema does not.
  const [written, rule] =
    position === undefined
      ? [portablePattern(pattern), patternRule(pattern)]
      : [source.replace(/^\^\.\{\d+,\}/, ''), `includes from ${position} on ${source}`];
  if (written === source) return schema;
  const mended = replaced(schema, source, written);
  return withUnsaid(mended, written === undefined || position !== undefined ? [rule] : []);
}

/** With another pattern in place of one, or with none. */
function replaced(schema: SchemaObject, source: string, written: string | undefined): SchemaObject {
  const others = (Array.isArray(schema['allOf']) ? (schema['allOf'] as readonly unknown[]) : []).flatMap((branch) => {
    if (!isSchemaObject(branch) || branch['pattern'] !== source) return [branch];
    return written === undefined ? [] : [{ ...branch, pattern: written }];
  });
  const { pattern: single, allOf: _, ...rest } = schema;
  const kept = single === source ? written : single;
  return { ...rest, ...(kept !== undefined && { pattern: kept }), ...(others.length > 0 && { allOf: others }) };
}

/** Of a loose record, the patterns of its keys are the names of keywords. */
function record({ keyType }: ZodDefinition, schema: SchemaObject): SchemaObject {
  const byPattern = schema['patternProperties'];
  if (!isSchemaObject(byPattern) || keyType === undefined) return schema;
  const patterns = textChecks(keyType._zod.def).flatMap(({ pattern }) => (pattern === undefined ? [] : [pattern]));
  const rules: string[] = [];
  const entries = Object.entries(byPattern).flatMap(([source, value]): (readonly [string, unknown])[] => {
    const pattern = patterns.find((it) => it.source === source);
    const written = pattern === undefined ? source : portablePattern(pattern);
    if (written !== undefined) return [[written, value]];
    if (pattern !== undefined) rules.push(`names of ${patternRule(pattern)}: ${JSON.stringify(value)}`);
    return [];
  });
  return withUnsaid({ ...schema, patternProperties: Object.fromEntries(entries) }, rules);
}
