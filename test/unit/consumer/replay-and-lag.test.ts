import { expect, it } from 'vitest';
import { delay } from '../../../src/core/clock.js';
import { memoryDedupe } from '../../../src/consumer/handling/memory-dedupe.js';
import { Noted } from '../../support/contracts.js';
import { ConsumeHarness, GROUP, type ConsumerProcess } from '../../support/consume-harness.js';
import { eventRecord } from '../../support/records.js';

for (const how of ['rebalance', 'crash'] as const)
  it(`D5 a replay whose records are all taken loses the rest of itself at a ${how}, where a dedupe store remembers`, async () => {
    const h = new ConsumeHarness(1);
    const store = memoryDedupe({ maxEntries: 1_000 });
    const replayed = new Set<string>();
    let ms = 0;
    const make = (): Promise<ConsumerProcess> => {
      const m: Promise<ConsumerProcess> = h.start(
        (c) =>
          c.on(Noted, async (e, { replay }) => {
            await delay((await m).clock, ms);
            if (replay) replayed.add(e.id);
          }),
        { options: { commitIntervalMs: 50, concurrency: 2, dedupe: { store, ttlMs: 86_400_000 } } },
      );
      return m;
    };
    const a = await make();
    for (let i = 0; i < 20; i += 1) h.kafka.append(eventRecord({ aggregate: `n${i}`, eventId: `e-${i}` }));
    await h.clock.advanceUntil(a.consumer.caughtUp());
    ms = 500;
    await h.clock.advanceUntil(a.consumer.replayTenant('acme', { from: new Date(0) }));
    await h.clock.advance(2_000);
    const b = await make();
    if (how === 'crash') a.kill();
    h.kafka.group(GROUP).give({ topic: 'notes', partition: 0 }, b.member);
    await h.clock.advance(60_000);
    console.log(
      how,
      'replayed',
      replayed.size,
      'of 20; duplicates',
      b.consumer.counts().duplicates,
      'committed',
      h.committed(),
    );
    expect(replayed.size).toBe(20);
  });

it('the lag of a paused tenant does not begin at zero with every restart', async () => {
  const h = new ConsumeHarness();
  const mk = () => h.start((c) => c.on(Noted, () => undefined), { options: { commitIntervalMs: 100 } });
  const a = await mk();
  await h.clock.advance(1_000);
  await h.clock.advanceUntil(a.consumer.pauseTenant('acme'));
  h.kafka.append(eventRecord());
  await h.clock.advance(3_600_000);
  a.kill();
  const b = await mk();
  await h.clock.advance(60_000);
  expect(b.consumer.lag()[0]?.seconds).toBeGreaterThan(3_600);
});
