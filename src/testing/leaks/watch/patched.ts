/**
 * Puts a function in the place of a method; where the method is inherited, before it.
 *
 * @returns puts everything back
 */
export function patched<T extends object, Name extends keyof T>(
  target: T,
  name: Name,
  replace: (original: T[Name]) => T[Name],
): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  const original = target[name];
  const replacement = replace(original);
  if (typeof original === 'function') {
    // Such as how `util.promisify` treats it.
    for (const key of Object.getOwnPropertySymbols(original)) copyProperty(original, replacement as object, key);
  }
  Object.defineProperty(target, name, {
    value: replacement,
    writable: true,
    configurable: true,
    enumerable: own?.enumerable ?? false,
  });
  return () => {
    if (own === undefined) Reflect.deleteProperty(target, name);
    else Object.defineProperty(target, name, own);
  };
}

function copyProperty(from: object, to: object, key: symbol): void {
  const descriptor = Object.getOwnPropertyDescriptor(from, key);
  if (descriptor !== undefined && !Object.hasOwn(to, key)) Object.defineProperty(to, key, descriptor);
}
