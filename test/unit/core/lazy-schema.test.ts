import { describe, expect, it } from 'vitest';
import { lazySchema } from '../../../src/core/lazy-schema.js';

describe('lazySchema', () => {
  it('makes the schema when it is first asked for, and once', () => {
    let made = 0;
    const schema = lazySchema((z) => {
      made += 1;
      return z.int();
    });
    expect(made).toBe(0);
    expect(schema().parse(1)).toBe(1);
    expect(schema()).toBe(schema());
    expect(made).toBe(1);
  });
});
