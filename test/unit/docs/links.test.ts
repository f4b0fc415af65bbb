// Links between the pages lead somewhere, and the site has all of them.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { pages, readText, root } from './pages.ts';

it.each(pages)('%s has no link that leads nowhere', (page) => {
  const targets = [...readText(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  const broken = targets.filter((target) => !/^https?:/.test(target) && !leadsSomewhere(page, target));
  expect(broken).toEqual([]);
});

it('typedoc.json lists every page of docs/', () => {
  const { projectDocuments } = JSON.parse(readText('typedoc.json')) as { projectDocuments: string[] };
  expect([...projectDocuments].sort()).toEqual(pages.filter((page) => page !== 'README.md').sort());
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
