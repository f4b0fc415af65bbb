import { lazySchema } from '../../core/lazy-schema.js';

/** Deeper than any contract, and not too deep to be walked through. */
const MAX_LEVELS = 200;

const TOO_DEEP = `must not be nested deeper than ${MAX_LEVELS} levels`;

/** A JSON Schema as the file of a bundle or an expectation holds it. */
export const schemaInFile = lazySchema((z) =>
  z.record(z.string(), z.unknown()).refine((schema) => isShallow(schema, MAX_LEVELS), TOO_DEEP),
);

/** Any value as such a file holds it. */
export const valueInFile = lazySchema((z) => z.unknown().refine((value) => isShallow(value, MAX_LEVELS), TOO_DEEP));

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((item) => isShallow(item, levels - 1));
}
