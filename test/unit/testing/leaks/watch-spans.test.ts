import { SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { watchSpans } from '../../../../src/testing/leaks/watch/watch-spans.js';
import { registeredProvider, registerTracing, unregisterAll } from '../../telemetry/otel-sdk.js';

afterEach(unregisterAll);

function leavesOfAll(tracer: Tracer): { names: string[]; leaves: Record<string, string> } {
  const watch = watchSpans();
  tracer.startActiveSpan('first name', { attributes: { a: 'start' } }, (span) => {
    span.setAttribute('a', 'Ada').setAttributes({ b: 'Bob' }).addEvent('an event', { c: 'Cid' });
    span.recordException(new Error('Dan'));
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'Eve' }).updateName('last name');
    span.end();
  });
  const outputs = watch.outputs();
  watch.stop();
  tracer.startSpan('after the watch').end();
  expect(watch.outputs()).toHaveLength(1);
  const leaves = outputs[0]?.leaves ?? [];
  return {
    names: outputs.map(({ name }) => name),
    leaves: Object.fromEntries(leaves.filter(({ isName }) => !isName).map(({ path, text }) => [path, text])),
  };
}

const ALL = {
  names: ['last name'],
  leaves: expect.objectContaining({
    '/name': 'last name',
    '/attributes/a': 'Ada',
    '/attributes/b': 'Bob',
    '/events/0/name': 'an event',
    '/events/0/attributes/c': 'Cid',
    '/exceptions/0/message': 'Dan',
    '/status/message': 'Eve',
  }) as unknown,
};

describe('the watch of spans', () => {
  it('records them where no SDK is registered, also of a tracer that was made before', () => {
    const early = trace.getTracer('early');
    expect(leavesOfAll(early)).toEqual(ALL);
    expect(leavesOfAll(early)).toEqual(ALL);
    expect(leavesOfAll(trace.getTracer('late'))).toEqual(ALL);
    expect(early.startSpan('unwatched').isRecording()).toBe(false);
  });

  it('sees those of an SDK, which gets them all the same', () => {
    const { spans } = registerTracing();
    const early = trace.getTracer('early');
    expect(leavesOfAll(early)).toEqual(ALL);
    expect(leavesOfAll(trace.getTracer('late'))).toEqual(ALL);
    expect(spans().map(({ name }) => name)).toEqual(expect.arrayContaining(['last name', 'after the watch']));
    expect(spans().find(({ name }) => name === 'last name')?.attributes).toMatchObject({ a: 'Ada', b: 'Bob' });
  });

  it.each([
    ['all', new AlwaysOffSampler()],
    ['by a ratio of 0', new TraceIdRatioBasedSampler(0)],
    ['children of what is sampled out', new ParentBasedSampler({ root: new AlwaysOffSampler() })],
  ])('sees those that an SDK samples out: %s', (_, sampler) => {
    const { spans } = registerTracing(sampler);
    const early = trace.getTracer('early');
    expect(leavesOfAll(early)).toEqual(ALL);
    expect(leavesOfAll(trace.getTracer('late'))).toEqual(ALL);
    expect(early.startSpan('unwatched').isRecording()).toBe(false);
    expect(spans()).toEqual([]);
  });

  it('sees what code tells only spans that record, of those that are sampled out', () => {
    registerTracing(new AlwaysOffSampler());
    const watch = watchSpans();
    const span = trace.getTracer('shop').startSpan('a span');
    if (span.isRecording()) span.setAttribute('a', 'Ada');
    watch.stop();
    expect(watch.outputs()[0]?.leaves?.map(({ text }) => text)).toContain('Ada');
    expect(span.isRecording()).toBe(false);
  });

  it.each([new AlwaysOffSampler(), new AlwaysOnSampler()])('leaves the SDK registered: %s', (sampler) => {
    const { spans } = registerTracing(sampler);
    const registered = registeredProvider();
    watchSpans().stop();
    expect(registeredProvider()).toBe(registered);
    trace.getTracer('shop').startSpan('later').end();
    expect(spans()).toHaveLength(sampler instanceof AlwaysOnSampler ? 1 : 0);
  });

  it('leaves alone what is registered in the place of its recorder', () => {
    const watch = watchSpans();
    trace.disable();
    registerTracing();
    const registered = registeredProvider();
    watch.stop();
    expect(registeredProvider()).toBe(registered);
  });

  it('says that it does not watch where it can neither watch what is registered nor register itself', () => {
    trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan: vi.fn(), startActiveSpan: vi.fn() }) });
    const unwatched = watchSpans();
    unwatched.stop();
    expect(unwatched.notWatched).toMatch(/^the registered tracer provider/);
    trace.disable();
    vi.spyOn(trace, 'setGlobalTracerProvider').mockReturnValue(false);
    const unregistered = watchSpans();
    unregistered.stop();
    expect(unregistered.notWatched).toMatch(/^no recorder/);
  });
});
