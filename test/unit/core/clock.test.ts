import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { delay, systemClock } from '../../../src/core/clock.js';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('systemClock', () => {
  it('calls once, after the delay', () => {
    const callback = vi.fn();
    systemClock.setTimer(50, callback);
    vi.advanceTimersByTime(49);
    expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_000);
    expect(callback).toHaveBeenCalledTimes(1);
  });

  it('does not call once cancelled, and may be cancelled again', () => {
    const callback = vi.fn();
    const timer = systemClock.setTimer(50, callback);
    timer.cancel();
    timer.cancel();
    vi.advanceTimersByTime(1_000);
    expect(callback).not.toHaveBeenCalled();
  });

  it('does not turn a delay beyond the range of timers into none', () => {
    const callback = vi.fn();
    systemClock.setTimer(2 ** 40, callback);
    vi.advanceTimersByTime(86_400_000);
    expect(callback).not.toHaveBeenCalled();
  });

  it('reads a wall clock and one that never goes back', () => {
    vi.setSystemTime(1_767_225_600_000);
    expect(systemClock.nowMs()).toBe(1_767_225_600_000);
    const before = systemClock.monotonicMs();
    vi.advanceTimersByTime(5);
    expect(systemClock.monotonicMs()).toBeGreaterThanOrEqual(before);
  });
});

describe('delay', () => {
  it('resolves after the delay', async () => {
    const done = vi.fn();
    void delay(systemClock, 20).then(done);
    await vi.advanceTimersByTimeAsync(19);
    expect(done).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(done).toHaveBeenCalledTimes(1);
  });

  it('resolves at once where the signal was aborted before, and sets no timer', async () => {
    await delay(systemClock, 1_000_000, AbortSignal.abort());
    expect(vi.getTimerCount()).toBe(0);
  });

  it('resolves as soon as the signal is aborted, and leaves neither timer nor listener', async () => {
    const controller = new AbortController();
    const removed = vi.spyOn(controller.signal, 'removeEventListener');
    const waiting = delay(systemClock, 1_000_000, controller.signal);
    controller.abort();
    await waiting;
    expect(vi.getTimerCount()).toBe(0);
    expect(removed).toHaveBeenCalledTimes(1);
  });

  it('leaves no listener on a signal that was never aborted', async () => {
    const controller = new AbortController();
    const removed = vi.spyOn(controller.signal, 'removeEventListener');
    const waiting = delay(systemClock, 5, controller.signal);
    await vi.advanceTimersByTimeAsync(5);
    await waiting;
    expect(removed).toHaveBeenCalledTimes(1);
  });
});
