// Where the main thread's time goes, from a sampled profile.
import type { Profiler } from 'node:inspector';

/** Microseconds of the main thread a record, by file of the library. */
export interface Share {
  readonly part: string;
  readonly micros: number;
}

/**
 * Divides what the main thread takes for a record as the samples are divided; sampling itself costs something,
 * so the samples say nothing about the sum.
 *
 * Time spent outside the library, in a dependency or in Node.js itself, counts for the file that called it:
 * zod for the validation, AES for the cipher.
 */
export function breakdown(profile: Profiler.Profile, mainThreadMicros: number): Share[] {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const selfMicros = new Map<number, number>();
  profile.samples?.forEach((id, index) => {
    selfMicros.set(id, (selfMicros.get(id) ?? 0) + (profile.timeDeltas?.[index] ?? 0));
  });
  const totals = new Map<string, number>();
  const visit = (id: number, inherited: string): void => {
    const node = nodes.get(id);
    if (node === undefined) return;
    const part = partOf(node.callFrame) ?? inherited;
    totals.set(part, (totals.get(part) ?? 0) + (selfMicros.get(id) ?? 0));
    for (const child of node.children ?? []) visit(child, part);
  };
  const root = profile.nodes[0];
  if (root !== undefined) visit(root.id, 'Node.js');
  totals.delete(IDLE);
  const sum = [...totals.values()].reduce((total, micros) => total + micros, 0);
  return [...totals]
    .map(([part, micros]) => ({ part, micros: (micros / sum) * mainThreadMicros }))
    .sort((a, b) => b.micros - a.micros);
}

const IDLE = 'idle';
const NOT_CALLED = new Map([
  ['(garbage collector)', 'garbage collector'],
  ['(program)', 'outside of JavaScript'],
  ['(idle)', IDLE],
]);

function partOf({ functionName, url }: Profiler.ProfileNode['callFrame']): string | undefined {
  const own = /\/dist\/(.+)\.js$/.exec(url)?.[1];
  if (own !== undefined && !url.includes('/node_modules/')) return own;
  if (url.includes('/bench/')) return 'the benchmark';
  if (url.includes('/kafka-javascript/')) return 'the native client';
  if (url.startsWith('node:inspector') || url.startsWith('node:internal/inspector')) return IDLE;
  return NOT_CALLED.get(functionName);
}
