// `node scripts/docs/check-site.mjs FOLDER`: the built site has no dead links, takes nothing from elsewhere, so that it
// works from files, and its search knows every guide and entry point. Exits with 1 where something is wrong.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inflateSync } from 'node:zlib';

// A link may lead elsewhere; what the browser loads by itself may not.
const REFERENCE = /<(a|link|script|img|use|iframe|source)\b[^>]*?\s(?:href|src)="([^"]*)"/g;
const ELSEWHERE = /^(?:[a-z]+:)?\/\//;

/**
 * What is wrong with a site, each with its place; empty where nothing is.
 *
 * @param {string} folder
 * @returns {string[]}
 */
export function problemsOfSite(folder) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll(sep, '/'));
  const pages = new Map(names.filter((name) => name.endsWith('.html')).map((name) => [name, readPage(folder, name)]));
  return [
    ...[...pages].flatMap(([page, { references }]) =>
      references.flatMap(({ tag, target }) => problemOfReference(folder, pages, page, tag, target)),
    ),
    ...names.filter((name) => name.endsWith('.css')).flatMap((name) => problemsOfStyle(folder, name)),
    ...problemsOfSearch(folder, [...pages.keys()]),
  ];
}

/**
 * @typedef {object} Page
 * @property {{ tag: string, target: string }[]} references
 * @property {Set<string>} anchors
 */

/**
 * @param {string} folder
 * @param {string} name
 * @returns {Page}
 */
function readPage(folder, name) {
  const html = readFileSync(join(folder, name), 'utf8');
  return {
    references: [...html.matchAll(REFERENCE)].map(([, tag = '', target = '']) => ({ tag, target })),
    anchors: new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => id)),
  };
}

/**
 * @param {string} folder
 * @param {Map<string, Page>} pages
 * @param {string} page
 * @param {string} tag
 * @param {string} target
 * @returns {string[]}
 */
function problemOfReference(folder, pages, page, tag, target) {
  if (ELSEWHERE.test(target)) return tag === 'a' ? [] : [`${page}: loads ${target}`];
  if (/^(?:data|mailto):/.test(target)) return [];
  const [path = '', anchor = ''] = target.replaceAll('&amp;', '&').split('#');
  const file = path === '' ? page : posix.join(posix.dirname(page), decodeURIComponent(path.replace(/\?.*/, '')));
  if (file.startsWith('..') || !existsSync(join(folder, file))) return [`${page}: ${target} leads nowhere`];
  const anchors = pages.get(file)?.anchors;
  // Other files than pages have no anchors to look for.
  if (anchor === '' || anchors === undefined || anchors.has(decodeURIComponent(anchor))) return [];
  return [`${page}: ${target} leads to no heading`];
}

/**
 * @param {string} folder
 * @param {string} name
 */
function problemsOfStyle(folder, name) {
  const style = readFileSync(join(folder, name), 'utf8');
  const loaded = [...style.matchAll(/(?:url\(\s*|@import\s+)["']?([^"')\s]+)/g)].map(([, target = '']) => target);
  return loaded.filter((target) => ELSEWHERE.test(target)).map((target) => `${name}: loads ${target}`);
}

/**
 * The search must find every guide and entry point.
 *
 * @param {string} folder
 * @param {string[]} pages
 */
function problemsOfSearch(folder, pages) {
  const script = readFileSync(join(folder, 'assets/search.js'), 'utf8');
  const [, data = ''] = /"([^"]+)"/.exec(script) ?? [];
  /** @type {{ rows: { url: string }[] }} */
  const { rows } = JSON.parse(inflateSync(Buffer.from(data, 'base64')).toString());
  const found = new Set(rows.map(({ url }) => url));
  return pages
    .filter((page) => /^(?:guides|modules)\//.test(page) && !found.has(page))
    .map((page) => `${page}: the search does not know it`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const folder = process.argv[2] ?? 'site';
  const problems = problemsOfSite(folder);
  for (const problem of problems) console.error(`${relative('.', folder)}/${problem}`);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(`${relative('.', folder)}: every link leads somewhere, and nothing is loaded from elsewhere`);
}
