import type { Counter, Histogram, Meter, Tracer } from '@opentelemetry/api';
import { attempt } from './attempt.js';
import { METRICS, type MetricName } from './catalog.js';
import { otel } from './otel-api.js';

const SCOPE = 'tenantry';

/** Version 1.9 of the API makes gauges, and does not name their type. */
type Gauge = ReturnType<Meter['createGauge']>;

/** The name of a metric of the given kind. */
type MetricOfKind<Kind> = {
  [Name in MetricName]: (typeof METRICS)[Name]['kind'] extends Kind ? Name : never;
}[MetricName];

/** Every metric of the table, made. */
export type Instruments = Readonly<
  Record<MetricOfKind<'counter'>, Counter> &
    Record<MetricOfKind<'histogram'>, Histogram> &
    Record<MetricOfKind<'gauge'>, Gauge>
>;

/**
 * The application's OpenTelemetry SDK, looked for until it is there: it may be registered after this
 * library was set up, and the metrics API then has no proxy that would find it. Looking costs 20 ns.
 */
export class Sdk {
  #tracer: Tracer | undefined;
  #instruments: Instruments | undefined;

  /** undefined where the application traces nothing. */
  get tracer(): Tracer | undefined {
    return (this.#tracer ??= attempt(findTracer));
  }

  /** undefined where the application measures nothing. */
  get instruments(): Instruments | undefined {
    return (this.#instruments ??= attempt(findInstruments));
  }
}

function findTracer(): Tracer | undefined {
  const { ProxyTracerProvider, trace } = otel();
  const provider = trace.getTracerProvider();
  // The provider of another copy of the API is not an instance, but it is there only where an SDK is.
  return provider instanceof ProxyTracerProvider ? provider.getDelegateTracer(SCOPE) : provider.getTracer(SCOPE);
}

function findInstruments(): Instruments | undefined {
  const { createNoopMeter, metrics } = otel();
  const meter = metrics.getMeter(SCOPE);
  return meter === createNoopMeter() ? undefined : makeInstruments(meter);
}

/** Seconds; what the messaging conventions recommend. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

function makeInstruments(meter: Meter): Instruments {
  const made = Object.entries(METRICS).map(([name, { kind, unit, meaning }]) => [
    name,
    instrument(meter, name, kind, { unit, description: meaning }),
  ]);
  return Object.fromEntries(made) as Instruments;
}

function instrument(
  meter: Meter,
  name: string,
  kind: (typeof METRICS)[MetricName]['kind'],
  options: { readonly unit: string; readonly description: string },
): Counter | Histogram | Gauge {
  if (kind === 'counter') return meter.createCounter(name, options);
  if (kind === 'gauge') return meter.createGauge(name, options);
  return meter.createHistogram(name, { ...options, advice: { explicitBucketBoundaries: DURATION_BUCKETS } });
}
