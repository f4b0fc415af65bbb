/** Why not everything that is written can be read. */
export interface Finding {
  /** `certain`: something may be written that is not read. `undecided`: a person has to look. */
  readonly verdict: 'certain' | 'undecided';
  /** Where in the data: `lines[].sku`; `(root)` is all of it. */
  readonly place: string;
  readonly reason: string;
}

/** A place in data. */
export class Place {
  readonly #text: string;
  /** How deep it lies. */
  readonly level: number;

  constructor(text = '', level = 0) {
    this.#text = text;
    this.level = level;
  }

  property(name: string): Place {
    return new Place(this.#text === '' ? name : `${this.#text}.${name}`, this.level + 1);
  }

  item(index: number | ''): Place {
    return new Place(`${this.#text}[${index}]`, this.level + 1);
  }

  toString(): string {
    return this.#text === '' ? '(root)' : this.#text;
  }
}
