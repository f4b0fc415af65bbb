// What checks the built site notices what is wrong with one, and links stand where they should.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { problemsOfSite } from '../../../scripts/docs/check-site.mjs';
import { linkedNames } from '../../../scripts/docs/linked-names.mjs';

describe('the check of the site', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tenantry-site-'));
    write('assets/search.js', searchOf(['guides/a.html']));
    write('assets/style.css', 'a { background: url("data:image/png;base64,AA==") }');
    write(
      'guides/a.html',
      '<link rel="stylesheet" href="../assets/style.css"/><h2 id="top">A</h2><a href="#top">A</a>',
    );
    write(
      'index.html',
      '<a href="guides/a.html#top">A</a> <a href="https://example.com/">E</a> <a href="mailto:a@example.com">M</a>',
    );
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  const searchOf = (urls: readonly string[]): string =>
    `window.searchData = "${deflateSync(JSON.stringify({ rows: urls.map((url) => ({ url })) })).toString('base64')}"`;

  it('finds nothing where nothing is wrong', () => {
    expect(problemsOfSite(folder)).toEqual([]);
  });

  it.each([
    ['a page that is not there', '<a href="guides/b.html">B</a>', 'index.html: guides/b.html leads nowhere'],
    [
      'a heading that is not there',
      '<a class="x" href="guides/a.html#b">B</a>',
      'index.html: guides/a.html#b leads to no heading',
    ],
    ['a place outside of the site', '<a href="../secret">S</a>', 'index.html: ../secret leads nowhere'],
    ['an image that is not there', '<img alt="" src="a.png">', 'index.html: a.png leads nowhere'],
    [
      'a script from elsewhere',
      '<script defer src="https://cdn.example/a.js"></script>',
      'index.html: loads https://cdn.example/a.js',
    ],
    [
      'a style from elsewhere',
      '<link rel="stylesheet" href="//cdn.example/a.css"/>',
      'index.html: loads //cdn.example/a.css',
    ],
  ])('finds %s', (_what, html, problem) => {
    write('index.html', html);
    expect(problemsOfSite(folder)).toEqual([problem]);
  });

  it('finds a font from elsewhere', () => {
    write('assets/style.css', '@font-face { src: url(https://fonts.example/a.woff2) }');
    expect(problemsOfSite(folder)).toEqual(['assets/style.css: loads https://fonts.example/a.woff2']);
  });

  it('finds a guide that the search does not know', () => {
    write('assets/search.js', searchOf([]));
    expect(problemsOfSite(folder)).toEqual(['guides/a.html: the search does not know it']);
  });
});

describe('names in the text', () => {
  const page = {
    url: 'guides/consuming.html',
    codes: new Set(['RATE_LIMITED']),
    names: new Map([
      ['TenantKafka', 'classes/tenantry.TenantKafka.html'],
      ['Here', 'guides/consuming.html'],
    ]),
  };
  const linked = (html: string): string => linkedNames(html, page);

  it('lead to the entry of a code, or to the API', () => {
    expect(linked('<p><code>RATE_LIMITED</code> of <code>TenantKafka</code></p>')).toBe(
      '<p><a href="../guides/troubleshooting.html#rate_limited" class="tn-name"><code>RATE_LIMITED</code></a> of ' +
        '<a href="../classes/tenantry.TenantKafka.html" class="tn-name"><code>TenantKafka</code></a></p>',
    );
  });

  it.each([
    '<a href="x"><code>RATE_LIMITED</code></a>',
    '<h2 id="a"><code>RATE_LIMITED</code></h2>',
    '<pre><code>RATE_LIMITED</code></pre>',
    '<code>toString</code>',
    '<code>RATE_LIMITED: no</code>',
    '<code>Here</code>',
  ])('are left as they are in %s', (html) => {
    expect(linked(html)).toBe(html);
  });
});
