import { createRequire } from 'node:module';
import type { z } from 'zod';

/** What `import { z } from 'zod'` gives. */
export type Zod = typeof z;

/** A schema, or parts of one, made when it is first asked for. */
export type Lazy<T> = () => T;

const require = createRequire(import.meta.url);

let zod: Zod | undefined;

/**
 * Describes options with a schema that is made once, when options are first checked: importing this library then
 * does not load zod, which would take as long as all the rest.
 */
export function lazySchema<T>(make: (zod: Zod) => T): Lazy<T> {
  let made: T | undefined;
  return () => {
    zod ??= (require('zod') as { readonly z: Zod }).z;
    return (made ??= make(zod));
  };
}
