/** Whether two values of JSON say the same, whatever the order of keys is. */
export function sameJson(some: unknown, other: unknown): boolean {
  if (typeof some !== 'object' || typeof other !== 'object' || some === null || other === null) return some === other;
  if (Array.isArray(some) !== Array.isArray(other)) return false;
  const keys = Object.keys(some);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && sameJson(Reflect.get(some, key), Reflect.get(other, key)))
  );
}
