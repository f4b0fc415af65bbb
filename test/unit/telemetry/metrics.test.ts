import type { MetricData } from '@opentelemetry/sdk-metrics';
import { afterEach, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/core/error-codes.js';
import { tenantryError } from '../../../src/core/errors.js';
import { METRICS } from '../../../src/telemetry/catalog.js';
import { HandClock, makeTelemetry, processed, published, registerMetrics, unregisterAll } from './otel-sdk.js';

afterEach(unregisterAll);

interface Point {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: unknown;
}

function pointsOf(collected: readonly MetricData[], name: string): Point[] {
  const metric = collected.find(({ descriptor }) => descriptor.name === name);
  return metric?.dataPoints.map(({ attributes, value }) => ({ attributes, value })) ?? [];
}

const quarantineCodes: readonly ErrorCode[] = [
  'RECORD_KEY_INVALID',
  'RECORD_HEADER_INVALID',
  'TENANT_MISMATCH',
  'TOO_MANY_HEADERS',
  'UNKNOWN_TENANT',
  'ENVELOPE_MALFORMED',
  'ENVELOPE_UNSUPPORTED',
  'SEAL_MISSING',
  'SEAL_INVALID',
  'KEY_MISMATCH',
  'KEY_REFUSED',
  'KEY_NOT_CONFIGURED',
  'DATA_KEY_REVOKED',
];

describe('Telemetry metrics', () => {
  it('counts and times publishes', async () => {
    const collect = registerMetrics();
    const clock = new HandClock();
    const telemetry = makeTelemetry({ metrics: { tenants: ['acme'] } }, clock);
    const publish = telemetry.startPublish(published);
    clock.now += 20;
    telemetry.endPublish(publish, undefined);
    telemetry.endPublish(telemetry.startPublish(published), tenantryError('PUBLISH_REFUSED', '-', { reason: '-' }));
    telemetry.endPublish(telemetry.startPublish(published), tenantryError('ABORTED', '-'));
    const collected = await collect();
    const common = {
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.destination.name': 'orders',
    };
    expect(pointsOf(collected, 'messaging.client.sent.messages')).toEqual([
      { attributes: common, value: 1 },
      // The aborted one was never sent.
      { attributes: { ...common, 'error.type': 'PUBLISH_REFUSED' }, value: 1 },
    ]);
    const durations = pointsOf(collected, 'messaging.client.operation.duration');
    expect(durations.map(({ attributes }) => attributes['error.type'])).toEqual([
      undefined,
      'PUBLISH_REFUSED',
      'ABORTED',
    ]);
    expect(durations[0]?.value).toMatchObject({
      sum: 0.02,
      buckets: { boundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] },
    });
    expect(pointsOf(collected, 'tenantry.events.published')).toEqual([
      { attributes: { 'tenantry.tenant.id': 'acme' }, value: 1 },
    ]);
  });

  it('counts a delivery once, and times every try of its handler', async () => {
    const collect = registerMetrics();
    const clock = new HandClock();
    const telemetry = makeTelemetry({}, clock);
    for (const [attempt, outcome] of [
      [1, 'HANDLER_TIMEOUT'],
      [2, 'handled'],
    ] as const) {
      const process = telemetry.startProcess({ ...processed, attempt });
      clock.now += 1_500;
      telemetry.endProcess(process, outcome);
    }
    const collected = await collect();
    const common = {
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.destination.name': 'orders',
      'messaging.consumer.group.name': '_shared.shipping',
    };
    expect(pointsOf(collected, 'messaging.client.consumed.messages')).toEqual([{ attributes: common, value: 1 }]);
    expect(pointsOf(collected, 'messaging.process.duration')).toMatchObject([
      { attributes: { ...common, 'error.type': 'HANDLER_TIMEOUT' }, value: { sum: 1.5, count: 1 } },
      { attributes: common, value: { sum: 1.5, count: 1 } },
    ]);
  });

  it('counts what becomes of events, per listed tenant', async () => {
    const collect = registerMetrics();
    const telemetry = makeTelemetry({ metrics: { tenants: ['acme'] } });
    for (const tenant of ['acme', 'globex', 'initech']) {
      telemetry.countRateLimited(tenant);
      telemetry.countHandled(tenant);
      telemetry.countFailedAttempt(tenant);
      telemetry.countDeadLettered(tenant);
      telemetry.countErased(tenant);
      telemetry.countSkipped(tenant);
      telemetry.countDuplicate(tenant);
      telemetry.countUnmarked(tenant);
    }
    telemetry.countQuarantined('_violation', 'TENANT_MISMATCH');
    telemetry.countForeign();
    const collected = await collect();
    const names = [
      'rate_limited',
      'handled',
      'failed_attempts',
      'dead_lettered',
      'erased',
      'skipped',
      'duplicates',
      'unmarked',
    ];
    for (const name of names) {
      expect(pointsOf(collected, `tenantry.events.${name}`), name).toEqual([
        { attributes: { 'tenantry.tenant.id': 'acme' }, value: 1 },
        { attributes: { 'tenantry.tenant.id': '_other' }, value: 2 },
      ]);
    }
    expect(pointsOf(collected, 'tenantry.events.quarantined')).toEqual([
      { attributes: { 'tenantry.tenant.id': '_violation', 'error.type': 'TENANT_MISMATCH' }, value: 1 },
    ]);
    expect(pointsOf(collected, 'tenantry.events.foreign')).toEqual([{ attributes: {}, value: 1 }]);
  });

  it('keeps every metric below the 2,000 series that SDKs hold, with 10,000 tenants, 100 of them listed', async () => {
    const collect = registerMetrics();
    const tenants = Array.from({ length: 10_000 }, (_, index) => `tenant-${index}`);
    const telemetry = makeTelemetry({ metrics: { tenants: tenants.slice(0, 100) } });
    for (const tenantId of tenants) {
      const groupId = `${tenantId}.shipping`;
      telemetry.endPublish(telemetry.startPublish({ ...published, tenantId, topic: `${tenantId}.orders` }), undefined);
      telemetry.endProcess(telemetry.startProcess({ ...processed, tenantId, groupId }), 'handled');
      telemetry.countHandled(tenantId);
      for (const code of quarantineCodes) telemetry.countQuarantined(tenantId, code);
    }
    const collected = await collect();
    for (const { descriptor, dataPoints } of collected) {
      expect(dataPoints.length, descriptor.name).toBeLessThan(1_500);
      for (const { attributes } of dataPoints) expect(attributes).not.toHaveProperty('otel.metric.overflow');
    }
    expect(pointsOf(collected, 'tenantry.events.published')).toHaveLength(101);
    expect(pointsOf(collected, 'messaging.client.sent.messages')).toMatchObject([
      { attributes: { 'messaging.destination.name': '{tenant}.orders' }, value: 10_000 },
    ]);
    expect(pointsOf(collected, 'messaging.client.consumed.messages')).toMatchObject([
      { attributes: { 'messaging.consumer.group.name': '{tenant}.shipping' }, value: 10_000 },
    ]);
  });

  it('makes every metric of the table with its unit, and no attribute that the table does not list', async () => {
    const collect = registerMetrics();
    const telemetry = makeTelemetry();
    telemetry.endPublish(telemetry.startPublish(published), tenantryError('PUBLISH_FAILED', '-', { reason: '-' }));
    telemetry.endPublish(telemetry.startPublish(published), undefined);
    telemetry.endProcess(telemetry.startProcess(processed), 'HANDLER_FAILED');
    telemetry.countRateLimited('acme');
    telemetry.countHandled('acme');
    telemetry.countFailedAttempt('acme');
    telemetry.countDeadLettered('acme');
    telemetry.countQuarantined('acme', 'SEAL_INVALID');
    telemetry.countErased('acme');
    telemetry.countForeign();
    telemetry.countSkipped('acme');
    telemetry.countDuplicate('acme');
    telemetry.countUnmarked('acme');
    telemetry.measureLag('g', [{ tenantId: 'acme', seconds: 1, records: 1, parked: true }]);
    telemetry.countCatchUp('g', 2, 1);
    const collected = await collect();
    expect(collected.map(({ descriptor }) => descriptor.name).sort()).toEqual(Object.keys(METRICS).sort());
    for (const { descriptor, dataPoints } of collected) {
      const entry = METRICS[descriptor.name as keyof typeof METRICS];
      expect(descriptor.unit).toBe(entry.unit);
      const used = new Set(dataPoints.flatMap(({ attributes }) => Object.keys(attributes)));
      expect([...used].sort(), descriptor.name).toEqual([...entry.attributes].sort());
    }
  });

  it('tells how far behind tenants are: the listed ones by name, the rest as one, and zero for who has caught up', async () => {
    const collect = registerMetrics();
    const telemetry = makeTelemetry({ metrics: { tenants: ['acme'] } });
    expect(telemetry.measures).toBe(true);
    const lag = (tenantId: string, seconds: number, records: number, parked = false) => ({
      tenantId,
      seconds,
      records,
      parked,
    });
    telemetry.measureLag('g', [lag('acme', 5, 10, true), lag('globex', 7, 1), lag('initech', 3, 2, true)]);
    telemetry.countCatchUp('g', 20, 12);
    let collected = await collect();
    const group = { 'messaging.consumer.group.name': 'g' };
    expect(pointsOf(collected, 'tenantry.tenant.lag')).toEqual([
      { attributes: { 'tenantry.tenant.id': 'acme', ...group }, value: 5 },
      { attributes: { 'tenantry.tenant.id': '_other', ...group }, value: 7 },
    ]);
    expect(pointsOf(collected, 'tenantry.tenant.unfinished').map(({ value }) => value)).toEqual([10, 3]);
    expect(pointsOf(collected, 'tenantry.tenants.parked')).toEqual([{ attributes: group, value: 2 }]);
    expect(pointsOf(collected, 'tenantry.catch_up.read')).toEqual([{ attributes: group, value: 20 }]);
    expect(pointsOf(collected, 'tenantry.catch_up.taken')).toEqual([{ attributes: group, value: 12 }]);
    telemetry.measureLag('g', [lag('globex', 1, 1)]);
    collected = await collect();
    expect(pointsOf(collected, 'tenantry.tenant.lag').map(({ value }) => value)).toEqual([0, 1]);
  });
});
