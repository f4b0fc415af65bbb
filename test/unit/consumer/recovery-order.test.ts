import { expect, it } from 'vitest';
import { delay } from '../../../src/core/clock.js';
import { Noted } from '../../support/contracts.js';
import { ConsumeHarness, type ConsumerProcess } from '../../support/consume-harness.js';
import { eventRecord } from '../../support/records.js';

it('pause and resume while a new owner recovers keep the order of a key', async () => {
  const h = new ConsumeHarness();
  for (let i = 0; i < 6; i += 1) h.kafka.append(eventRecord({ aggregate: 'k', eventId: `e-${i}` }));
  const first: ConsumerProcess = await h.start(
    (c) =>
      c.on(Noted, async () => {
        await delay(first.clock, 1e7);
      }),
    { options: { commitIntervalMs: 50 } },
  );
  await h.clock.advance(500);
  first.kill();
  let last = 0;
  h.kafka.faults.holdBack = (client) => {
    if (client !== 'group') return false;
    const now = h.clock.monotonicMs();
    if (now - last < 300) return true; // slow fetches: a record each 300 ms
    last = now;
    return false;
  };
  const begun: string[] = [];
  const second: ConsumerProcess = await h.start(
    (c) =>
      c.on(Noted, async (e) => {
        begun.push(e.id);
        await delay(second.clock, 1);
      }),
    { options: { commitIntervalMs: 50, maxBufferedRecords: 1 } },
  );
  await h.clock.advance(350);
  void second.consumer.pauseTenant('acme').catch(() => undefined);
  await h.clock.advance(700);
  void second.consumer.resumeTenant('acme').catch(() => undefined);
  await h.clock.advance(20_000);
  const firsts = [...new Set(begun)];
  expect(firsts).toEqual([...firsts].sort());
});
