import { context, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
  type Sampler,
} from '@opentelemetry/sdk-trace-base';
import type { Clock } from '../../../src/core/clock.js';
import { silentLogger, type Logger } from '../../../src/core/logger.js';
import { telemetrySchema, type TelemetryOptions } from '../../../src/telemetry/options.js';
import { Telemetry } from '../../../src/telemetry/telemetry.js';

/** What the SDK of an application has seen. */
export interface SeenSpans {
  spans(): ReadableSpan[];
}

/** Registers a tracing SDK as an application does, with baggage, which is what SDKs do by default. */
export function registerTracing(sampler?: Sampler): SeenSpans {
  const exporter = new InMemorySpanExporter();
  const spanProcessors = [new SimpleSpanProcessor(exporter)];
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors, ...(sampler && { sampler }) }));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  );
  return { spans: () => exporter.getFinishedSpans() };
}

/** Registers a metrics SDK; the function returned collects. */
export function registerMetrics(): () => Promise<MetricData[]> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  return async () => {
    exporter.reset();
    await reader.forceFlush();
    return exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  };
}

/** The tracer provider that is registered; where none is, the one of the API that does nothing. */
export function registeredProvider(): unknown {
  return (trace.getTracerProvider() as { getDelegate?: () => unknown }).getDelegate?.();
}

/** Takes everything registered away again. */
export function unregisterAll(): void {
  trace.disable();
  context.disable();
  propagation.disable();
  metrics.disable();
}

/** A clock that stands until a test moves it. */
export class HandClock implements Clock {
  now = 0;
  nowMs(): number {
    return this.now;
  }
  monotonicMs(): number {
    return this.now;
  }
  setTimer(): never {
    throw new Error('telemetry sets no timers');
  }
}

export function makeTelemetry(
  options: TelemetryOptions = {},
  clock: Clock = new HandClock(),
  logger: Logger = silentLogger,
): Telemetry {
  return new Telemetry({ clock, logger, options: telemetrySchema().parse(options) });
}

export const published = { tenantId: 'acme', topic: 'orders', eventType: 'orders.placed.v1', eventId: 'e-1' };

export const processed = {
  ...published,
  partition: 3,
  offset: 42,
  groupId: '_shared.shipping',
  attempt: 1,
  headers: [],
};
