/** What a codec made holds a key that could reach a prototype. */
class ForbiddenKey extends Error {}

/**
 * Plain data of what a codec made, as JSON would give it: no instances of the codec's own classes.
 *
 * @param nulls - `drop` where the format has no null, and the codec says so of what is absent
 * @throws where JSON would be refused for its keys
 */
export function plainData(made: unknown, nulls: 'keep' | 'drop'): unknown {
  if (typeof made !== 'object' || made === null || ArrayBuffer.isView(made)) return made;
  if (Array.isArray(made)) return made.map((item) => plainData(item, nulls));
  assertPlain(made);
  const plain: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(made)) {
    if (value === undefined || (value === null && nulls === 'drop')) continue;
    plain[key] = plainData(value, nulls);
  }
  const { constructor } = plain as { readonly constructor: unknown };
  if (Object.hasOwn(plain, 'constructor') && typeof constructor === 'object' && constructor !== null)
    if (Object.hasOwn(constructor, 'prototype')) throw new ForbiddenKey();
  return plain;
}

/** A codec that assigns a map's keys turns the key `__proto__` into the map's prototype. */
function assertPlain(made: object): void {
  const prototype: unknown = Object.getPrototypeOf(made);
  const isOfAClass = prototype === null || (typeof prototype === 'object' && Object.hasOwn(prototype, 'constructor'));
  if (!isOfAClass || Object.hasOwn(made, '__proto__')) throw new ForbiddenKey();
}
