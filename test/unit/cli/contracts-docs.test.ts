import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeBundle } from '../../../src/cli/contracts/bundle-files.js';
import { makeBundle } from '../../../src/contract/bundle/bundle.js';
import { CategorySet, OrderCharged, OrderPlacedV2 } from '../contract/bundle/contracts.js';
import { run } from './run.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenantry-'));
  const info = { name: '<script>alert(1)</script>', version: '1"2' };
  writeBundle(folder, makeBundle([OrderPlacedV2, OrderCharged, CategorySet], info));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function page(): Promise<string> {
  const file = join(folder, 'site/contracts.html');
  expect(await run('contracts', 'docs', folder, '--out', file)).toEqual({ exitCode: 0, out: `${file}\n`, note: '' });
  return readFileSync(file, 'utf8');
}

/** The cells of the rows whose first cell is this text. */
function rowsOf(html: string, first: string): string[][] {
  const rows = [...html.matchAll(/<tr>(.*?)<\/tr>/g)].map(([, row = '']) =>
    [...row.matchAll(/<td>(.*?)<\/td>/g)].map(([, cell = '']) => cell.replaceAll(/<\/?[a-z]+[^>]*>/g, '')),
  );
  return rows.filter(([cell]) => cell === first);
}

describe('tenantry contracts docs', () => {
  it('tells of every contract where it is, who owns it, its fields and examples', async () => {
    const html = await page();
    expect(rowsOf(html, 'orders.placed.v2')).toEqual([['orders.placed.v2', 'orders', 'team-orders', 'confidential']]);
    expect(rowsOf(html, 'cents')).toEqual([['cents', 'whole number', 'always', 'sealed', '']]);
    expect(rowsOf(html, 'card.number')).toEqual([['card.number', 'text', 'always', 'sealed', '']]);
    expect(rowsOf(html, 'card.brand')).toEqual([['card.brand', '&quot;V&quot; or &quot;M&quot;', 'always', '', '']]);
    expect(rowsOf(html, 'iban')).toEqual([['iban', 'text', 'maybe', 'sealed', '']]);
    expect(rowsOf(html, 'root.children')).toEqual([['root.children', 'list', 'always', '', '']]);
    expect(rowsOf(html, 'root.children[].name')).toEqual([]);
    expect(rowsOf(html, 'at')[0]?.[1]).toBe('text (date-time) or null');
    expect(html).toContain('Handlers also get version 1, which is upcast to this one.');
    expect(html).toContain('<code>currency</code>: publishers may leave it out.');
    expect(html).toContain('compacted: an event may be a tombstone');
    expect(html).toContain('&quot;cents&quot;: 950');
    for (const id of ['catalog.category-set.v1', 'orders.charged.v1', 'orders.placed.v1', 'orders.placed.v2']) {
      expect(html).toContain(`<section id="${id}">`);
      expect(html).toContain(`<a href="#${id}">`);
    }
  });

  it('shows text as text, loads nothing and runs nothing', async () => {
    const html = await page();
    expect(html).toContain('<title>Event contracts of &lt;script&gt;alert(1)&lt;/script&gt; 1&quot;2</title>');
    expect(html).toContain('An order was placed &lt;and&gt; &quot;paid&quot;.');
    expect(html).not.toMatch(/<script|<link|<img|\bsrc=|\bon\w+=|href="(?!#)|@import|url\(/i);
    const opened = [...html.matchAll(/<(section|table|dl|details|pre|main|nav)\b/g)].map(([, tag]) => tag);
    const closed = [...html.matchAll(/<\/(section|table|dl|details|pre|main|nav)>/g)].map(([, tag]) => tag);
    expect([...opened].sort()).toEqual([...closed].sort());
  });

  it.each([
    [[], 'a bundle is missing'],
    [['a', 'b', '--out', 'c'], 'only one bundle can be given'],
    [['a'], '--out is missing'],
    [['nowhere', '--out', 'c'], 'the bundle: nowhere cannot be read'],
  ])('%j is a usage error', async (args, message) => {
    const { exitCode, note } = await run('contracts', 'docs', ...args);
    expect(exitCode).toBe(2);
    expect(note).toContain(message);
  });
});
