import { UNSAID, unsaidRules } from '../json-schema/marks.js';
import { isSchemaObject, type SchemaObject } from '../json-schema/subschemas.js';
import { accepts } from './accepts.js';
import { areDisjoint } from './are-disjoint.js';
import type { Effort } from './effort.js';
import type { Finding, Place } from './finding.js';
import {
  inside,
  isSame,
  keywordsOf,
  mapOf,
  namesOf,
  numberOf,
  schemasOf,
  type LocatedSchema,
} from './located-schema.js';

/** Compares the parts of a list or an object. */
export interface KeywordContext {
  /** What is left of the whole comparison. */
  readonly effort: Effort;
  compare(written: LocatedSchema, read: LocatedSchema, place: Place, isSure: boolean): readonly Finding[];
}

/** A schema that is written, of one type of value and without branches, and one that is read. */
export interface Pair {
  readonly written: LocatedSchema;
  readonly from: SchemaObject;
  readonly read: LocatedSchema;
  readonly to: SchemaObject;
  readonly place: Place;
  readonly isSure: boolean;
}

/** Keywords that are decided by being the same on both sides, and those that they depend on. */
const ONLY_IF_SAME: readonly (readonly string[])[] = [
  ['if', 'then', 'else'],
  ['contains', 'minContains', 'maxContains'],
  ['dependentRequired'],
  ['dependentSchemas'],
  ['contentEncoding'],
  ['contentMediaType'],
  ['contentSchema'],
];

const KNOWN = new Set([
  ...ONLY_IF_SAME.flat(),
  UNSAID,
  ...['type', 'const', 'enum', 'not', 'minLength', 'maxLength', 'pattern', 'format'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['items', 'prefixItems', 'minItems', 'maxItems', 'uniqueItems'],
  ...['properties', 'required', 'additionalProperties', 'patternProperties', 'propertyNames'],
  ...['minProperties', 'maxProperties'],
]);

/** What the keywords of one type of value leave unread. */
export function compareKeywords(pair: Pair, context: KeywordContext): readonly Finding[] {
  const { from, to } = pair;
  const wrongType = typeFinding(pair);
  if (wrongType !== undefined) return [wrongType];
  const general = [...generalFindings(pair, context.effort), ...listedValues(pair)];
  switch (from['type']) {
    case 'string':
      return [...general, ...textFindings(pair, context.effort)];
    case 'number':
    case 'integer':
      return [...general, ...numberFindings(pair)];
    case 'array':
      return [...general, ...listFindings(pair, context)];
    case 'object':
      return [...general, ...objectFindings(pair, context)];
    default:
      return to['type'] === undefined ? [...general, unknown(pair, 'has a type that is not known')] : general;
  }
}

function typeFinding(pair: Pair): Finding | undefined {
  const { from, to } = pair;
  const type = String(from['type']);
  const read = to['type'] === undefined ? [type] : [to['type']].flat().map(String);
  if (read.includes(type) || (type === 'integer' && read.includes('number'))) return undefined;
  const isWhole = type === 'number' && read.includes('integer') && Number.isInteger(from['multipleOf']);
  return isWhole ? undefined : wrong(pair, `is written as ${type} and read as ${read.join(' or ')}`);
}

function generalFindings(pair: Pair, effort: Effort): readonly Finding[] {
  const { written, from, read, to } = pair;
  const found = ONLY_IF_SAME.filter((group) => group.some((keyword) => keyword in to))
    .filter((group) => !isSame(pick(from, group), pick(to, group), effort))
    .map(([keyword = '']) => unknown(pair, `is read under a condition that is not compared (${keyword})`));
  const { not } = to;
  if (
    'not' in to &&
    !isSame(pick(from, ['not']), pick(to, ['not']), effort) &&
    !areDisjoint(written, inside(read, not), effort)
  )
    found.push(unknown(pair, 'is read under a condition that is not compared (not)'));
  for (const rule of unsaidRules(to))
    if (!unsaidRules(from).includes(rule))
      found.push(unknown(pair, `is read under a rule that is not compared (${rule})`));
  const strange = keywordsOf(to).find((keyword) => !KNOWN.has(keyword));
  return strange === undefined
    ? found
    : [...found, unknown(pair, `is read under a keyword that is not known (${strange})`)];
}

function pick(schema: SchemaObject, keywords: readonly string[]): SchemaObject {
  return Object.fromEntries(
    keywords.filter((keyword) => keyword in schema).map((keyword) => [keyword, schema[keyword]]),
  );
}

/** What is written has no list of values here, or it would have been taken apart. */
function listedValues(pair: Pair): readonly Finding[] {
  const { from, to } = pair;
  if (!('const' in to) && !('enum' in to)) return [];
  const reason = 'may be any value of its type, and only some are read';
  return [keywordsOf(from).length > 1 ? unknown(pair, reason) : wrong(pair, reason)];
}

function textFindings(pair: Pair, effort: Effort): readonly Finding[] {
  const { from, to } = pair;
  const found = [
    ...atLeast(pair, 'minLength', 'characters'),
    ...atMost(pair, numberOf(from['maxLength']) ?? Infinity, 'maxLength', 'characters'),
  ];
  const isAnyText = ['pattern', 'format', UNSAID].every((keyword) => from[keyword] === undefined);
  if (to['pattern'] !== undefined && to['pattern'] !== from['pattern']) {
    const reason = 'is read in a pattern that it may not be written in';
    // A text that is written and not read is proof; otherwise nobody knows.
    const isProven =
      isAnyText && SAMPLES.some((text) => accepts(onlyType(pair), text, effort) === true && !fits(to, text));
    found.push(isProven ? wrong(pair, reason) : unknown(pair, reason));
  }
  if (to['format'] !== undefined && to['format'] !== from['format']) {
    const reason = `is read as ${to['format'] as string} and written as ${(from['format'] as string | undefined) ?? 'any text'}`;
    found.push(isAnyText ? wrong(pair, reason) : unknown(pair, reason));
  }
  return found;
}

const SAMPLES = ['', 'a', 'Zz', '0', '42', ' ', '-', '\n', 'lorem ipsum', '0'.repeat(64)];

function onlyType({ written, from }: Pair): LocatedSchema {
  return inside(written, from);
}

function fits(to: SchemaObject, text: string): boolean {
  return accepts({ schema: { pattern: to['pattern'] }, root: {} }, text) !== false;
}

function numberFindings(all: Pair): readonly Finding[] {
  const { from, to } = all;
  // With steps, the lowest number may lie above the bound.
  const pair = { ...all, isSure: all.isSure && from['multipleOf'] === undefined };
  const found: Finding[] = [];
  const [low, lowOpen] = bound(from, 'minimum', 'exclusiveMinimum', Math.max);
  const [high, highOpen] = bound(from, 'maximum', 'exclusiveMaximum', Math.min);
  const [minimum, above] = [numberOf(to['minimum']), numberOf(to['exclusiveMinimum'])];
  const [maximum, below] = [numberOf(to['maximum']), numberOf(to['exclusiveMaximum'])];
  if (minimum !== undefined && low < minimum) found.push(wrong(pair, `is read from ${minimum} on, and may be less`));
  if (above !== undefined && (low < above || (low === above && !lowOpen)))
    found.push(wrong(pair, `is read above ${above}, and may be less`));
  if (maximum !== undefined && high > maximum) found.push(wrong(pair, `is read up to ${maximum}, and may be more`));
  if (below !== undefined && (high > below || (high === below && !highOpen)))
    found.push(wrong(pair, `is read below ${below}, and may be more`));
  const step = numberOf(to['multipleOf']);
  if (step !== undefined && !isMultiple(from, step)) {
    const reason = `is read in steps of ${step} only`;
    found.push(keywordsOf(from).length > 1 ? unknown(pair, reason) : wrong(pair, reason));
  }
  return found;
}

/** A bound, and whether it is itself left out. */
function bound(
  schema: SchemaObject,
  closed: string,
  open: string,
  tighter: (a: number, b: number) => number,
): readonly [number, boolean] {
  const none = tighter === Math.max ? -Infinity : Infinity;
  const [closedAt, openAt] = [numberOf(schema[closed]) ?? none, numberOf(schema[open]) ?? none];
  const at = tighter(closedAt, openAt);
  if (schema['type'] !== 'integer' || !Number.isFinite(at)) return [at, openAt === at];
  // The next whole number, which is not left out.
  if (tighter === Math.max) return [openAt === at ? Math.floor(at) + 1 : Math.ceil(at), false];
  return [openAt === at ? Math.ceil(at) - 1 : Math.floor(at), false];
}

function isMultiple(from: SchemaObject, step: number): boolean {
  const written = numberOf(from['multipleOf']) ?? (from['type'] === 'integer' ? 1 : undefined);
  if (written === step) return true;
  return written !== undefined && Number.isSafeInteger(written) && Number.isSafeInteger(step) && written % step === 0;
}

function listFindings(pair: Pair, context: KeywordContext): readonly Finding[] {
  const { written, from, read, to, place, isSure } = pair;
  const [first, firstRead] = [schemasOf(from['prefixItems']), schemasOf(to['prefixItems'])];
  const rest = from['items'] ?? true;
  const longest = Math.min(numberOf(from['maxItems']) ?? Infinity, rest === false ? first.length : Infinity);
  const found = [...atLeast(pair, 'minItems', 'items'), ...atMost(pair, longest, 'maxItems', 'items')];
  if (to['uniqueItems'] === true && from['uniqueItems'] !== true && longest > 1)
    found.push(wrong(pair, 'is read without repeated items, and may have some'));
  const listed = Math.max(first.length, firstRead.length);
  for (let index = 0; index < Math.min(listed, longest); index += 1) {
    const item = inside(written, first[index] ?? rest);
    found.push(
      ...context.compare(item, inside(read, firstRead[index] ?? to['items'] ?? true), place.item(index), isSure),
    );
  }
  if (longest > listed)
    found.push(...context.compare(inside(written, rest), inside(read, to['items'] ?? true), place.item(''), isSure));
  return found;
}

function objectFindings(pair: Pair, context: KeywordContext): readonly Finding[] {
  const { written, from, read, to, place, isSure } = pair;
  const [properties, propertiesRead] = [mapOf(from['properties']), mapOf(to['properties'])];
  const required = namesOf(from['required']);
  const patterns = Object.values(mapOf(from['patternProperties']));
  const additional = from['additionalProperties'] ?? true;
  // A key that no name stands for is an additional property, or one of those whose names fit a pattern.
  const rest = patterns.length === 0 ? additional : { anyOf: [additional, ...patterns] };
  const found: Finding[] = [];
  for (const name of namesOf(to['required'])) {
    if (required.includes(name)) continue;
    const isKnown = Object.hasOwn(properties, name) || rest !== false;
    const reason = isKnown
      ? 'is required by readers, and may be missing'
      : 'is required by readers, and is never written';
    found.push(wrong({ ...pair, place: place.property(name) }, reason));
  }
  for (const name of new Set([...Object.keys(properties), ...Object.keys(propertiesRead)])) {
    const value = Object.hasOwn(properties, name) ? properties[name] : rest;
    const valueRead = Object.hasOwn(propertiesRead, name) ? propertiesRead[name] : (to['additionalProperties'] ?? true);
    const isStrange = valueRead === false && value !== false;
    if (isStrange)
      found.push(wrong({ ...pair, place: place.property(name) }, 'may be written, and is refused by readers'));
    else found.push(...context.compare(inside(written, value), inside(read, valueRead), place.property(name), isSure));
  }
  if (
    to['patternProperties'] !== undefined &&
    !isSame(pick(from, ['patternProperties']), pick(to, ['patternProperties']), context.effort)
  )
    found.push(unknown(pair, 'is read under a condition that is not compared (patternProperties)'));
  found.push(
    ...context.compare(
      inside(written, rest),
      inside(read, to['additionalProperties'] ?? true),
      place.property('*'),
      isSure,
    ),
  );
  if (to['propertyNames'] !== undefined) {
    const names = rest === false ? { enum: Object.keys(properties) } : { type: 'string' };
    const namesWritten = isSchemaObject(from['propertyNames']) ? { type: 'string', ...from['propertyNames'] } : names;
    found.push(
      ...context.compare(inside(written, namesWritten), inside(read, to['propertyNames']), place.property('*'), isSure),
    );
  }
  const most = rest === false ? Object.keys(properties).length : Infinity;
  const least = Math.max(numberOf(from['minProperties']) ?? 0, required.length);
  return [
    ...found,
    ...atLeast(pair, 'minProperties', 'fields', least),
    ...atMost(pair, Math.min(numberOf(from['maxProperties']) ?? Infinity, most), 'maxProperties', 'fields'),
  ];
}

function atLeast(pair: Pair, keyword: string, what: string, least = numberOf(pair.from[keyword]) ?? 0): Finding[] {
  const read = numberOf(pair.to[keyword]) ?? 0;
  return least >= read ? [] : [wrong(pair, `is read with ${read} ${what} or more, and may have fewer`)];
}

function atMost(pair: Pair, most: number, keyword: string, what: string): Finding[] {
  const read = numberOf(pair.to[keyword]) ?? Infinity;
  return most <= read ? [] : [wrong(pair, `is read with ${read} ${what} or fewer, and may have more`)];
}

function wrong({ place, isSure }: Pair, reason: string): Finding {
  return { verdict: isSure ? 'certain' : 'undecided', place: String(place), reason };
}

function unknown({ place }: Pair, reason: string): Finding {
  return { verdict: 'undecided', place: String(place), reason };
}
