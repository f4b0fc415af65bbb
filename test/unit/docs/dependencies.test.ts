// docs/dependencies.md gives a reason for each package of package.json, and for no other.
import { expect, it } from 'vitest';
import { readText } from './pages.ts';

const manifest = JSON.parse(readText('package.json')) as Record<
  'dependencies' | 'peerDependencies' | 'devDependencies',
  Record<string, string>
>;
const page = readText('docs/dependencies.md');
const [, atRunTime = '', development = ''] =
  /## At run time([^]*?)## Not there[^]*?## For development([^]*)/.exec(page) ?? [];

/** Package names in the first column; `-core` continues the name before it. */
function packagesIn(section: string): string[] {
  const cells = [...section.matchAll(/^\| (`.*?) \|/gm)].map(([, cell = '']) => cell);
  return cells.flatMap((cell) => {
    const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
    const scope = names[0]?.replace(/\/.*/, '') ?? '';
    return names.map((name) => (name.startsWith('-') ? `${scope}/${name.slice(1)}` : name));
  });
}

it('gives a reason for each package at run time', () => {
  const names = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)];
  expect(packagesIn(atRunTime).sort()).toEqual(names.sort());
});

it('gives a reason for each package of development', () => {
  expect(packagesIn(development).sort()).toEqual(Object.keys(manifest.devDependencies).sort());
});
