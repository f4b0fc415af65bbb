import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-base';
import { afterEach, describe, expect, it } from 'vitest';
import { tenantryError } from '../../../src/core/errors.js';
import type { TraceHeader } from '../../../src/telemetry/trace-headers.js';
import {
  HandClock,
  makeTelemetry,
  processed,
  published,
  registerMetrics,
  registerTracing,
  unregisterAll,
} from './otel-sdk.js';

afterEach(unregisterAll);

const secret = 'card 4111-1111';
const failure = tenantryError('PUBLISH_FAILED', secret, { reason: 'Local: Message timed out' });

describe('Telemetry spans', () => {
  it('observes a publish in a span with the attributes of the table', () => {
    const seen = registerTracing();
    const telemetry = makeTelemetry();
    telemetry.endPublish(telemetry.startPublish(published), undefined);
    const [span] = seen.spans();
    expect(span).toMatchObject({
      name: 'send orders',
      kind: SpanKind.PRODUCER,
      status: { code: SpanStatusCode.UNSET },
    });
    expect(span?.attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'orders',
      'messaging.message.id': 'e-1',
      'tenantry.tenant.id': 'acme',
      'tenantry.event.type': 'orders.placed.v1',
    });
  });

  it('observes a try of a handler in a span with the attributes of the table', () => {
    const seen = registerTracing();
    const telemetry = makeTelemetry();
    telemetry.endProcess(telemetry.startProcess(processed), 'handled');
    const [span] = seen.spans();
    expect(span).toMatchObject({
      name: 'process orders',
      kind: SpanKind.CONSUMER,
      status: { code: SpanStatusCode.UNSET },
    });
    expect(span?.attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'orders',
      'messaging.destination.partition.id': '3',
      'messaging.consumer.group.name': '_shared.shipping',
      'messaging.message.id': 'e-1',
      'kafka.offset': 42,
      'tenantry.tenant.id': 'acme',
      'tenantry.event.type': 'orders.placed.v1',
      'tenantry.attempt': 1,
    });
  });

  it('continues the trace from the caller through the record to what the handler does', async () => {
    const seen = registerTracing();
    const telemetry = makeTelemetry();
    const tracer = trace.getTracer('application');
    const headers: TraceHeader[] = [];
    tracer.startActiveSpan('request', (request) => {
      const publish = telemetry.startPublish(published);
      telemetry.inject(publish, headers);
      telemetry.endPublish(publish, undefined);
      request.end();
    });
    const process = telemetry.startProcess({ ...processed, headers });
    await telemetry.runInSpan(process, async () => {
      await Promise.resolve();
      tracer.startSpan('query').end();
      telemetry.endPublish(telemetry.startPublish({ ...published, topic: 'invoices' }), undefined);
    });
    telemetry.endProcess(process, 'handled');
    const spans = new Map(seen.spans().map((span) => [span.name, span]));
    const parentOf = (name: string): string | undefined => spans.get(name)?.parentSpanContext?.spanId;
    const idOf = (name: string): string | undefined => spans.get(name)?.spanContext().spanId;
    expect(parentOf('send orders')).toBe(idOf('request'));
    expect(parentOf('process orders')).toBe(idOf('send orders'));
    expect(parentOf('query')).toBe(idOf('process orders'));
    expect(parentOf('send invoices')).toBe(idOf('process orders'));
    expect(new Set(seen.spans().map((span) => span.spanContext().traceId)).size).toBe(1);
  });

  it('links the publish instead, where the options say so', () => {
    const seen = registerTracing();
    const telemetry = makeTelemetry({ traceContext: 'link' });
    const headers: TraceHeader[] = [];
    const publish = telemetry.startPublish(published);
    telemetry.inject(publish, headers);
    telemetry.endPublish(publish, undefined);
    telemetry.endProcess(telemetry.startProcess({ ...processed, headers }), 'handled');
    const [send, process] = seen.spans();
    expect(process?.parentSpanContext).toBeUndefined();
    expect(process?.spanContext().traceId).not.toBe(send?.spanContext().traceId);
    expect(process?.links.map((link) => link.context.spanId)).toEqual([send?.spanContext().spanId]);
  });

  it.each(['parent', 'link'] as const)(
    'begins a trace of its own for a record without context (%s), whatever is active',
    (traceContext) => {
      const seen = registerTracing();
      const telemetry = makeTelemetry({ traceContext });
      trace.getTracer('application').startActiveSpan('start-up', () => {
        telemetry.endProcess(telemetry.startProcess(processed), 'handled');
      });
      expect(seen.spans()[0]?.parentSpanContext).toBeUndefined();
      expect(seen.spans()[0]?.links).toEqual([]);
    },
  );

  it('shows nothing of the code around it to a handler', () => {
    registerTracing();
    const telemetry = makeTelemetry();
    const key = Symbol('around');
    const baggage = propagation.createBaggage({ plan: { value: 'globex-gold' } });
    const around = propagation.setBaggage(ROOT_CONTEXT.setValue(key, 'globex'), baggage);
    context.with(around, () => {
      const process = telemetry.startProcess(processed);
      telemetry.runInSpan(process, () => {
        expect(context.active().getValue(key)).toBeUndefined();
        expect(propagation.getActiveBaggage()).toBeUndefined();
      });
    });
  });

  it('says of an error its code, never its message', () => {
    const seen = registerTracing();
    const telemetry = makeTelemetry();
    telemetry.endPublish(telemetry.startPublish(published), failure);
    telemetry.endPublish(telemetry.startPublish(published), new Error(secret));
    telemetry.endProcess(telemetry.startProcess(processed), 'HANDLER_FAILED');
    const spans = seen.spans();
    expect(spans.map((span) => span.attributes['error.type'])).toEqual(['PUBLISH_FAILED', '_OTHER', 'HANDLER_FAILED']);
    for (const span of spans) {
      expect(span.status).toEqual({ code: SpanStatusCode.ERROR });
      expect(span.events).toEqual([]);
      expect(JSON.stringify(span.attributes)).not.toContain('4111');
    }
  });

  it('adds no header where the span is not recorded, and hands the decision down to the handler', () => {
    registerTracing(new AlwaysOffSampler());
    const telemetry = makeTelemetry();
    const headers: TraceHeader[] = [];
    const publish = telemetry.startPublish(published);
    telemetry.inject(publish, headers);
    expect(headers).toEqual([]);
    const process = telemetry.startProcess(processed);
    telemetry.runInSpan(process, () => {
      expect(trace.getActiveSpan()?.isRecording()).toBe(false);
    });
    telemetry.endProcess(process, 'handled');
  });

  it('never carries baggage, neither out nor in', () => {
    registerTracing();
    const telemetry = makeTelemetry();
    const headers: TraceHeader[] = [];
    const baggage = propagation.createBaggage({ email: { value: 'jane@acme.test' } });
    context.with(propagation.setBaggage(context.active(), baggage), () => {
      telemetry.inject(telemetry.startPublish(published), headers);
    });
    expect(headers.map((header) => header.name)).toEqual(['traceparent']);
    const forged = [...headers, { name: 'baggage', value: Buffer.from('tenant=globex') }];
    telemetry.runInSpan(telemetry.startProcess({ ...processed, headers: forged }), () => {
      expect(propagation.getActiveBaggage()).toBeUndefined();
    });
  });
});

describe('Telemetry without an SDK', () => {
  it('holds one shared handle, adds no header and calls the work itself', () => {
    const telemetry = makeTelemetry();
    const publish = telemetry.startPublish(published);
    expect(telemetry.startPublish(published)).toBe(publish);
    expect(telemetry.startProcess(processed)).toBe(publish);
    const headers: TraceHeader[] = [];
    telemetry.inject(publish, headers);
    expect(headers).toEqual([]);
    telemetry.endPublish(publish, failure);
    const process = telemetry.startProcess(processed);
    expect(telemetry.runInSpan(process, () => 'worked')).toBe('worked');
    telemetry.endProcess(process, 'handled');
    telemetry.countForeign();
    telemetry.countHandled('acme');
  });

  it('asks no clock', () => {
    const clock = new HandClock();
    clock.monotonicMs = (): never => {
      throw new Error('asked');
    };
    const telemetry = makeTelemetry({}, clock);
    telemetry.endPublish(telemetry.startPublish(published), undefined);
    telemetry.endProcess(telemetry.startProcess(processed), 'handled');
  });

  it('finds an SDK that is registered later', async () => {
    const telemetry = makeTelemetry();
    telemetry.endPublish(telemetry.startPublish(published), undefined);
    const seen = registerTracing();
    const collect = registerMetrics();
    telemetry.endPublish(telemetry.startPublish(published), undefined);
    expect(seen.spans()).toHaveLength(1);
    expect((await collect()).map((metric) => metric.descriptor.name)).toContain('tenantry.events.published');
  });

  it('lets a publish end that began before there was an SDK', async () => {
    const telemetry = makeTelemetry();
    const publish = telemetry.startPublish(published);
    const seen = registerTracing();
    telemetry.endPublish(publish, undefined);
    expect(seen.spans()).toEqual([]);
  });
});
