import { MarkSearch } from '../../../src/testing/leaks/search/mark-search.js';
import { everythingIn } from './everything-in.js';

/** What left the library: where secrets are looked for. */
export type Place = 'an error' | 'a log event' | 'a span' | 'the headers of a copy';

/** A secret that was found; it does not repeat the secret. */
export interface Leak {
  readonly secret: string;
  readonly form: string;
  readonly place: Place;
}

/** So many may wait for their last fields before their texts are taken. */
const MOST_PENDING = 1_000;

/** Collects the secrets that are in play while tests run, and what left the library meanwhile. */
class SecretWatch {
  readonly #search = new MarkSearch<string>();
  /** The texts, each with its first place. */
  #texts = new Map<string, Place>();
  /** An error gets its fields after it is made. */
  #pending: { readonly place: Place; readonly value: unknown }[] = [];

  /** How much was seen, so that a test can tell that the watch is awake. */
  get counts(): { readonly secrets: number; readonly texts: number } {
    this.#settle();
    return { secrets: this.#search.size, texts: this.#texts.size };
  }

  /** Takes note of a secret; a copy is kept. */
  secret(name: string, value: Uint8Array | string): void {
    this.#search.add(name, value);
  }

  saw(place: Place, value: unknown): void {
    if (this.#pending.length >= MOST_PENDING) this.#settle();
    this.#pending.push({ place, value });
  }

  /** The secrets in all that was seen. */
  leaks(): Leak[] {
    this.#settle();
    return [...this.#texts].flatMap(([text, place]) =>
      this.#search.in(text).map(({ mark, form }) => ({ secret: mark, form, place })),
    );
  }

  /** What was seen has been looked through. The secrets stay: a later file of the process may use their keys. */
  forgetTexts(): void {
    this.#texts = new Map();
    this.#pending = [];
  }

  /** The leaks of `work` alone; for tests that plant some. What it shows counts for nothing else. */
  async apart(work: () => unknown): Promise<Leak[]> {
    this.#settle();
    const before = this.#texts;
    this.#texts = new Map();
    try {
      await work();
      return this.leaks();
    } finally {
      this.#texts = before;
      this.#pending = [];
    }
  }

  #settle(): void {
    for (const { place, value } of this.#pending.splice(0)) {
      const text = everythingIn(value);
      if (!this.#texts.has(text)) this.#texts.set(text, place);
    }
  }
}

/** The watch of this process: of one test file, or of some after another. */
export const secretWatch = new SecretWatch();
