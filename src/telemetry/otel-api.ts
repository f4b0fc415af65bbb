import { createRequire } from 'node:module';
import type {
  context,
  createNoopMeter,
  metrics,
  propagation,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

/** What this library calls of the OpenTelemetry API. */
export interface OtelApi {
  readonly context: typeof context;
  readonly createNoopMeter: typeof createNoopMeter;
  readonly metrics: typeof metrics;
  readonly propagation: typeof propagation;
  // It stays in every 1.x of the API, which is our peer range, and nothing else says whether there is an SDK.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  readonly ProxyTracerProvider: typeof ProxyTracerProvider;
  readonly ROOT_CONTEXT: typeof ROOT_CONTEXT;
  readonly SpanKind: typeof SpanKind;
  readonly SpanStatusCode: typeof SpanStatusCode;
  readonly trace: typeof trace;
}

const require = createRequire(import.meta.url);

let api: OtelApi | undefined;

/** The API, loaded with the first client: it would be a fifth of the time that importing this library takes. */
export function otel(): OtelApi {
  return (api ??= require('@opentelemetry/api') as OtelApi);
}
