import {
  propagation,
  ROOT_CONTEXT,
  trace,
  type Context,
  type TextMapPropagator,
  type TextMapSetter,
  type TraceState,
} from '@opentelemetry/api';
import { afterEach, describe, expect, it } from 'vitest';
import { extractTraceContext, injectTraceContext, type TraceHeader } from '../../../src/telemetry/trace-headers.js';
import { registerTracing, unregisterAll } from './otel-sdk.js';

afterEach(unregisterAll);

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${spanId}-01`;

function header(name: string, value: string): TraceHeader {
  return { name, value: Buffer.from(value) };
}

function extracted(headers: readonly TraceHeader[]): string | undefined {
  return trace.getSpanContext(extractTraceContext(headers))?.spanId;
}

function traceStateOf(text: string): TraceState {
  const state: TraceState = { get: () => undefined, set: () => state, unset: () => state, serialize: () => text };
  return state;
}

function injected(tracestate?: string): TraceHeader[] {
  const headers: TraceHeader[] = [];
  const traceState = tracestate === undefined ? undefined : traceStateOf(tracestate);
  const span = trace.wrapSpanContext({ traceId, spanId, traceFlags: 1, ...(traceState && { traceState }) });
  injectTraceContext(span, headers);
  return headers;
}

describe('injectTraceContext', () => {
  it('writes 55 bytes of traceparent', () => {
    registerTracing();
    const headers = injected();
    expect(headers).toEqual([header('traceparent', traceparent)]);
    expect(headers[0]?.value).toHaveLength(55);
  });

  it('passes a tracestate of up to 512 bytes and leaves a longer one out, and an empty one', () => {
    registerTracing();
    expect(injected(`a=${'x'.repeat(510)}`).map(({ name }) => name)).toEqual(['traceparent', 'tracestate']);
    expect(injected(`a=${'x'.repeat(511)}`).map(({ name }) => name)).toEqual(['traceparent']);
    expect(injected('').map(({ name }) => name)).toEqual(['traceparent']);
  });

  it('passes nothing else, whatever the propagator writes', () => {
    const chatty: TextMapPropagator = {
      inject(_context: Context, carrier: unknown, setter: TextMapSetter): void {
        for (const name of ['b3', 'baggage', 'tenant-id', '__proto__', 'Traceparent']) setter.set(carrier, name, 'x');
        setter.set(carrier, 'traceparent', traceparent);
        setter.set(carrier, 'tracestate', 'a=1');
      },
      extract: (context: Context) => context,
      fields: () => [],
    };
    propagation.setGlobalPropagator(chatty);
    expect(injected().map(({ name }) => name)).toEqual(['traceparent', 'tracestate']);
  });

  it('writes nothing where the application sets no propagator', () => {
    expect(injected()).toEqual([]);
  });
});

describe('extractTraceContext', () => {
  it('reads Buffers', () => {
    registerTracing();
    const context = extractTraceContext([
      header('tenant-id', 'acme'),
      header('traceparent', traceparent),
      header('tracestate', 'a=1'),
    ]);
    expect(trace.getSpanContext(context)).toMatchObject({ traceId, spanId, traceFlags: 1, isRemote: true });
    expect(trace.getSpanContext(context)?.traceState?.get('a')).toBe('1');
  });

  it('takes the first of several', () => {
    registerTracing();
    expect(
      extracted([
        header('traceparent', traceparent),
        header('traceparent', traceparent.replace(spanId, '1'.repeat(16))),
      ]),
    ).toBe(spanId);
  });

  it.each([
    ['nothing', []],
    ['garbage', [header('traceparent', 'garbage')]],
    ['zeros', [header('traceparent', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-00`)]],
    ['bytes that are no text', [{ name: 'traceparent', value: Buffer.from([0xff, 0xfe, 0x00]) }]],
    ['megabytes', [header('traceparent', `${traceparent}-${'x'.repeat(1_000_000)}`)]],
    ['another case', [header('Traceparent', traceparent)]],
  ])('takes no context from %s', (_what, headers) => {
    registerTracing();
    expect(extractTraceContext(headers)).toBe(ROOT_CONTEXT);
  });

  it('keeps the trace where only the tracestate is too long', () => {
    registerTracing();
    const headers = [header('traceparent', traceparent), header('tracestate', `a=${'x'.repeat(600)}`)];
    expect(extracted(headers)).toBe(spanId);
    expect(trace.getSpanContext(extractTraceContext(headers))?.traceState).toBeUndefined();
  });
});
