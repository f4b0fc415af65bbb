// `tenantry/contract` is imported by contract packages and by front ends.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as entry from '../../../src/contract/index.js';

describe('the entry point tenantry/contract', () => {
  it('exports defineEvent and types only', () => {
    expect(Object.keys(entry)).toEqual(['defineEvent']);
  });

  it('loads nothing but files of its own: no package, no module of Node.js', () => {
    const imported = importsBelow(new URL('../../../src/contract/index.ts', import.meta.url));
    expect([...imported].filter((specifier) => !specifier.startsWith('.'))).toEqual([]);
    expect(imported.size).toBeGreaterThan(3);
  });
});

function importsBelow(start: URL): Set<string> {
  const imports = new Set<string>();
  const seen = new Set<string>();
  const pending = [start];
  for (let url = pending.pop(); url !== undefined; url = pending.pop()) {
    if (seen.has(url.href)) continue;
    seen.add(url.href);
    for (const specifier of valueImports(url)) {
      imports.add(specifier);
      if (specifier.startsWith('.')) pending.push(new URL(specifier.replace(/\.js$/, '.ts'), url));
    }
  }
  return imports;
}

/** Imports that remain at run time; those of types are gone by then. */
function valueImports(url: URL): string[] {
  const text = readFileSync(url, 'utf8');
  const pattern = /^(?:import|export) (?!type )[^;]*?from '([^']+)'|^import '([^']+)'/gm;
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? '');
}
