import { createRequire } from 'node:module';

/** The version of this package. */
export function packageVersion(): string {
  // src/core and dist/core are equally far from it.
  const manifest = createRequire(import.meta.url)('../../package.json') as { readonly version: string };
  return manifest.version;
}
