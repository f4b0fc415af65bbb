// Links between the pages lead somewhere, and the site has all of them.
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { pages, readText, root } from './pages.ts';

it.each(pages)('%s has no link that leads nowhere', (page) => {
  const targets = [...readText(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  const broken = targets.filter((target) => !/^https?:/.test(target) && !leadsSomewhere(page, target));
  expect(broken).toEqual([]);
});

const { projectDocuments, guideSections, groupOrder } = JSON.parse(readText('typedoc.json')) as {
  readonly projectDocuments: readonly string[];
  readonly guideSections: Readonly<Record<string, string>>;
  readonly groupOrder: readonly string[];
};

it('typedoc.json lists every page of docs/', () => {
  const listed = projectDocuments.filter((page) => page.startsWith('docs/'));
  expect([...listed].sort()).toEqual(pages.filter((page) => page !== 'README.md').sort());
});

it('the sections of the site begin at pages that are there, in the order of the pages', () => {
  const names = projectDocuments.map((page) => basename(page, '.md'));
  const starts = Object.keys(guideSections);
  expect(names[0]).toBe(starts[0]);
  expect(names.filter((name) => starts.includes(name))).toEqual(starts);
  expect(groupOrder).toEqual([...Object.values(guideSections), '*']);
});

function leadsSomewhere(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(root, file))) return false;
  return anchor === undefined || anchorsOf(file).includes(anchor);
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(file: string): string[] {
  return [...readText(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
