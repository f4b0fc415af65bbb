import type { AnyEventContract, SealedFields } from '../contract/event-contract.js';
import { fieldPathsOf, type FieldPath } from '../contract/field-paths.js';
import { tenantryError } from '../core/errors.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const FIRST_OF_NULL = 0x6e;

/** A name on the way to a field, or that of the field itself. */
interface Step {
  /** `"name":`, as `JSON.stringify` writes it. */
  readonly label: Buffer;
  /** Of the field, or of the first one below it. */
  readonly pointer: string;
  /** The field's place among the contract's; undefined for a name on the way. */
  readonly field: number | undefined;
  readonly steps: readonly Step[];
}

/** The fields of a protection, as a tree of names and in order. */
interface Fields {
  readonly steps: readonly Step[];
  /** `"pointer":` of each field. */
  readonly labels: readonly Buffer[];
}

const known = new WeakMap<SealedFields, Fields>();

/** A value with the places of the fields in it. Offsets stand in pairs: from one up to, not including, the other. */
export interface FieldCut {
  /** What stays readable, in order; without the fields and their commas it is JSON again. */
  readonly kept: readonly number[];
  /** The values of the fields, in the contract's order; a field that is not there has none. */
  readonly values: readonly (number | undefined)[];
  /** `"pointer":` of each field. */
  readonly labels: readonly Buffer[];
}

/**
 * Finds the fields that are to be sealed. The bytes themselves are looked at, not a value that was parsed from them:
 * so nothing of the fields is left behind in strings that nobody can overwrite, and it takes a fraction of the time.
 *
 * @param bytes - what `JSON.stringify` has written, in UTF-8: it writes each name in one way only, and no spaces
 * @throws TenantryError `SEALED_FIELDS_INVALID` where a field's place is in something other than an object
 */
export function cutFields(contract: AnyEventContract, protection: SealedFields, bytes: Buffer): FieldCut {
  const { steps, labels } = fieldsOf(protection);
  const cutter = new Cutter(contract, bytes);
  return { kept: cutter.run(steps), values: cutter.values, labels };
}

/** How many bytes stay readable. */
export function keptBytes({ kept }: FieldCut): number {
  let size = 0;
  for (let pair = 0; pair < kept.length; pair += 2) size += (kept[pair + 1] ?? 0) - (kept[pair] ?? 0);
  return size;
}

export function writeKept(target: Buffer, bytes: Buffer, { kept }: FieldCut): void {
  let at = 0;
  for (let pair = 0; pair < kept.length; pair += 2) at += bytes.copy(target, at, kept[pair], kept[pair + 1]);
}

/** How many bytes `writeSealed` writes. */
export function sealedBytes({ values, labels }: FieldCut): number {
  let size = 1;
  for (let field = 0; field < labels.length; field += 1) {
    const start = values[2 * field];
    if (start !== undefined) size += 1 + (labels[field]?.length ?? 0) + (values[2 * field + 1] ?? 0) - start;
  }
  return Math.max(size, 2);
}

/** Writes the fields: `{"pointer":value,…}`. */
export function writeSealed(target: Buffer, bytes: Buffer, { values, labels }: FieldCut): void {
  let at = 0;
  labels.forEach((label, field) => {
    const start = values[2 * field];
    if (start === undefined) return;
    target[at] = at === 0 ? OPEN : COMMA;
    target.set(label, at + 1);
    at += 1 + label.length;
    at += bytes.copy(target, at, start, values[2 * field + 1]);
  });
  if (at === 0) target[at++] = OPEN;
  target[at] = CLOSE;
}

class Cutter {
  readonly values: (number | undefined)[] = [];
  readonly #contract: AnyEventContract;
  readonly #bytes: Buffer;
  readonly #kept: number[] = [0];

  constructor(contract: AnyEventContract, bytes: Buffer) {
    this.#contract = contract;
    this.#bytes = bytes;
  }

  run(steps: readonly Step[]): readonly number[] {
    const end = this.#enter(0, steps);
    if (end !== this.#bytes.length) throw notJson(this.#contract);
    this.#kept.push(end);
    return this.#kept;
  }

  /** @returns where the value ends that holds the steps */
  #enter(at: number, steps: readonly Step[]): number {
    const first = this.#bytes[at];
    if (first === OPEN) return this.#object(at + 1, steps);
    if (first === FIRST_OF_NULL) return skipValue(this.#bytes, at);
    throw tenantryError(
      'SEALED_FIELDS_INVALID',
      `${this.#contract.eventType}: ${steps[0]?.pointer ?? ''} does not lead through objects only`,
    );
  }

  #object(start: number, steps: readonly Step[]): number {
    const bytes = this.#bytes;
    if (bytes[start] === CLOSE) return start + 1;
    let isAnyKept = false;
    for (let at = start; ; at += 1) {
      if (bytes[at] !== QUOTE) throw notJson(this.#contract);
      const step = stepAt(bytes, at, steps);
      if (step === undefined) {
        isAnyKept = true;
        at = skipValue(bytes, skipString(bytes, at) + 1);
      } else if (step.field === undefined) {
        isAnyKept = true;
        at = this.#enter(at + step.label.length, step.steps);
      } else {
        const valueAt = at + step.label.length;
        const end = skipValue(bytes, valueAt);
        this.values[2 * step.field] = valueAt;
        this.values[2 * step.field + 1] = end;
        // With the comma before it, or as the first one with the comma behind it.
        if (isAnyKept) this.#kept.push(at - 1, end);
        else this.#kept.push(at, bytes[end] === COMMA ? end + 1 : end);
        at = end;
      }
      if (bytes[at] !== COMMA) return at + 1;
    }
  }
}

function fieldsOf(protection: SealedFields): Fields {
  let found = known.get(protection);
  if (found === undefined) {
    const paths = fieldPathsOf(protection);
    const indexed = paths.map((path, index) => ({ path, index }));
    found = { steps: stepsAt(indexed, 0), labels: paths.map(({ pointer }) => labelOf(pointer)) };
    known.set(protection, found);
  }
  return found;
}

interface Indexed {
  readonly path: FieldPath;
  readonly index: number;
}

function stepsAt(paths: readonly Indexed[], depth: number): readonly Step[] {
  const byName = new Map<string, Indexed[]>();
  for (const each of paths) {
    const name = each.path.names[depth] ?? '';
    byName.set(name, [...(byName.get(name) ?? []), each]);
  }
  return [...byName].map(([name, below]) => {
    const [first] = below;
    // No field is within another, so one that ends here is alone.
    const isField = first?.path.names.length === depth + 1;
    return {
      label: labelOf(name),
      pointer: first?.path.pointer ?? '',
      field: isField ? first.index : undefined,
      steps: isField ? [] : stepsAt(below, depth + 1),
    };
  });
}

function labelOf(name: string): Buffer {
  return Buffer.from(`${JSON.stringify(name)}:`);
}

/** The one of the steps whose name a member has. */
function stepAt(bytes: Buffer, at: number, steps: readonly Step[]): Step | undefined {
  for (const step of steps) if (hasAt(bytes, at, step.label)) return step;
  return undefined;
}

function hasAt(bytes: Buffer, at: number, label: Buffer): boolean {
  for (let index = 0; index < label.length; index += 1) if (bytes[at + index] !== label[index]) return false;
  return true;
}

/** @returns the offset behind a value */
function skipValue(bytes: Buffer, start: number): number {
  const first = bytes[start];
  if (first === QUOTE) return skipString(bytes, start);
  if (first === OPEN || first === OPEN_LIST) return skipNested(bytes, start);
  let at = start;
  while (at < bytes.length && !isEnd(bytes[at])) at += 1;
  return at;
}

/** The end of a number, of `true`, `false` and `null`. */
function isEnd(byte: number | undefined): boolean {
  return byte === COMMA || byte === CLOSE || byte === CLOSE_LIST;
}

function skipNested(bytes: Buffer, start: number): number {
  let depth = 0;
  let at = start;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = skipString(bytes, at);
      continue;
    }
    at += 1;
    if (byte === OPEN || byte === OPEN_LIST) depth += 1;
    else if ((byte === CLOSE || byte === CLOSE_LIST) && --depth === 0) return at;
  }
  return at;
}

function skipString(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    at += byte === BACKSLASH ? 2 : 1;
  }
  return at;
}

function notJson(contract: AnyEventContract): Error {
  return tenantryError(
    'NOT_SERIALIZABLE',
    `${contract.eventType}: the data was not written as JSON.stringify writes it`,
  );
}
