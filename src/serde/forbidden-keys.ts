/**
 * Whether JSON holds a key that could reach a prototype where code copies it carelessly: an own `__proto__`,
 * or a `constructor` that holds a `prototype`. The value is walked only where its text might hold one.
 */
export function holdsForbiddenKey(text: string, parse: () => unknown): boolean {
  return mayHoldForbiddenKey(text) && walk(parse());
}

/** Escapes of ASCII characters count, because JSON may write any letter of a key as one. */
function mayHoldForbiddenKey(text: string): boolean {
  return text.includes('__proto__') || text.includes('constructor') || text.includes('\\u00');
}

// Without recursion: JSON.parse reads nesting of any depth, and this must not fail where it did not.
function walk(root: unknown): boolean {
  const pending: unknown[] = [root];
  while (pending.length > 0) {
    const node = pending.pop();
    if (typeof node !== 'object' || node === null) continue;
    if (Object.hasOwn(node, '__proto__') || holdsPrototype(node)) return true;
    for (const child of Object.values(node)) pending.push(child);
  }
  return false;
}

function holdsPrototype(node: object): boolean {
  if (!Object.hasOwn(node, 'constructor')) return false;
  const inner: unknown = node.constructor;
  return typeof inner === 'object' && inner !== null && Object.hasOwn(inner, 'prototype');
}
