import { seededRandom, type Random } from '../../fixtures/seeded-random.js';

/** Choices that a seed makes. */
export class Choices {
  readonly #next: Random;

  constructor(seed: number) {
    this.#next = seededRandom(seed);
  }

  /** A whole number from 0 to `count` − 1. */
  below(count: number): number {
    return Math.floor(this.#next() * count);
  }

  isTrue(probability: number): boolean {
    return this.#next() < probability;
  }

  /** The same items in another order. */
  shuffled<T>(items: Iterable<T>): T[] {
    const order = [...items];
    for (let last = order.length - 1; last > 0; last -= 1) {
      const at = this.below(last + 1);
      [order[last], order[at]] = [order[at] as T, order[last] as T];
    }
    return order;
  }
}
