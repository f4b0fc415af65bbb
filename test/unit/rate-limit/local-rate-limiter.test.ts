import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/core/clock.js';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import { localRateLimiter, type LocalRateLimiter } from '../../../src/rate-limit/local-rate-limiter.js';
import type { TenantRateLimit } from '../../../src/tenant/directory.js';

const acme = parseTenantId('acme');
const globex = parseTenantId('globex');

class HandClock implements Clock {
  now = 0;
  nowMs(): number {
    return this.now;
  }
  monotonicMs(): number {
    return this.now;
  }
  setTimer(): never {
    throw new Error('the limiter sets no timers');
  }
}

function limiterOf(
  limit: TenantRateLimit | undefined,
  burstMs?: number,
): { clock: HandClock; limiter: LocalRateLimiter } {
  const clock = new HandClock();
  return { clock, limiter: localRateLimiter({ clock, limitOf: () => limit, burstMs }) };
}

/** Asks again at once until it is refused; the number of admissions. */
function admitAll(limiter: LocalRateLimiter, bytes: number): number {
  let admitted = 0;
  while (limiter.tryAdmit(acme, { bytes }) === 0) admitted++;
  return admitted;
}

const rates = fc.double({ min: 0.01, max: 1e6, noNaN: true });
const limits = fc.record({
  eventsPerSecond: fc.option(rates, { nil: undefined }),
  bytesPerSecond: fc.option(fc.double({ min: 1, max: 1e9, noNaN: true }), { nil: undefined }),
});
const bursts = fc.integer({ min: 1, max: 5_000 });
const sizes = fc.integer({ min: 70, max: 1_000_000 });
// A long uptime, because that is when fractions of a millisecond get lost.
const starts = fc.double({ min: 0, max: 1e11, noNaN: true });
const calls = fc.array(fc.record({ afterMs: fc.double({ min: 0, max: 3_000, noNaN: true }), bytes: sizes }), {
  minLength: 1,
  maxLength: 200,
});

describe('localRateLimiter', () => {
  it('admits everything where nothing is limited, and remembers nobody', () => {
    for (const limit of [undefined, {}, { eventsPerSecond: undefined }]) {
      const { limiter } = limiterOf(limit);
      for (let call = 0; call < 1_000; call++) expect(limiter.tryAdmit(acme, { bytes: 1e9 })).toBe(0);
      limiter.charge(acme, { bytes: 1 });
      limiter.refund(acme, { bytes: 1 });
      expect(limiter.rememberedTenants).toBe(0);
    }
  });

  it('lets an idle tenant use one burst at once, then its rate', () => {
    const { clock, limiter } = limiterOf({ eventsPerSecond: 500 });
    expect(admitAll(limiter, 100)).toBe(500);
    clock.now += 100;
    expect(admitAll(limiter, 100)).toBe(50);
    clock.now += 3_600_000;
    expect(admitAll(limiter, 100)).toBe(500);
  });

  it('holds both limits, and charges neither where one refuses', () => {
    const { clock, limiter } = limiterOf({ eventsPerSecond: 10, bytesPerSecond: 1_000 });
    expect(limiter.tryAdmit(acme, { bytes: 1_000 })).toBe(0);
    for (let call = 0; call < 50; call++) expect(limiter.tryAdmit(acme, { bytes: 500 })).toBe(500);
    clock.now += 500;
    // All ten events are there: the refusals by bytes took none.
    expect(limiter.tryAdmit(acme, { bytes: 500 })).toBe(0);
    clock.now += 1_000;
    expect(admitAll(limiter, 1)).toBe(10);
    expect(limiter.tryAdmit(acme, { bytes: 1 })).toBeCloseTo(100);
  });

  it('admits a record larger than the burst once the bucket is full, into debt', () => {
    const { clock, limiter } = limiterOf({ bytesPerSecond: 1_000 });
    expect(limiter.tryAdmit(acme, { bytes: 5_000 })).toBe(0);
    expect(limiter.tryAdmit(acme, { bytes: 5_000 })).toBeCloseTo(5_000);
    expect(limiter.tryAdmit(acme, { bytes: 1 })).toBeCloseTo(4_001);
    clock.now += 5_000;
    expect(limiter.tryAdmit(acme, { bytes: 5_000 })).toBe(0);
  });

  it('admits less than one event a second', () => {
    const { clock, limiter } = limiterOf({ eventsPerSecond: 0.1 });
    expect(limiter.tryAdmit(acme, { bytes: 1 })).toBe(0);
    expect(limiter.tryAdmit(acme, { bytes: 1 })).toBeCloseTo(10_000);
    clock.now += 10_000;
    expect(limiter.tryAdmit(acme, { bytes: 1 })).toBe(0);
  });

  it('charges copies into debt, which is paid off at the rate', () => {
    const { clock, limiter } = limiterOf({ eventsPerSecond: 10 });
    for (let copy = 0; copy < 30; copy++) limiter.charge(acme, { bytes: 100 });
    expect(limiter.tryAdmit(acme, { bytes: 100 })).toBeCloseTo(2_100);
    clock.now += 2_100;
    expect(limiter.tryAdmit(acme, { bytes: 100 })).toBe(0);
  });

  it.each([0, -1, Number.NaN])(
    'never admits at the rate %d that some directory may answer, and recovers from it',
    (rate) => {
      let limit: TenantRateLimit = { eventsPerSecond: rate };
      const limiter = localRateLimiter({ clock: new HandClock(), limitOf: () => limit });
      expect(limiter.tryAdmit(acme, { bytes: 1 })).toBe(Number.POSITIVE_INFINITY);
      limiter.charge(acme, { bytes: 1 });
      limiter.refund(acme, { bytes: 1 });
      limit = { eventsPerSecond: 10 };
      expect(admitAll(limiter, 1)).toBe(10);
    },
  );

  it('follows a changed limit at once', () => {
    let limit: TenantRateLimit = { eventsPerSecond: 10 };
    const limiter = localRateLimiter({ clock: new HandClock(), limitOf: () => limit });
    expect(admitAll(limiter, 1)).toBe(10);
    limit = {};
    expect(limiter.tryAdmit(acme, { bytes: 1 })).toBe(0);
    limit = { eventsPerSecond: 1_000 };
    expect(limiter.tryAdmit(acme, { bytes: 1 })).toBeCloseTo(1);
  });

  it('admits at most rate × span + burst in every span, so no edge of a window lets two bursts through', () => {
    fc.assert(
      fc.property(limits, bursts, starts, calls, (limit, burstMs, start, sequence) => {
        const { clock, limiter } = limiterOf(limit, burstMs);
        clock.now = start;
        const admitted: { at: number; bytes: number }[] = [];
        for (const { afterMs, bytes } of sequence) {
          clock.now += afterMs;
          if (limiter.tryAdmit(acme, { bytes }) === 0) admitted.push({ at: clock.now, bytes });
        }
        for (const [first, { at: from }] of admitted.entries()) {
          let bytes = 0;
          let largest = 0;
          for (const [index, record] of admitted.slice(first).entries()) {
            bytes += record.bytes;
            largest = Math.max(largest, record.bytes);
            const spanMs = record.at - from + 0.01;
            const { eventsPerSecond = Infinity, bytesPerSecond = Infinity } = limit;
            expect(index + 1).toBeLessThanOrEqual(
              (eventsPerSecond * spanMs) / 1_000 + Math.max((eventsPerSecond * burstMs) / 1_000, 1),
            );
            expect(bytes).toBeLessThanOrEqual(
              (bytesPerSecond * spanMs) / 1_000 + Math.max((bytesPerSecond * burstMs) / 1_000, largest),
            );
          }
        }
      }),
    );
  });

  it('says exactly how long to wait: admitted after it, not a moment before', () => {
    fc.assert(
      fc.property(
        limits,
        bursts,
        starts,
        calls,
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (limit, burstMs, start, sequence, part) => {
          const { clock, limiter } = limiterOf(limit, burstMs);
          clock.now = start;
          for (const { afterMs, bytes } of sequence) {
            clock.now += afterMs;
            const wait = limiter.tryAdmit(acme, { bytes });
            if (wait === 0) continue;
            const now = clock.now;
            if (wait > 1) {
              clock.now = now + wait * part;
              expect(limiter.tryAdmit(acme, { bytes })).toBeGreaterThan(0);
            }
            clock.now = now + wait;
            expect(limiter.tryAdmit(acme, { bytes })).toBe(0);
          }
        },
      ),
    );
  });

  it('never lets one tenant change the answer for another', () => {
    const events = fc.array(
      fc.record({
        afterMs: fc.integer({ min: 0, max: 500 }),
        mine: fc.boolean(),
        bytes: sizes,
        act: fc.constantFrom('admit', 'charge', 'refund'),
      }),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(limits, bursts, events, fc.integer({ min: 0, max: 3 }), (limit, burstMs, sequence, idleTenants) => {
        const answers = (withOthers: boolean): number[] => {
          const clock = new HandClock();
          const limiter = localRateLimiter({ clock, limitOf: () => limit, burstMs, idleTenants });
          const mine: number[] = [];
          for (const [index, { afterMs, mine: isMine, bytes, act }] of sequence.entries()) {
            clock.now += afterMs;
            if (!isMine && !withOthers) continue;
            const tenant = isMine ? acme : parseTenantId(`other-${index % 7}`);
            if (act === 'admit') {
              const answer = limiter.tryAdmit(tenant, { bytes });
              if (isMine) mine.push(answer);
            } else limiter[act](tenant, { bytes });
          }
          return mine;
        };
        // To the microsecond: a forgotten state is full, one that was kept is full to within rounding.
        const rounded = (values: number[]): number[] => values.map((value) => Math.round(value * 1_000));
        expect(rounded(answers(true))).toEqual(rounded(answers(false)));
      }),
    );
  });

  it('restores what a failed seal was charged', () => {
    fc.assert(
      fc.property(limits, bursts, calls, sizes, (limit, burstMs, sequence, bytes) => {
        const { clock, limiter } = limiterOf(limit, burstMs);
        for (const call of sequence) {
          clock.now += call.afterMs;
          limiter.tryAdmit(acme, { bytes: call.bytes });
        }
        const before = limiter.tryAdmit(acme, { bytes });
        if (before !== 0) limiter.charge(acme, { bytes });
        limiter.refund(acme, { bytes });
        expect(limiter.tryAdmit(acme, { bytes })).toBeCloseTo(before, 2);
      }),
    );
  });

  it('threat 49: forgets 100,000 tenants that were each seen once', () => {
    const { clock, limiter } = limiterOf({ eventsPerSecond: 500, bytesPerSecond: 1_000_000 });
    let remembered = 0;
    for (let index = 0; index < 100_000; index++) {
      clock.now += 0.1;
      limiter.tryAdmit(parseTenantId(`tenant-${index}`), { bytes: 300 });
      remembered = Math.max(remembered, limiter.rememberedTenants);
    }
    expect(remembered).toBeLessThanOrEqual(1_100);
  });

  it('threat 49: forgets a crowd that came at once, while a few tenants go on', () => {
    const { clock, limiter } = limiterOf({ eventsPerSecond: 500 });
    for (let index = 0; index < 100_000; index++) limiter.tryAdmit(parseTenantId(`tenant-${index}`), { bytes: 300 });
    expect(limiter.rememberedTenants).toBe(100_000);
    for (let call = 0; call < 51_000; call++) {
      clock.now += 3;
      limiter.tryAdmit(globex, { bytes: 300 });
    }
    expect(limiter.rememberedTenants).toBe(1_000);
  });

  it('threat 49: never forgets a tenant in debt', () => {
    const { clock, limiter } = limiterOf({ eventsPerSecond: 1 });
    for (let copy = 0; copy < 100; copy++) limiter.charge(acme, { bytes: 100 });
    for (let index = 0; index < 10_000; index++) {
      clock.now += 1;
      limiter.tryAdmit(parseTenantId(`tenant-${index}`), { bytes: 300 });
    }
    expect(limiter.tryAdmit(acme, { bytes: 100 })).toBeCloseTo(90_000);
  });
});
