// What the documentation site has beyond plain TypeDoc: guides under their own titles and in sections, entry points
// under the names by which they are imported, names in the text as links, and sources that browsers show.
import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { Converter, KindRouter, PageEvent, PageKind, ParameterType, ReflectionKind, RendererEvent } from 'typedoc';
import { linkedNames } from './linked-names.mjs';

/** @typedef {import('typedoc').Reflection} Reflection */

/** Guides are at `guides/{file name}.html`, whatever their titles. */
const slugs = /** @type {WeakMap<Reflection, string>} */ (new WeakMap());

// Browsers show plain text and save what has these ends; they take `.ts` for a film.
const SOURCE = /\.(?:ts|py)$/;
const SOURCE_LINK = /(href="[^"]*\bmedia\/[^"]+\.(?:ts|py))"/g;

class GuideRouter extends KindRouter {
  /**
   * @param {Reflection} reflection
   * @override
   */
  getIdealBaseName(reflection) {
    const slug = slugs.get(reflection);
    return slug === undefined ? super.getIdealBaseName(reflection) : `guides/${slug}`;
  }
}

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.options.addDeclaration({
    name: 'guideSections',
    help: 'Titles of sections of guides, by the file name of the guide that each begins with.',
    type: ParameterType.Mixed,
    defaultValue: {},
  });
  app.renderer.defineRouter('guides', GuideRouter);

  let section = '';
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document) => {
    const slug = slugOf(document.name);
    slugs.set(document, slug);
    document.name = titleOf(document);
    section = sectionsOf(app)[slug] ?? section;
    document.frontmatter['group'] = section;
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) module.name = importedName(module.name);
  });

  let codes = /** @type {ReadonlySet<string>} */ (new Set());
  let names = /** @type {ReadonlyMap<string, string>} */ (new Map());
  app.renderer.on(RendererEvent.BEGIN, ({ project }) => {
    codes = new Set(
      project.documents?.flatMap((guide) => (slugs.get(guide) === 'troubleshooting' ? codesIn(guide) : [])),
    );
    names = pagesOfNames(app, project);
  });
  app.renderer.on(PageEvent.END, (page) => {
    const isGuide = page.pageKind === PageKind.Document || page.url === 'index.html';
    const linked = linkedNames(page.contents ?? '', { url: page.url, codes, names: isGuide ? names : new Map() });
    page.contents = linked.replaceAll(SOURCE_LINK, '$1.txt"');
  });
  // After the files have been copied.
  app.renderer.on(
    RendererEvent.END,
    ({ outputDirectory }) => {
      const media = join(outputDirectory, 'media');
      for (const name of readdirSync(media)) {
        if (SOURCE.test(name)) renameSync(join(media, name), join(media, `${name}.txt`));
      }
    },
    -1_000,
  );
}

/**
 * @param {import('typedoc').Application} app
 * @returns {Record<string, string>}
 */
function sectionsOf(app) {
  return /** @type {Record<string, string>} */ (app.options.getValue('guideSections'));
}

/**
 * The last part of a page's path, or its folder's name where that says more.
 *
 * @param {string} path - without extension
 */
function slugOf(path) {
  return path
    .replace(/\/README$/, '')
    .replace(/^.*\//, '')
    .toLowerCase();
}

/** @param {import('typedoc').DocumentReflection} document */
function textOf(document) {
  return document.content.map(({ text }) => text).join('');
}

/** @param {import('typedoc').DocumentReflection} document */
function titleOf(document) {
  const [, title] = /^# (.+)$/m.exec(textOf(document)) ?? [];
  if (title === undefined) throw new Error(`the guide ${document.name} has no title`);
  return title;
}

/** @param {import('typedoc').DocumentReflection} guide */
function codesIn(guide) {
  return [...textOf(guide).matchAll(/^### ([A-Z_]+)$/gm)].map(([, code = '']) => code);
}

/**
 * `index` is the package itself, `integrations/redis` is `tenantry/redis`.
 *
 * @param {string} entryPoint
 */
function importedName(entryPoint) {
  return entryPoint === 'index' ? 'tenantry' : `tenantry/${entryPoint.replace('integrations/', '')}`;
}

/**
 * Where each exported name is documented. One of the package itself comes before one of another entry point.
 *
 * @param {import('typedoc').Application} app
 * @param {import('typedoc').ProjectReflection} project
 */
function pagesOfNames({ renderer: { router } }, project) {
  const modules = project.getReflectionsByKind(ReflectionKind.Module).sort((a) => (a.name === 'tenantry' ? 1 : -1));
  const pages = /** @type {Map<string, string>} */ (new Map());
  for (const module of modules) {
    module.traverse((exported) => {
      const target = exported.isReference() ? exported.getTargetReflectionDeep() : exported;
      if (router?.hasUrl(target)) pages.set(exported.name, router.getFullUrl(target));
    });
  }
  return pages;
}
