import type { AnyEventContract } from '../contract/event-contract.js';
import type { FieldPath } from '../contract/field-paths.js';
import { tenantryError } from '../core/errors.js';

type JsonObject = Record<string, unknown>;

/**
 * Puts opened fields back into the readable rest of their event.
 *
 * @throws TenantryError `SEALED_FIELDS_INVALID` where a field that must be sealed stands in the clear, or one was
 * sealed that must not be, or that has no place
 */
export function putFields(
  contract: AnyEventContract,
  paths: readonly FieldPath[],
  root: unknown,
  sealed: unknown,
): void {
  if (!isObject(sealed)) throw invalid(contract, 'the seal holds no fields');
  let count = 0;
  for (const path of paths) {
    const { pointer } = path;
    const parent = parentOf(contract, path, root);
    const name = lastName(path);
    if (parent !== undefined && Object.hasOwn(parent, name)) throw invalid(contract, `${pointer} stands in the clear`);
    if (!Object.hasOwn(sealed, pointer)) continue;
    count += 1;
    if (parent === undefined) throw invalid(contract, `there is no place for ${pointer}`);
    parent[name] = sealed[pointer];
  }
  if (count !== Object.keys(sealed).length)
    throw invalid(contract, 'the seal holds a field that the contract does not name');
}

/** @returns undefined where the object that would hold the field is not there */
function parentOf(contract: AnyEventContract, { pointer, names }: FieldPath, root: unknown): JsonObject | undefined {
  let node = root;
  for (let depth = 0; node !== null; depth += 1) {
    if (!isObject(node)) throw invalid(contract, `${pointer} does not lead through objects only`);
    if (depth === names.length - 1) return node;
    const name = names[depth] ?? '';
    if (!Object.hasOwn(node, name)) return undefined;
    node = node[name];
  }
  return undefined;
}

function lastName({ names }: FieldPath): string {
  return names[names.length - 1] ?? '';
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(contract: AnyEventContract, why: string): Error {
  return tenantryError('SEALED_FIELDS_INVALID', `${contract.eventType}: ${why}`);
}
