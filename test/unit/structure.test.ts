// The shape of src: docs/architecture.md describes the floors, this table is what counts.
import { readFileSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** Imports go only to a lower floor; folders of one floor do not import each other. */
const FLOORS = [
  ['core'],
  ['tenant', 'telemetry', 'contract'],
  ['api', 'record'],
  ['serde', 'encryption', 'rate-limit', 'routing', 'transport'],
  ['producer', 'consumer', 'admin', 'erasure'],
  ['directory'],
  ['client'],
  ['testing', 'integrations', 'cli'],
];

/** The same within `consumer`: the files beside these folders put them together, and none of them imports those. */
const CONSUMER_FLOORS = [['ledger'], ['group'], ['handling'], ['reading', 'control']];

const MAX_LINES = 400;

interface SourceFile {
  /** Relative to src, with forward slashes. */
  readonly path: string;
  /** The folder of the floors; undefined for src/index.ts. */
  readonly folder: string | undefined;
  readonly text: string;
  /** Relative imports as paths below src, others as written. */
  readonly imports: readonly string[];
}

const files = readSources();

describe('the structure of src', () => {
  it('has every folder on a floor', () => {
    const folders = new Set(files.flatMap(({ folder }) => folder ?? []));
    expect([...folders].filter((folder) => floorOf(folder) === -1)).toEqual([]);
  });

  it('imports only from lower floors', () => {
    const wrong = files.flatMap(({ path, folder, imports }) =>
      imports
        .filter((imported) => folder !== undefined && files.some((file) => file.path === imported))
        .filter((imported) => folderOf(imported) !== folder && floorOf(folderOf(imported)) >= floorOf(folder))
        .map((imported) => `${path} imports ${imported}`),
    );
    expect(wrong).toEqual([]);
  });

  it('keeps the floors of the consumer, which is several things', () => {
    const floorIn = (path: string): number => {
      const [, folder] = /^consumer\/([^/]+)\//.exec(path) ?? [];
      return folder === undefined
        ? CONSUMER_FLOORS.length
        : CONSUMER_FLOORS.findIndex((floor) => floor.includes(folder));
    };
    const folderIn = (path: string): string => path.slice(0, path.lastIndexOf('/'));
    const inside = files.filter(({ path }) => path.startsWith('consumer/'));
    expect(inside.filter(({ path }) => floorIn(path) === -1).map(({ path }) => path)).toEqual([]);
    const wrong = inside.flatMap(({ path, imports }) =>
      imports
        .filter((imported) => imported.startsWith('consumer/') && folderIn(imported) !== folderIn(path))
        .filter((imported) => floorIn(imported) >= floorIn(path))
        .map((imported) => `${path} imports ${imported}`),
    );
    expect(wrong).toEqual([]);
  });

  it('has no import cycles', () => {
    expect(findCycle()).toEqual([]);
  });

  it('names the Kafka client, whose import loads the native addon, only in transport/', () => {
    expect(pathsWhere(({ folder, text }) => text.includes("'@confluentinc/") && folder !== 'transport')).toEqual([]);
  });

  it('loads zod with the first options, not when it is imported', () => {
    const isImport = /^import (?!type\b).*'zod'/m;
    const code = ({ text }: SourceFile): string => text.replaceAll(/\/\*[^]*?\*\//g, '');
    expect(pathsWhere((file) => isImport.test(code(file)))).toEqual([]);
  });

  it(`has files of at most ${MAX_LINES} lines`, () => {
    expect(pathsWhere(({ text }) => text.split('\n').length > MAX_LINES + 1)).toEqual([]);
  });

  it('has kebab-case names', () => {
    expect(pathsWhere(({ path }) => !/^([a-z0-9]+(-[a-z0-9]+)*[/.])+ts$/.test(path))).toEqual([]);
  });

  it('exports by name, one by one', () => {
    expect(pathsWhere(({ text }) => /^export (default\b|(type )?\*)/m.test(text))).toEqual([]);
  });

  it('has nothing but types in api/', () => {
    const isCode = /^export (async |abstract )?(const|let|function|class|enum)\b/m;
    expect(pathsWhere(({ folder, text }) => folder === 'api' && isCode.test(text))).toEqual([]);
  });
});

function pathsWhere(isWrong: (file: SourceFile) => boolean): string[] {
  return files.filter(isWrong).map(({ path }) => path);
}

function floorOf(folder: string | undefined): number {
  return folder === undefined ? FLOORS.length : FLOORS.findIndex((floor) => floor.includes(folder));
}

function folderOf(path: string): string | undefined {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : undefined;
}

function findCycle(): string[] {
  const importsOf = new Map(files.map(({ path, imports }) => [path, imports]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return [];
    for (const imported of importsOf.get(path) ?? []) {
      const cycle = visit(imported, [...trail, path]);
      if (cycle.length > 0) return cycle;
    }
    done.add(path);
    return [];
  };
  return files.map(({ path }) => visit(path, [])).find((cycle) => cycle.length > 0) ?? [];
}

function readSources(): SourceFile[] {
  const src = fileURLToPath(new URL('../../src/', import.meta.url));
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => {
      const path = name.replaceAll('\\', '/');
      const text = readFileSync(join(src, name), 'utf8');
      const code = text.replaceAll(/\/\*[^]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
      const imports = [...code.matchAll(/\b(?:from|import|require)\s*\(?\s*'([^']+)'/g)].map(([, specifier = '']) =>
        specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts') : specifier,
      );
      return { path, folder: folderOf(path), text, imports };
    });
}
