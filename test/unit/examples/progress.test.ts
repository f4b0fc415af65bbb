import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createProgress } from '../../../examples/retail/output/progress.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('createProgress', () => {
  it('writes a plain line now and then where the output is no terminal', () => {
    const output = new PassThrough();
    const progress = createProgress(output as unknown as NodeJS.WriteStream);
    progress.note('Reading');
    progress.start(100);
    for (let handled = 0; handled < 50; handled += 1) {
      progress.update(handled);
      vi.advanceTimersByTime(100);
    }
    progress.stop();
    expect(String(output.read())).toBe('Reading\n  20 of 100 lines handled\n  40 of 100 lines handled\n');
  });
});
