// What a handler may ask of its own consumer.
import { describe, expect, it } from 'vitest';
import type { ConsumerOptions, StopReport } from '../../../src/api/consumer.js';
import type { HandlerContext } from '../../../src/api/handler.js';
import { Noted, Signed } from '../../support/contracts.js';
import { ConsumeHarness, type ConsumerProcess } from '../../support/consume-harness.js';
import { eventRecord } from '../../support/records.js';

/** Handles events one after the other; for the first try of the first, `ask` is called. */
async function asking(
  harness: ConsumeHarness,
  ask: (process: ConsumerProcess, context: HandlerContext) => unknown,
  options: ConsumerOptions = {},
): Promise<{ process: ConsumerProcess; seen: string[] }> {
  const seen: string[] = [];
  const process: ConsumerProcess = await harness.start(
    (consumer) =>
      consumer.on(Noted, ({ id }, context) => {
        seen.push(id);
        return seen.length === 1 ? ask(process, context) : undefined;
      }),
    { options: { concurrency: 1, ...options } },
  );
  for (const eventId of ['a', 'b', 'c']) harness.kafka.append(eventRecord({ eventId }));
  return { process, seen };
}

async function seenAfterwards(harness: ConsumeHarness): Promise<string[]> {
  const seen: string[] = [];
  await harness.start((consumer) => consumer.on(Noted, ({ id }) => seen.push(id)));
  await harness.clock.advance(500);
  return seen;
}

describe('stop from inside a handler', () => {
  it('that does not wait for it ends as any other: the event is done, no other begins', async () => {
    const harness = new ConsumeHarness();
    let stopped: Promise<StopReport> | undefined;
    const { process, seen } = await asking(harness, ({ consumer }) => {
      stopped = consumer.stop();
    });
    await harness.clock.advance(1_000);
    expect(process.member.disconnected).toBe(true);
    expect(await stopped).toEqual({ timedOut: false, unfinished: 0, uncommitted: 0 });
    expect([seen, harness.committed()]).toEqual([['a'], 1]);
    expect(await seenAfterwards(harness)).toEqual(['b', 'c']);
  });

  it('that waits for it waits for itself, at most for the time of the stop, and its event is delivered again', async () => {
    const harness = new ConsumeHarness();
    let report: StopReport | undefined;
    let aborted = false;
    const { process, seen } = await asking(harness, async ({ consumer }, { signal }) => {
      report = await consumer.stop({ timeoutMs: 5_000 });
      aborted = signal.aborted;
    });
    const startMs = harness.clock.monotonicMs();
    while (report === undefined) await harness.clock.advance(100);
    expect(harness.clock.monotonicMs() - startMs).toBeLessThanOrEqual(5_500);
    expect(report).toEqual({ timedOut: true, unfinished: 1, uncommitted: 0 });
    expect([aborted, process.member.disconnected]).toEqual([true, true]);
    await harness.clock.advance(60_000);
    expect([seen, harness.committed()]).toEqual([['a'], 0]);
    expect(await seenAfterwards(harness)).toEqual(['a', 'b', 'c']);
  });

  it('is the same stop as the one from outside', async () => {
    const harness = new ConsumeHarness();
    const { process } = await asking(harness, ({ consumer }) => void consumer.stop());
    await harness.clock.advance(50);
    const again = process.consumer.stop({ timeoutMs: 1 });
    expect(process.consumer.stop()).toBe(again);
    expect(await harness.clock.advanceUntil(again)).toEqual({ timedOut: false, unfinished: 0, uncommitted: 0 });
  });
});

describe('caughtUp from inside a handler', () => {
  it('resolves once the handler has ended too', async () => {
    const harness = new ConsumeHarness();
    let isCaughtUp = false;
    const { seen } = await asking(harness, ({ consumer }) => {
      void consumer.caughtUp().then(() => (isCaughtUp = true));
    });
    await harness.clock.advance(5_000);
    expect([isCaughtUp, seen, harness.committed()]).toEqual([true, ['a', 'b', 'c'], 3]);
  });

  it('that waits for it with its signal fails with its time, and is tried again', async () => {
    const harness = new ConsumeHarness();
    let code: unknown;
    const { process, seen } = await asking(
      harness,
      async ({ consumer }, { signal }) => {
        await consumer.caughtUp({ signal }).catch((error: unknown) => {
          ({ code } = error as { code: unknown });
          throw error;
        });
      },
      { handlerTimeoutMs: 2_000 },
    );
    await harness.clock.advance(20_000);
    expect(code).toBe('ABORTED');
    expect(process.logger.of('handlerFailed')).toMatchObject([{ code: 'HANDLER_TIMEOUT', attempt: 1 }]);
    expect([seen, harness.committed()]).toEqual([['a', 'a', 'b', 'c'], 3]);
  });

  it('that waits for it without a signal is stuck, until the consumer stops', async () => {
    const harness = new ConsumeHarness();
    let code: unknown;
    const { process } = await asking(
      harness,
      ({ consumer }) =>
        consumer.caughtUp().catch((error: unknown) => {
          ({ code } = error as { code: unknown });
        }),
      { handlerTimeoutMs: 2_000 },
    );
    await harness.clock.advance(60_000);
    expect(process.consumer.health().status).toBe('stuck');
    const report = await harness.clock.advanceUntil(process.consumer.stop({ timeoutMs: 3_000 }));
    expect(code).toBe('NOT_RUNNING');
    expect(report.unfinished).toBe(0);
  });
});

describe('start and on from inside a handler', () => {
  it('start has happened, and registering is over', async () => {
    const harness = new ConsumeHarness();
    const codes: unknown[] = [];
    const { process, seen } = await asking(harness, async ({ consumer }) => {
      await consumer.start();
      try {
        consumer.on(Signed, () => undefined);
      } catch (error) {
        codes.push((error as { code: unknown }).code);
      }
    });
    await harness.clock.advance(5_000);
    expect(codes).toEqual(['INVALID_STATE']);
    expect([process.transport.consumers.length, seen]).toEqual([1, ['a', 'b', 'c']]);
  });
});
