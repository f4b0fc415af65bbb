import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { tenantryError } from '../../../src/core/errors.js';
import { ATTRIBUTES } from '../../../src/telemetry/attributes.js';
import { METRICS, SPANS } from '../../../src/telemetry/catalog.js';
import { LOG_EVENTS } from '../../../src/telemetry/log-catalog.js';
import { makeTelemetry, processed, published, registerTracing, unregisterAll } from './otel-sdk.js';

afterEach(unregisterAll);

const src = new URL('../../../src/', import.meta.url);
const folder = new URL('telemetry/', src);

describe('the telemetry table', () => {
  it('lists exactly the attributes that spans carry', () => {
    const seen = registerTracing();
    const telemetry = makeTelemetry();
    telemetry.endPublish(telemetry.startPublish(published), tenantryError('ABORTED', '-'));
    telemetry.endProcess(telemetry.startProcess(processed), 'HANDLER_FAILED');
    const [send, process] = seen.spans();
    expect(Object.keys(send?.attributes ?? {}).sort()).toEqual([...SPANS.send.attributes].sort());
    expect(Object.keys(process?.attributes ?? {}).sort()).toEqual([...SPANS.process.attributes].sort());
    expect(send?.name).toBe(SPANS.send.name.replace('{topic}', 'orders'));
    expect(process?.name).toBe(SPANS.process.name.replace('{topic}', 'orders'));
  });

  it('explains every attribute that is used, and no other', () => {
    const used = [...Object.values(SPANS), ...Object.values(METRICS)].flatMap(({ attributes }): string[] => [
      ...attributes,
    ]);
    expect([...new Set(used)].sort()).toEqual(Object.keys(ATTRIBUTES).sort());
  });

  it('lists no log event that nothing logs', () => {
    const source = readdirSync(src, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.includes('catalog'))
      .map((file) => readFileSync(new URL(file, src), 'utf8'))
      .join();
    expect(Object.keys(LOG_EVENTS).filter((event) => !source.includes(`log('${event}'`))).toEqual([]);
  });

  it('lists every log event: nothing reaches a logger past it', () => {
    const past = readdirSync(src, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.startsWith('telemetry'))
      // These have the log of their framework, which is the application's.
      .filter((file) => !/^integrations\/(?:fastify|nestjs)\//.test(file))
      .filter((file) =>
        /\blogger\??\.\w+\(|\.(?:debug|info|warn|error)\(/.test(readFileSync(new URL(file, src), 'utf8')),
      );
    expect(past).toEqual([]);
  });

  it('leaves record keys out: an aggregate id may be personal', () => {
    expect(Object.keys(ATTRIBUTES)).not.toContain('kafka.message.key');
  });

  it('uses only what version 1.9.0 of the OpenTelemetry API exports, the oldest that the peer range takes', () => {
    const inOldest = new Set([
      'Attributes',
      'Context',
      'Counter',
      'Histogram',
      'Meter',
      'ProxyTracerProvider',
      'ROOT_CONTEXT',
      'Span',
      'SpanKind',
      'SpanStatusCode',
      'TextMapGetter',
      'TextMapSetter',
      'Tracer',
      'context',
      'createNoopMeter',
      'metrics',
      'propagation',
      'trace',
    ]);
    const used = new Set<string>();
    for (const file of readdirSync(folder)) {
      const source = readFileSync(new URL(file, folder), 'utf8');
      for (const [, names = '', from = ''] of source.matchAll(
        /import (?:type )?\{([^}]*)\} from '(@opentelemetry[^']*)'/g,
      )) {
        expect(from).toBe('@opentelemetry/api');
        for (const name of names.split(',')) used.add(name.replace(/\btype /, '').trim());
      }
    }
    used.delete('');
    expect([...used].filter((name) => !inOldest.has(name))).toEqual([]);
    expect(used.size).toBeGreaterThan(10);
    const manifest = JSON.parse(readFileSync(new URL('../../package.json', folder), 'utf8')) as Record<string, unknown>;
    expect(manifest['peerDependencies']).toMatchObject({ '@opentelemetry/api': '^1.9.0' });
  });
});
