// What an application's SDK throws stays in telemetry.
import { context, metrics, propagation, trace, type Meter } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { afterEach, describe, expect, it } from 'vitest';
import type { Telemetry } from '../../../src/telemetry/telemetry.js';
import { makeTelemetry, processed, published, unregisterAll } from './otel-sdk.js';

afterEach(unregisterAll);

const broken = (): never => {
  throw new Error('an exporter is broken');
};

function everyCall(telemetry: Telemetry): unknown {
  const publish = telemetry.startPublish(published);
  telemetry.inject(publish, []);
  telemetry.endPublish(publish, undefined);
  telemetry.endPublish(publish, new Error('failed'));
  const process = telemetry.startProcess(processed);
  const result = telemetry.runInSpan(process, () => 'result');
  telemetry.endProcess(process, 'HANDLER_FAILED');
  telemetry.countHandled('acme');
  telemetry.countForeign();
  telemetry.countQuarantined('acme', 'SEAL_INVALID');
  return result;
}

function registerSpanProcessor(onStart: () => void, onEnd: () => void): void {
  const processor = { onStart, onEnd, forceFlush: () => Promise.resolve(), shutdown: () => Promise.resolve() };
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [processor] }));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
}

describe('a call of telemetry does not throw', () => {
  it.each([
    ['at the start of a span', broken, () => undefined],
    ['at its end', () => undefined, broken],
  ])('where a span processor throws %s', (_when, onStart, onEnd) => {
    registerSpanProcessor(onStart, onEnd);
    expect(everyCall(makeTelemetry())).toBe('result');
  });

  it('where the propagator throws', () => {
    registerSpanProcessor(
      () => undefined,
      () => undefined,
    );
    propagation.setGlobalPropagator({ inject: broken, extract: broken, fields: () => [] });
    expect(everyCall(makeTelemetry())).toBe('result');
  });

  it('where a meter or its instruments throw', () => {
    const instrument = { add: broken, record: broken };
    for (const make of [broken, () => instrument]) {
      unregisterAll();
      const meter = { createCounter: make, createHistogram: make } as unknown as Meter;
      metrics.setGlobalMeterProvider({ getMeter: () => meter });
      expect(everyCall(makeTelemetry())).toBe('result');
    }
  });

  it('where the provider throws', () => {
    trace.setGlobalTracerProvider({ getTracer: broken });
    expect(everyCall(makeTelemetry())).toBe('result');
  });

  it('where the context manager throws, before the work or after it: it runs once, and its own error passes', () => {
    for (const after of [false, true]) {
      unregisterAll();
      registerSpanProcessor(
        () => undefined,
        () => undefined,
      );
      const telemetry = makeTelemetry();
      const process = telemetry.startProcess(processed);
      context.disable();
      const manager = new AsyncLocalStorageContextManager();
      manager.with = (_context, work, self, ...args) => {
        if (after) work.apply(self, args);
        return broken();
      };
      context.setGlobalContextManager(manager);
      let runs = 0;
      expect(telemetry.runInSpan(process, () => (runs += 1))).toBe(1);
      const fails = (): never => {
        throw new SyntaxError('its own');
      };
      expect(() => telemetry.runInSpan(process, fails)).toThrow(SyntaxError);
      expect(runs).toBe(1);
    }
  });
});
