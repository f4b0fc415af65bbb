import { expect, it } from 'vitest';
import { delay } from '../../../src/core/clock.js';
import { memoryDedupe } from '../../../src/consumer/handling/memory-dedupe.js';
import { Noted } from '../../support/contracts.js';
import { ConsumeHarness, GROUP, type ConsumerProcess } from '../../support/consume-harness.js';
import { eventRecord } from '../../support/records.js';

const RECORDS = 20;

it.each(['rebalance', 'crash'] as const)(
  'a replay that meets a %s handles its whole range, though the dedupe store remembers every record',
  async (interruption) => {
    const harness = new ConsumeHarness(1);
    const store = memoryDedupe({ maxEntries: 1_000 });
    const replayed = new Set<string>();
    let handlingMs = 0;
    const start = (): Promise<ConsumerProcess> => {
      const started: Promise<ConsumerProcess> = harness.start(
        (consumer) =>
          consumer.on(Noted, async ({ id }, { replay }) => {
            await delay((await started).clock, handlingMs);
            if (replay) replayed.add(id);
          }),
        { options: { commitIntervalMs: 50, concurrency: 2, dedupe: { store, ttlMs: 86_400_000 } } },
      );
      return started;
    };
    const first = await start();
    for (let index = 0; index < RECORDS; index += 1) {
      harness.kafka.append(eventRecord({ aggregate: `n${index}`, eventId: `e-${index}` }));
    }
    await harness.clock.advanceUntil(first.consumer.caughtUp());

    // Slow enough that all have been read and few are handled.
    handlingMs = 500;
    await harness.clock.advanceUntil(first.consumer.replayTenant('acme', { from: new Date(0) }));
    await harness.clock.advance(2_000);
    expect(replayed.size).toBeLessThan(RECORDS);
    const second = await start();
    if (interruption === 'crash') first.kill();
    harness.kafka.group(GROUP).give({ topic: 'notes', partition: 0 }, second.member);
    await harness.clock.advance(60_000);
    expect(replayed.size).toBe(RECORDS);
  },
);
