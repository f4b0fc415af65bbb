import type { Span, Tracer, TracerProvider } from '@opentelemetry/api';
import { attempt } from '../../../telemetry/attempt.js';
import { otel, type OtelApi } from '../../../telemetry/otel-api.js';
import { outputNow, type Output } from './output.js';
import { currentOwner, currentRun } from './owner.js';
import { patched } from './patched.js';

/** A watch of spans. */
export interface SpanWatch {
  /** Why spans are not watched; undefined where they are. */
  readonly notWatched: string | undefined;
  /** All spans that were begun, with all that they were told until now. */
  outputs(): Output[];
  stop(): void;
}

/** What a span was told, by the names of what tells it. */
interface Told {
  name: string;
  readonly attributes: Record<string, unknown>;
  readonly events: unknown[];
  readonly links: unknown[];
  readonly exceptions: unknown[];
  status?: unknown;
}

interface SeenSpan extends Pick<Output, 'owner' | 'run'> {
  readonly told: Told;
}

/** The spans of whoever is watching now. */
let seen: SeenSpan[] | undefined;

/** What ends a watch, or why there is none. */
type Begun = (() => void) | string;

/**
 * Watches the spans of the OpenTelemetry API: of the SDK that is registered, also those that it samples out, or of a
 * recorder of its own where none is.
 */
export function watchSpans(): SpanWatch {
  const mine: SeenSpan[] = [];
  const begun = beginWatch();
  seen = mine;
  return {
    notWatched: typeof begun === 'string' ? begun : undefined,
    outputs: () => mine.map(({ told, owner, run }) => ({ ...outputNow('span', told.name, told, owner), run })),
    stop: () => {
      seen = undefined;
      if (typeof begun !== 'string') begun();
    },
  };
}

function beginWatch(): Begun {
  const api = attempt(otel);
  if (api === undefined) return '@opentelemetry/api is not installed';
  const sdk = sdkOf(api);
  return sdk === undefined ? registerRecorder(api) : watchSdk(sdk);
}

type Proxy = TracerProvider & Pick<InstanceType<OtelApi['ProxyTracerProvider']>, 'getDelegate' | 'getDelegateTracer'>;

/** What the application has registered, whatever it samples. The proxy may be of another copy of the API. */
function sdkOf({ trace }: OtelApi): TracerProvider | undefined {
  const provider: TracerProvider & Partial<Proxy> = trace.getTracerProvider();
  if (provider.getDelegateTracer === undefined) return provider;
  return provider.getDelegateTracer(NAME) === undefined ? undefined : provider.getDelegate?.();
}

const NAME = 'tenantry.leaks';

/** Tracers that the application has made before are of the same class. */
function watchSdk(sdk: TracerProvider): Begun {
  const tracer = sdk.getTracer(NAME);
  const holder = Object.hasOwn(tracer, 'startSpan') ? undefined : (Object.getPrototypeOf(tracer) as Tracer);
  if (holder === undefined) return 'the registered tracer provider makes tracers of no class, which cannot be watched';
  return patched(holder, 'startSpan', (original) => {
    return function startSpan(this: Tracer, ...args: Parameters<Tracer['startSpan']>) {
      return observed(original.apply(this, args), args);
    };
  });
}

/** Tracers keep the provider that they first met; so it stays, and records nothing while nobody watches. */
const recorder: TracerProvider = {
  getTracer: () => {
    const tracer: Tracer = {
      startSpan: (...args) => observed(emptySpan(), args),
      startActiveSpan: (name: string, ...rest: unknown[]) => {
        const { context, trace } = otel();
        const work = rest.at(-1) as (span: Span) => unknown;
        const span = tracer.startSpan(name, rest.length > 1 ? (rest[0] as object) : {});
        return context.with(trace.setSpan(context.active(), span), () => work(span));
      },
    };
    return tracer;
  },
};

function emptySpan(): Span {
  return otel().trace.wrapSpanContext({ traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 });
}

function registerRecorder(api: OtelApi): Begun {
  if (!api.trace.setGlobalTracerProvider(recorder)) return 'no recorder could be registered with @opentelemetry/api';
  return () => {
    // What the service has registered meanwhile is not ours to take away.
    if (sdkOf(api) === recorder) api.trace.disable();
  };
}

/** How each method of a span changes what it was told. */
const TELLING: Readonly<Record<string, (told: Told, args: readonly unknown[]) => void>> = {
  setAttribute: ({ attributes }, [name, value]) => {
    attributes[String(name)] = value;
  },
  setAttributes: ({ attributes }, [more]) => {
    Object.assign(attributes, more);
  },
  addEvent: ({ events }, [name, attributes]) => {
    events.push({ name, attributes });
  },
  addLink: ({ links }, [link]) => {
    links.push(link);
  },
  addLinks: ({ links }, [more]) => {
    links.push(more);
  },
  recordException: ({ exceptions }, [exception]) => {
    exceptions.push(exception);
  },
  setStatus: (told, [status]) => {
    told.status = status;
  },
  updateName: (told, [name]) => {
    told.name = String(name);
  },
};

function observed(span: Span, [name, options]: Parameters<Tracer['startSpan']>): Span {
  if (seen === undefined) return span;
  const { attributes, links = [] } = options ?? {};
  const told: Told = { name, attributes: { ...attributes }, events: [], links: [...links], exceptions: [] };
  seen.push({ told, owner: currentOwner(), run: currentRun() });
  // So that code tells it what it would tell one that is not sampled out.
  if (!span.isRecording()) {
    Object.defineProperty(span, 'isRecording', { configurable: true, value: () => seen !== undefined });
  }
  const methods = span as unknown as Record<string, ((...args: unknown[]) => unknown) | undefined>;
  for (const [method, tell] of Object.entries(TELLING)) {
    const call = methods[method];
    if (call === undefined) continue;
    Object.defineProperty(span, method, {
      configurable: true,
      value: (...args: unknown[]) => {
        tell(told, args);
        call.apply(span, args);
        return span;
      },
    });
  }
  return span;
}
