import { describe, expect, it } from 'vitest';
import { CircuitBreaker } from '../../../src/encryption/circuit-breaker.js';

const KEY = 'acme:00';

describe('a circuit', () => {
  it('opens with the third failure in a row, and with the first that is a time-out', () => {
    const breaker = new CircuitBreaker(() => 0);
    expect([breaker.failed(KEY, 'other'), breaker.failed(KEY, 'other'), breaker.admits(KEY)]).toEqual([
      false,
      false,
      true,
    ]);
    expect(breaker.failed(KEY, 'other')).toBe(true);
    expect(breaker.admits(KEY)).toBe(false);
    expect(breaker.failed('acme:01', 'timeout')).toBe(true);
    expect(breaker.admits('acme:02')).toBe(true);
    expect([...breaker.open()]).toEqual([KEY, 'acme:01']);
  });

  it('counts failures in a row only', () => {
    const breaker = new CircuitBreaker(() => 0);
    for (let call = 0; call < 20; call++) {
      breaker.failed(KEY, 'other');
      breaker.failed(KEY, 'other');
      expect(breaker.answered(KEY)).toBe(false);
    }
    expect([breaker.admits(KEY), breaker.isSuspect(KEY)]).toEqual([true, false]);
  });

  it('is closed again by any answer, and tells so', () => {
    const breaker = new CircuitBreaker(() => 0);
    breaker.failed(KEY, 'timeout');
    expect(breaker.answered(KEY)).toBe(true);
    expect(breaker.admits(KEY)).toBe(true);
  });

  it('learns nothing more from calls that were under way when it opened', () => {
    const breaker = new CircuitBreaker(() => 0);
    breaker.failed(KEY, 'timeout');
    expect([breaker.failed(KEY, 'timeout'), breaker.failed(KEY, 'other')]).toEqual([false, false]);
    expect(breaker.pauseMs(KEY)).toBe(1_000);
  });

  it('is probed after pauses that double up to 15 s, a quarter shorter at most', () => {
    for (const [random, factor] of [
      [0, 1],
      [1, 0.75],
    ] as const) {
      const breaker = new CircuitBreaker(() => random);
      breaker.failed(KEY, 'timeout');
      const pauses: number[] = [];
      for (let probe = 0; probe < 6; probe++) {
        pauses.push(breaker.pauseMs(KEY) / factor);
        breaker.admits(KEY);
        expect(breaker.mayProbe(KEY)).toBe(true);
      }
      expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    }
  });

  it('is not probed when nobody asks any more, and opens again with the first failure', () => {
    const breaker = new CircuitBreaker(() => 0);
    breaker.failed(KEY, 'timeout');
    expect(breaker.mayProbe(KEY)).toBe(true);
    expect(breaker.mayProbe(KEY)).toBe(false);
    expect(breaker.admits(KEY)).toBe(true);
    expect(breaker.failed(KEY, 'other')).toBe(true);
  });

  it('threat 49: is remembered for 20,000 keys at most', () => {
    const breaker = new CircuitBreaker(() => 0);
    for (let key = 0; key < 20_001; key++) breaker.failed(`t${key}:00`, 'timeout');
    expect(breaker.admits('t0:00')).toBe(true);
    expect(breaker.admits('t1:00')).toBe(false);
  });
});
