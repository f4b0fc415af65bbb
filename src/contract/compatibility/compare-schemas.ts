import { isSchemaObject, type JsonSchema, type SchemaObject } from '../json-schema/subschemas.js';
import { accepts } from './accepts.js';
import { areDisjoint, areOfDifferentKinds, finiteValues } from './are-disjoint.js';
import { Effort } from './effort.js';
import { foreignKeyword } from './foreign-keyword.js';
import { compareKeywords, type KeywordContext } from './compare-keywords.js';
import { Place, type Finding } from './finding.js';
import { inside, isSame, keywordsOf, resolve, schemasOf, without, type LocatedSchema } from './located-schema.js';

/** More steps than a contract takes; unions inside of unions may need very many. */
const MAX_STEPS = 20_000;
/** The same of what is asked of single values, branches and texts. */
const MAX_EFFORT = 400_000;
/** What a step of these costs, compared with those. */
const STEP = 20;
const MAX_DEPTH = 200;
const TYPES = ['null', 'boolean', 'object', 'array', 'number', 'string'] as const;

/** What makes less of what is written and is not looked into, so that nothing is certain there. */
const NARROWING =
  /^(?:allOf|not|if|then|else|contains|minContains|maxContains|patternProperties|propertyNames|dependent\w+|unevaluated\w+|content\w+|\$dynamicRef|format|x-tenantry-unsaid)$/;

/**
 * Compares what is written with what is read: two JSON Schemas (draft 2020-12). Without a finding, every value that
 * fits the first fits the second. That is only said where it is proven; what cannot be decided is a finding too.
 */
export function compareSchemas(written: JsonSchema, read: JsonSchema): readonly Finding[] {
  const locate = (schema: JsonSchema): LocatedSchema => ({ schema, root: isSchemaObject(schema) ? schema : {} });
  const found = new Comparison().compare(locate(written), locate(read), new Place(), true);
  const byText = new Map(found.map((finding) => [`${finding.place} ${finding.reason}`, finding]));
  return [...byText.values()];
}

class Comparison implements KeywordContext {
  readonly effort = new Effort(MAX_EFFORT);
  #steps = 0;
  #depth = 0;
  /** What is being compared now: a schema that refers to itself comes here again. */
  readonly #open = new Map<JsonSchema, Map<JsonSchema, { readonly level: number; readonly depth: number }>>();
  /** The outermost open pair that was taken to fit because it is open; what depends on it is not proven yet. */
  #assumed = Infinity;
  /** What was proven to fit: many parts of a schema may refer to the same one. */
  readonly #proven = new WeakMap<SchemaObject, WeakSet<SchemaObject>>();

  compare(written: LocatedSchema, read: LocatedSchema, place: Place, isSure: boolean): readonly Finding[] {
    this.#steps += 1;
    const isTooMuch = this.#steps > MAX_STEPS || this.#depth > MAX_DEPTH || !this.effort.spend(STEP);
    if (isTooMuch) return undecided(place, 'is too complex to compare');
    const [from, to] = [resolve(written), resolve(read)];
    if (from === undefined || to === undefined) return undecided(place, 'refers to a schema that is not there');
    const [wrote, reads] = [from.schema, to.schema];
    if (wrote === false || reads === true || isSame(wrote, reads, this.effort)) return [];
    if (this.#isProven(wrote, reads)) return [];
    const open = this.#open.get(wrote) ?? new Map<JsonSchema, { readonly level: number; readonly depth: number }>();
    const again = open.get(reads);
    if (again !== undefined) {
      this.#assumed = Math.min(this.#assumed, again.depth);
      return again.level < place.level ? [] : undecided(place, 'refers to itself');
    }
    const foreign = foreignKeyword(wrote) ?? foreignKeyword(reads);
    if (foreign !== undefined) return undecided(place, `has a keyword as draft 2020-12 has none (${foreign})`);
    const depth = this.#depth;
    const assumedOutside = this.#assumed;
    this.#open.set(wrote, open.set(reads, { level: place.level, depth }));
    this.#assumed = Infinity;
    this.#depth += 1;
    const findings = this.#combined(from, to, place, isSure);
    this.#depth -= 1;
    open.delete(reads);
    const isOnItsOwn = this.#assumed >= depth;
    if (isOnItsOwn && findings.length === 0) this.#prove(wrote, reads);
    this.#assumed = isOnItsOwn ? assumedOutside : Math.min(assumedOutside, this.#assumed);
    return findings;
  }

  #isProven(wrote: JsonSchema, reads: JsonSchema): boolean {
    return isSchemaObject(wrote) && isSchemaObject(reads) && this.#proven.get(wrote)?.has(reads) === true;
  }

  #prove(wrote: JsonSchema, reads: JsonSchema): void {
    if (!isSchemaObject(wrote) || !isSchemaObject(reads)) return;
    const known = this.#proven.get(wrote) ?? new WeakSet<SchemaObject>();
    this.#proven.set(wrote, known.add(reads));
  }

  /** Takes apart what is combined on either side, until one type of value is left. */
  #combined(written: LocatedSchema, read: LocatedSchema, place: Place, isSure: boolean): readonly Finding[] {
    const from = objectOf(written.schema);
    const to = objectOf(read.schema);
    if (read.schema === false) return [finding(isSure, place, 'may be written, and is never read')];
    if (keywordsOf(to).length === 0) return [];
    for (const keyword of ['anyOf', 'oneOf']) {
      if (from[keyword] === undefined) continue;
      const base = without(from, keyword);
      return schemasOf(from[keyword]).flatMap((branch) =>
        this.compare(inside(written, both(base, branch)), read, place, isSure),
      );
    }
    const values = finiteValues(from);
    if (values !== undefined) return this.#values(values, inside(written, without(from, 'const', 'enum')), read, place);
    if (to['allOf'] !== undefined) {
      const parts = [without(to, 'allOf'), ...schemasOf(to['allOf'])];
      return parts.flatMap((part) => this.compare(written, inside(read, part), place, isSure));
    }
    if (from['allOf'] !== undefined) {
      const parts = [without(from, 'allOf'), ...schemasOf(from['allOf'])];
      const fits = parts.some((part) => this.compare(inside(written, part), read, place, false).length === 0);
      return fits ? [] : undecided(place, 'is written under several conditions at once');
    }
    if (Array.isArray(from['type']) || from['type'] === undefined)
      return this.#types(written, from, read, place, isSure);
    return this.#ofOneType(
      written,
      from,
      read,
      to,
      place,
      isSure && !keywordsOf(from).some((it) => NARROWING.test(it)),
    );
  }

  #values(values: readonly unknown[], others: LocatedSchema, read: LocatedSchema, place: Place): readonly Finding[] {
    return values.flatMap((value) => {
      const isWritten = accepts(others, value, this.effort);
      const isRead = accepts(read, value, this.effort);
      if (isWritten === false || isRead === true) return [];
      const text = JSON.stringify(value).slice(0, 60);
      if (isWritten === true && isRead === false) return [finding(true, place, `may be ${text}, which is not read`)];
      return undecided(place, `may be ${text}, of which it is not known whether it is read`);
    });
  }

  #types(
    written: LocatedSchema,
    from: SchemaObject,
    read: LocatedSchema,
    place: Place,
    isSure: boolean,
  ): readonly Finding[] {
    const types = Array.isArray(from['type']) ? (from['type'] as readonly string[]) : TYPES;
    const others = without(from, 'type');
    const found = types.flatMap((type) => this.compare(inside(written, { ...others, type }), read, place, isSure));
    const isAnything = keywordsOf(from).length === 0;
    return isAnything && found.length > 1
      ? [
          finding(
            isSure && found.some(({ verdict }) => verdict === 'certain'),
            place,
            'may be anything, and not all is read',
          ),
        ]
      : found;
  }

  #ofOneType(
    written: LocatedSchema,
    from: SchemaObject,
    read: LocatedSchema,
    to: SchemaObject,
    place: Place,
    isSure: boolean,
  ): readonly Finding[] {
    for (const keyword of ['anyOf', 'oneOf'] as const) {
      if (to[keyword] === undefined) continue;
      const others = this.compare(written, inside(read, without(to, keyword)), place, isSure);
      return [...others, ...this.#branches(keyword, written, read, schemasOf(to[keyword]), place, isSure)];
    }
    return compareKeywords({ written, from, read, to, place, isSure }, this);
  }

  #branches(
    keyword: 'anyOf' | 'oneOf',
    written: LocatedSchema,
    read: LocatedSchema,
    branches: readonly unknown[],
    place: Place,
    isSure: boolean,
  ): readonly Finding[] {
    const all = branches.map((branch) => inside(read, branch));
    const possible = all.filter((branch) => !areDisjoint(written, branch, this.effort));
    const [only, ...more] = possible;
    if (only === undefined) {
      // Nothing fits any branch; one that means the same thing says why.
      const [meant, ...others] = all.filter((branch) => !areOfDifferentKinds(written, branch, this.effort));
      const why = meant === undefined || others.length > 0 ? [] : this.compare(written, meant, place, isSure);
      return why.length > 0 ? why : [finding(isSure, place, 'fits none of the forms that are read')];
    }
    // Nothing that is written fits another branch, so it fits this one or none.
    if (more.length === 0) return this.compare(written, only, place, isSure);
    const fits = possible.some((branch) => this.compare(written, branch, place, false).length === 0);
    if (fits && keyword === 'anyOf') return [];
    return undecided(
      place,
      fits ? 'may fit more than one form of which only one is read' : 'fits no single form that is read',
    );
  }
}

function objectOf(schema: JsonSchema): SchemaObject {
  return isSchemaObject(schema) ? schema : {};
}

/** A schema that demands what two demand. `additionalProperties` and the like see only the schema that they are in. */
function both(base: SchemaObject, branch: unknown): JsonSchema {
  if (!isSchemaObject(branch)) return branch === false ? false : base;
  if (Object.keys(base).length === 0) return branch;
  const isApart = Object.keys(base).every((keyword) => keyword === 'type') && branch['type'] === undefined;
  return isApart && branch['$ref'] === undefined ? { ...branch, ...base } : { allOf: [base, branch] };
}

function finding(isSure: boolean, place: Place, reason: string): Finding {
  return { verdict: isSure ? 'certain' : 'undecided', place: String(place), reason };
}

function undecided(place: Place, reason: string): readonly Finding[] {
  return [finding(false, place, reason)];
}
