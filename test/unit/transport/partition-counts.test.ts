import { describe, expect, it, vi } from 'vitest';
import { type AskPartitionCount, PartitionCounts } from '../../../src/transport/partition-counts.js';
import { ManualClock, settle } from './manual-clock.js';

const FIVE_MINUTES = 5 * 60_000;

describe('what is known about the partitions of topics', () => {
  function setUp(ask: AskPartitionCount): { counts: PartitionCounts; clock: ManualClock } {
    const clock = new ManualClock();
    return { counts: new PartitionCounts(ask, clock, 1_000), clock };
  }

  it('is asked for once, then known at once', async () => {
    const ask = vi.fn<AskPartitionCount>(() => Promise.resolve(6));
    const { counts } = setUp(ask);
    expect(await Promise.all([counts.get('t'), counts.get('t')])).toEqual([6, 6]);
    expect(counts.get('t')).toBe(6);
    expect(ask.mock.calls).toEqual([['t', 1_000]]);
  });

  it('is refreshed in the background, and an error leaves it alone', async () => {
    const ask = vi.fn<AskPartitionCount>().mockResolvedValueOnce(6);
    const { counts, clock } = setUp(ask);
    await counts.get('t');
    ask.mockRejectedValueOnce(new Error('away')).mockResolvedValueOnce(12);
    await clock.advance(FIVE_MINUTES);
    expect([counts.get('t'), counts.get('t')]).toEqual([6, 6]);
    await settle();
    expect(counts.get('t')).toBe(6);
    expect(ask).toHaveBeenCalledTimes(2);
    await clock.advance(FIVE_MINUTES);
    void counts.get('t');
    await settle();
    expect(counts.get('t')).toBe(12);
  });

  it('is not remembered for a topic that does not exist', async () => {
    const ask = vi.fn<AskPartitionCount>().mockResolvedValueOnce(0).mockResolvedValueOnce(3);
    const { counts } = setUp(ask);
    await expect(counts.get('t')).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND', topics: ['t'] });
    expect(await counts.get('t')).toBe(3);
  });

  it('is asked for one topic after the other, and none waits longer than its own time-out', async () => {
    let answer!: (count: number) => void;
    const ask = vi.fn<AskPartitionCount>(() => new Promise((resolve) => (answer = resolve)));
    const { counts, clock } = setUp(ask);
    const first = counts.get('a');
    const second = counts.get('b');
    await settle();
    expect(ask).toHaveBeenCalledTimes(1);
    await clock.advance(1_001);
    answer(2);
    expect(await first).toBe(2);
    await expect(second).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' });
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('threat 49: is forgotten for the topics that were asked for longest ago', async () => {
    const ask = vi.fn<AskPartitionCount>(() => Promise.resolve(1));
    const { counts } = setUp(ask);
    for (let i = 0; i <= 10_000; i++) await counts.get(`t${i}`);
    expect(counts.get('t10000')).toBe(1);
    expect(counts.get('t0')).toBeInstanceOf(Promise);
  });
});
