/**
 * How much may still be looked at. Schemas refer to each other, so a short one can stand for more than anybody can go
 * through; what is not looked at any more is not known.
 */
export class Effort {
  #steps: number;
  readonly #whole: Effort | undefined;

  /** @param whole - what this one is a part of, and spends too */
  constructor(steps: number, whole?: Effort) {
    this.#steps = steps;
    this.#whole = whole;
  }

  /** Whether there is nothing left. */
  get isSpent(): boolean {
    return this.#steps <= 0 || (this.#whole?.isSpent ?? false);
  }

  /** @returns false where there was not enough left */
  spend(steps = 1): boolean {
    if (this.isSpent) return false;
    this.#steps -= steps;
    this.#whole?.spend(steps);
    return true;
  }
}
