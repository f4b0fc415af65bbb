// What applications bring along and what goes wrong in it: no publish is left without an answer.
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { context, propagation, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { defineEvent } from '../../../src/contract/define-event.js';
import { delay, systemClock } from '../../../src/core/clock.js';
import { tenantryError } from '../../../src/core/errors.js';
import { jsonSerde } from '../../../src/serde/json-serde.js';
import { recordSizeBytes } from '../../../src/record/wire-record.js';
import { ACME, Noted } from '../../support/contracts.js';
import { PublishHarness } from '../../support/publish-harness.js';

const nothing = (): void => undefined;
const broken = (): never => {
  throw new Error('it is broken');
};

function registerTracing(onStart: () => void = nothing, onEnd: () => void = nothing): void {
  const processor = { onStart, onEnd, forceFlush: () => Promise.resolve(), shutdown: () => Promise.resolve() };
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
}

afterEach(() => {
  trace.disable();
  context.disable();
  propagation.disable();
});

describe('a publish', () => {
  it.each([
    ['a span processor throws at the start', broken, nothing],
    ['a span processor throws at the end', nothing, broken],
  ])('is answered where %s, and so is the next one', async (_what, onStart, onEnd) => {
    registerTracing(onStart, onEnd);
    const harness = new PublishHarness({ maxInFlight: 2 });
    for (let turn = 0; turn < 5; turn += 1) {
      expect(await harness.clock.advanceUntil(harness.ending({ id: 'n' }))).toMatchObject({ offset: turn });
    }
    harness.kafka.faults.produce = () => ({ kind: 'failed', reason: 'no' });
    expect(await harness.clock.advanceUntil(harness.ending({ id: 'n' }))).toBe('PUBLISH_FAILED');
    expect(harness.pipeline.unsettled).toBe(0);
    expect(harness.pipeline.sendingTenants).toBe(0);
  });

  it('is sent without a trace where the propagator throws', async () => {
    registerTracing();
    propagation.disable();
    propagation.setGlobalPropagator({ inject: broken, extract: broken, fields: () => [] });
    const harness = new PublishHarness();
    expect(await harness.clock.advanceUntil(harness.ending({ id: 'n' }))).toMatchObject({ offset: 0 });
  });

  it.each([{ aborted: false }, null, 'abort', 7, new EventTarget()])(
    'with %j for a signal is refused, and leaves nothing unsettled',
    async (signal) => {
      const harness = new PublishHarness();
      const options = { signal: signal as unknown as AbortSignal };
      await expect(harness.publish({ id: 'n' }, { options })).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
        problems: [{ path: 'signal', message: expect.any(String) }],
      });
      expect(harness.pipeline.unsettled).toBe(0);
      expect(await harness.clock.advanceUntil(harness.pipeline.stop(1_000))).toBe(0);
      expect(harness.clock.monotonicMs()).toBe(0);
    },
  );

  it('whose signal cannot be listened to leaves nothing unsettled', async () => {
    const signal = { aborted: false, addEventListener: broken, removeEventListener: broken };
    const harness = new PublishHarness();
    await harness.ending({ id: 'n' }, { options: { signal: signal as unknown as AbortSignal } });
    expect(harness.pipeline.unsettled).toBe(0);
  });

  it('whose encoding fails before its turn fails alone, and ends no process', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const harness: PublishHarness = new PublishHarness(
      {},
      {
        encode: (contract, value) => {
          const { note } = value as { note?: string };
          return delay(harness.clock, note === 'slow' ? 100 : 1).then(() => {
            if (note === 'bad') throw tenantryError('NOT_SERIALIZABLE', 'no');
            return jsonSerde.encode(contract, value);
          });
        },
        decode: jsonSerde.decode,
      },
    );
    const endings = ['slow', 'bad'].map((note) => harness.ending({ id: 'n', note }));
    await harness.clock.advance(1_000);
    process.off('unhandledRejection', unhandled);
    expect(await Promise.all(endings)).toEqual([expect.objectContaining({ offset: 0 }), 'NOT_SERIALIZABLE']);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe('what a publish costs', () => {
  it.each([
    ['the time of the event', { timestamp: new Date(5) }, false],
    ['the trace', {}, true],
  ] as const)('counts the header of %s', async (_what, options, traced) => {
    if (traced) registerTracing();
    const harness = new PublishHarness({ onLimit: 'reject' });
    harness.limitOf.set(ACME, { bytesPerSecond: 1_000 });
    const publish = harness.publish({ id: 'x', note: 'n'.repeat(400) }, { options });
    await harness.clock.advanceUntil(publish);
    const record = harness.producer.taken[0]!;
    expect(record.headers).toHaveLength(4);
    await harness.clock.advance(10_000);
    const charged = recordSizeBytes(record);
    const limited = new PublishHarness({ maxRecordBytes: charged - 1 });
    expect(await limited.ending({ id: 'x', note: 'n'.repeat(400) }, { options })).toBe('RECORD_TOO_LARGE');
    const passing = new PublishHarness({ maxRecordBytes: charged });
    void passing.publish({ id: 'x', note: 'n'.repeat(400) }, { options });
    expect(passing.producer.taken).toHaveLength(1);
  });
});

describe('two contracts of one event type', () => {
  it('are noticed by the one client that publishes both, whatever became of the first', async () => {
    const Again = defineEvent({
      type: 'notes.noted',
      version: 1,
      topic: 'notes',
      schema: z.object({ id: z.string(), other: z.string().optional() }),
      aggregateId: ({ id }) => id,
      protection: 'none',
    });
    const harness = new PublishHarness();
    harness.kafka.faults.produce = () => ({ kind: 'failed', reason: 'no' });
    expect(await harness.clock.advanceUntil(harness.ending({ id: 'n' }))).toBe('PUBLISH_FAILED');
    for (let turn = 0; turn < 2; turn += 1) {
      expect(await harness.ending({ id: 'n' }, { contract: Again })).toBe('CONTRACT_CONFLICT');
    }
    harness.kafka.faults.produce = () => undefined;
    expect(await harness.clock.advanceUntil(harness.ending({ id: 'n' }, { contract: Noted }))).toMatchObject({
      offset: 0,
    });
    const other = new PublishHarness();
    expect(await other.clock.advanceUntil(other.ending({ id: 'n' }, { contract: Again }))).toMatchObject({ offset: 0 });
  });
});

describe('stop', () => {
  it('waits with a timer that keeps the process alive', async () => {
    const harness = new PublishHarness();
    harness.producer.manual = true;
    const ending = harness.ending({ id: 'n' });
    const setTimer = vi.spyOn(harness.clock, 'setTimer');
    const stopping = harness.pipeline.stop(1_000);
    expect(setTimer).toHaveBeenCalledWith(1_000, expect.any(Function), { keepAlive: true });
    await harness.clock.advanceUntil(stopping);
    expect(await ending).toBe('DELIVERY_UNKNOWN');
  });

  it.each([true, false])("as the machine's clock does: keepAlive %s", (keepAlive) => {
    const set = vi.spyOn(globalThis, 'setTimeout');
    const timer = systemClock.setTimer(1_000, nothing, { keepAlive });
    const handle = set.mock.results[0]?.value as NodeJS.Timeout;
    set.mockRestore();
    expect(handle.hasRef()).toBe(keepAlive);
    timer.cancel();
  });
});
