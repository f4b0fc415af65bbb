// What the second reader may hold, and convert at once.
import { describe, expect, it } from 'vitest';
import { delay } from '../../../../src/core/clock.js';
import type { ReceivedRecord } from '../../../../src/record/wire-record.js';
import { Noted } from '../../../support/contracts.js';
import { ConsumeHarness, type ConsumerProcess } from '../../../support/consume-harness.js';
import { eventRecord, header } from '../../../support/records.js';

interface Poll {
  readonly asked: number;
  readonly records: readonly ReceivedRecord[];
}

/** Keeps what the polls bring of readers that are made from now on. */
function watchReaders({ transport }: ConsumerProcess): Poll[] {
  const polls: Poll[] = [];
  const createReader = transport.createReader.bind(transport);
  Object.assign(transport, {
    createReader: (...given: Parameters<typeof createReader>) => {
      const reader = createReader(...given);
      const poll = reader.poll.bind(reader);
      reader.poll = async (asked) => {
        const records = await poll(asked);
        polls.push({ asked, records });
        return records;
      };
      return reader;
    },
  });
  return polls;
}

describe('the second reader', () => {
  it('threat 19: reads one at once where records have very many headers', async () => {
    const harness = new ConsumeHarness();
    const process = await harness.start((consumer) => consumer.on(Noted, () => undefined));
    await harness.clock.advance(1_000);
    await harness.clock.advanceUntil(process.consumer.pauseTenant('acme'));
    const moreHeaders = Array.from({ length: 3_000 }, (_, at) => header(`h${at}`, ''));
    for (let at = 0; at < 200; at += 1)
      harness.kafka.append(eventRecord({ aggregate: `n${at}`, eventId: `e${at}`, moreHeaders }));
    await harness.clock.advance(5_000);
    const polls = watchReaders(process);
    await harness.clock.advanceUntil(process.consumer.resumeTenant('acme'));
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(process.consumer.counts().quarantined).toEqual({ TOO_MANY_HEADERS: 200 });
    const heaviest = Math.max(...polls.map(({ records }) => records.length));
    expect(heaviest).toBeLessThanOrEqual(8);
    expect(polls.filter(({ records }) => records.length > 1).length).toBe(1);
  });

  it('gives up a place where it waits with large records, as with many', async () => {
    const harness = new ConsumeHarness(2);
    const process: ConsumerProcess = await harness.start(
      (consumer) =>
        consumer.on(Noted, async ({ tenantId }) => {
          if (tenantId === 'acme') await new Promise(() => undefined);
          await delay(process.clock, 10);
        }),
      { options: { maxBufferedRecords: 60, handlerTimeoutMs: 86_400_000 } },
    );
    await harness.clock.advance(1_000);
    const { consumer } = process;
    await harness.clock.advanceUntil(Promise.all([consumer.pauseTenant('acme'), consumer.pauseTenant('globex')]));
    const value = Buffer.from(`{"id":"n1"}${' '.repeat(100_000)}`);
    for (let at = 0; at < 600; at += 1)
      harness.kafka.append(eventRecord({ partition: 0, aggregate: `n${at}`, eventId: `a${at}`, value }));
    for (let at = 0; at < 2_000; at += 1)
      harness.kafka.append(eventRecord({ partition: 1, tenant: 'globex', aggregate: `n${at}`, eventId: `g${at}` }));
    await harness.clock.advance(5_000);
    const polls = watchReaders(process);
    await harness.clock.advanceUntil(Promise.all([consumer.resumeTenant('acme'), consumer.resumeTenant('globex')]));
    await harness.clock.advance(60_000);
    expect(consumer.counts().handled).toBe(2_000);
    const ofAcme = polls.flatMap(({ records }) => records).filter(({ partition }) => partition === 0);
    // What acme may hold, 4 MiB of what comes after it, and what one poll brings.
    expect(ofAcme.length).toBeLessThanOrEqual(30 + 42 + 100);
  });
});
