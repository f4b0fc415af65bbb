import { describe, expect, it } from 'vitest';
import { deadLetter, retryAfter, verdictOf } from '../../../../src/consumer/handling/handler-verdict.js';

describe('a verdict', () => {
  it('is read from what a handler throws', () => {
    expect(verdictOf(deadLetter('no such order'))).toEqual({ kind: 'dead-letter', reason: 'no such order' });
    expect(verdictOf(retryAfter(5_000))).toEqual({ kind: 'retry', afterMs: 5_000 });
    expect(deadLetter('x')).toBeInstanceOf(Error);
  });

  it('cuts a long reason, and refuses a wait that is none', () => {
    expect(verdictOf(deadLetter('x'.repeat(500)))).toEqual({ kind: 'dead-letter', reason: 'x'.repeat(200) });
    const untyped = deadLetter as (reason?: unknown) => Error;
    expect(verdictOf(untyped())).toEqual({ kind: 'dead-letter', reason: 'no reason given' });
    for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY]) expect(() => retryAfter(wrong)).toThrow(RangeError);
  });

  it('is recognised when another copy of the package made it', () => {
    const other = Object.assign(new Error('x'), {
      verdict: { kind: 'retry', afterMs: 1 },
      [Symbol.for('tenantry.verdict')]: true,
    });
    expect(verdictOf(other)).toEqual({ kind: 'retry', afterMs: 1 });
  });

  it('is not read from anything else, and nothing that is thrown makes it throw', () => {
    const trap = (): never => {
      throw new Error('trap');
    };
    for (const thrown of [undefined, null, 1, 'x', new Error('x'), {}, new Proxy({}, { has: trap, get: trap })]) {
      expect(verdictOf(thrown)).toBeUndefined();
    }
  });
});
