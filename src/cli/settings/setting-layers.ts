import { shownName } from '../../core/invalid-options.js';
import { usageError } from '../command.js';

/** One setting: where it stands among the options, what it is, and who says so. */
export interface Setting {
  /** Dotted, as in errors: `connection.sasl.password`. */
  readonly path: string;
  readonly value: unknown;
  /** For people: `tenantry.config.ts`, `the variable TENANTRY_BROKERS`, `--brokers`. */
  readonly source: string;
}

/** The settings of one source. */
export interface SettingLayer {
  /** Paths of which nothing remains that lighter sources have said, also below them. */
  readonly replaced: readonly string[];
  readonly settings: readonly Setting[];
}

/** Puts layers on top of each other, the lightest first. */
export function layered(layers: readonly SettingLayer[]): readonly Setting[] {
  const settings = new Map<string, Setting>();
  for (const layer of layers) {
    const over = [...layer.replaced, ...layer.settings.map(({ path }) => path)];
    for (const path of settings.keys()) {
      if (over.some((one) => isAtOrBelow(path, one) || isAtOrBelow(one, path))) settings.delete(path);
    }
    for (const setting of layer.settings) settings.set(setting.path, setting);
  }
  return [...settings.values()];
}

/** The object that settings make together. */
export function objectOf(settings: readonly Setting[]): Record<string, unknown> {
  const whole: Record<string, unknown> = {};
  for (const { path, value } of settings) {
    const steps = path.split('.');
    const last = steps.pop() ?? path;
    let place = whole;
    for (const step of steps) place = (place[step] ??= {}) as Record<string, unknown>;
    place[last] = value;
  }
  return whole;
}

/**
 * Who has said what is wrong at a path. Where something is missing there, it is missing beside what others have said.
 *
 * @returns undefined where nobody has said anything near
 */
export function sourceOf(path: string, settings: readonly Setting[]): string | undefined {
  const found = settings.filter((setting) => isAtOrBelow(path, setting.path) || isAtOrBelow(setting.path, path));
  if (found.length > 0) return [...new Set(found.map(({ source }) => source))].join(', ');
  const end = path.lastIndexOf('.');
  return end < 0 ? undefined : sourceOf(path.slice(0, end), settings);
}

/** The settings that an object of options holds: those of `connection` one by one, the others whole. */
export function settingsIn(options: Readonly<Record<string, unknown>>, source: string): readonly Setting[] {
  return namedIn(options, source).flatMap(([name, value]) =>
    name === 'connection' ? leavesOf(name, value, source) : { path: name, value, source },
  );
}

/** What `ssl` holds stays together; the fields of `sasl` are settings of their own. */
export function leavesOf(path: string, value: unknown, source: string): readonly Setting[] {
  const isParent = path === 'connection' || path === 'connection.sasl';
  if (!isParent || typeof value !== 'object' || value === null || Array.isArray(value))
    return [{ path, value, source }];
  // An empty object says something too: what is missing in it.
  if (Object.keys(value).length === 0) return [{ path, value, source }];
  return namedIn(value, source).flatMap(([name, inner]) => leavesOf(`${path}.${name}`, inner, source));
}

/** A name with a dot would be taken for a place below another, and `__proto__` for no name at all. */
function namedIn(options: object, source: string): readonly (readonly [name: string, value: unknown])[] {
  const entries = Object.entries(options);
  const wrong = entries.find(([name]) => name === '__proto__' || name.includes('.'));
  if (wrong === undefined) return entries;
  throw usageError(`${source}: ${shownName(wrong[0])} is not an option`);
}

function isAtOrBelow(path: string, other: string): boolean {
  return path === other || path.startsWith(`${other}.`);
}
