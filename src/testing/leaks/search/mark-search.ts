import { formsOf, START, startsOf } from './forms.js';

/** What is shorter stands in any text by chance. */
const SHORTEST = 8;

/** A mark that stands in a text. */
export interface Found<T> {
  readonly mark: T;
  /** How it was written there, such as `UTF-8` or `hex`. */
  readonly form: string;
}

interface Entry<T> {
  readonly mark: T;
  readonly bytes: Buffer;
  forms?: Map<string, string>;
}

/** Looks in texts for many marks at once, in every form in which a program may write them. */
export class MarkSearch<T> {
  readonly #entries = new Map<string, Entry<T>>();
  /** Tens of thousands of marks may be in play, and of nearly all of them not even a beginning is found. */
  readonly #byStart = new Map<string, Set<Entry<T>>>();
  /** Those that may be written in fewer characters than a beginning has. */
  readonly #short = new Set<Entry<T>>();

  get size(): number {
    return this.#entries.size;
  }

  /** The first mark with the same bytes stays. */
  add(mark: T, value: Uint8Array | string): void {
    const bytes = Buffer.from(value as Uint8Array);
    // What was wiped is no secret any more.
    if (bytes.length < SHORTEST || bytes.every((byte) => byte === 0)) return;
    const key = bytes.toString('latin1');
    if (this.#entries.has(key)) return;
    const entry = { mark, bytes };
    this.#entries.set(key, entry);
    for (const start of startsOf(bytes)) {
      if (start.length < START) this.#short.add(entry);
      else entriesAt(this.#byStart, start).add(entry);
    }
  }

  /** The marks in a text, each once a form. */
  in(text: string): Found<T>[] {
    const candidates = new Set(this.#short);
    for (let at = 0; at + START <= text.length; at += 1) {
      for (const entry of this.#byStart.get(text.slice(at, at + START)) ?? []) candidates.add(entry);
    }
    return [...candidates].flatMap((entry) => {
      // Of forms that look the same the first, which is the plainest.
      entry.forms ??= new Map([...formsOf(entry.bytes)].reverse().map(([form, pattern]) => [pattern, form]));
      return [...entry.forms]
        .filter(([pattern]) => text.includes(pattern))
        .map(([, form]) => ({ mark: entry.mark, form }));
    });
  }
}

function entriesAt<T>(byStart: Map<string, Set<Entry<T>>>, start: string): Set<Entry<T>> {
  let entries = byStart.get(start);
  if (entries === undefined) {
    entries = new Set();
    byStart.set(start, entries);
  }
  return entries;
}
