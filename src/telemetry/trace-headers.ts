import type { Context, Span, TextMapGetter, TextMapSetter } from '@opentelemetry/api';
import { otel } from './otel-api.js';

/** A record header, as far as tracing needs it. */
export interface TraceHeader {
  readonly name: string;
  readonly value: Buffer;
}

/**
 * The longest value of each header that may pass, in bytes: what W3C Trace Context writes today and asks
 * to carry at least. No other header passes, whatever propagator the application has set: baggage would
 * carry one tenant's data, and every header costs time in the client.
 */
const LONGEST: ReadonlyMap<string, number> = new Map([
  ['traceparent', 55],
  ['tracestate', 512],
]);

const setter: TextMapSetter<TraceHeader[]> = {
  set(headers, name, text) {
    const longest = LONGEST.get(name);
    if (longest === undefined || text === '' || text.length > longest) return;
    headers.push({ name, value: Buffer.from(text, 'latin1') });
  },
};

/** The supplied getter of OpenTelemetry does not read Buffers. */
const getter: TextMapGetter<readonly TraceHeader[]> = {
  keys: () => [...LONGEST.keys()],
  get(headers, name) {
    const longest = LONGEST.get(name);
    if (longest === undefined) return undefined;
    const value = headers.find((header) => header.name === name)?.value;
    return value === undefined || value.length > longest ? undefined : value.toString('latin1');
  },
};

/** Adds the trace context of a span to a record's headers. */
export function injectTraceContext(span: Span, headers: TraceHeader[]): void {
  const { propagation, ROOT_CONTEXT, trace } = otel();
  propagation.inject(trace.setSpan(ROOT_CONTEXT, span), headers, setter);
}

/** The context that a record's headers carry, and nothing of the code that happens to run now. */
export function extractTraceContext(headers: readonly TraceHeader[]): Context {
  const { propagation, ROOT_CONTEXT } = otel();
  return propagation.extract(ROOT_CONTEXT, headers, getter);
}
