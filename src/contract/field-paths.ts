import { tenantryError } from '../core/errors.js';
import { isWellFormed } from '../core/utf8.js';
import type { SealedFields } from './event-contract.js';

/** A JSON Pointer (RFC 6901), read apart. */
export interface FieldPath {
  readonly pointer: string;
  /** The names from the root of the data to the field; at least one. */
  readonly names: readonly string[];
}

/** `/` and text in which a `~` is always the beginning of `~0` or `~1`, once or more. */
const POINTER = /^(?:\/(?:[^~/]|~[01])*)+$/;
/** Names of a list's items, and names through which careless code reaches a prototype. */
const REFUSED_NAME = /^(?:0|[1-9][0-9]*|-|__proto__|constructor|prototype)$/;

const known = new WeakMap<SealedFields, readonly FieldPath[]>();

/** The fields that a protection names. */
export function fieldPathsOf(protection: SealedFields): readonly FieldPath[] {
  let paths = known.get(protection);
  if (paths === undefined) {
    const parsed = parseFieldPaths(protection.fields);
    if (typeof parsed === 'string') throw tenantryError('INVALID_CONTRACT', `protection: ${parsed}`);
    paths = parsed;
    known.set(protection, paths);
  }
  return paths;
}

/** The fields that a list of JSON Pointers names, or what is wrong with it. */
export function parseFieldPaths(fields: unknown): readonly FieldPath[] | string {
  if (!Array.isArray(fields) || fields.length === 0) return 'fields must be a list of at least one JSON Pointer';
  const paths: FieldPath[] = [];
  for (const pointer of fields as readonly unknown[]) {
    if (typeof pointer !== 'string' || !POINTER.test(pointer) || !isWellFormed(pointer))
      return 'each of fields must be a JSON Pointer (RFC 6901) such as /card/number';
    const names = pointer.slice(1).split('/').map(unescape);
    if (names.some((name) => REFUSED_NAME.test(name)))
      return `field ${pointer} must not lead through an item of a list, nor through __proto__, constructor or prototype`;
    const other = paths.find((path) => isWithin(names, path.names) || isWithin(path.names, names));
    if (other !== undefined) return `fields ${other.pointer} and ${pointer} must not overlap`;
    paths.push({ pointer, names });
  }
  return paths;
}

function unescape(name: string): string {
  return name.replaceAll('~1', '/').replaceAll('~0', '~');
}

function isWithin(inner: readonly string[], outer: readonly string[]): boolean {
  return outer.every((name, index) => name === inner[index]);
}
