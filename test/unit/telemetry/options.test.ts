import { describe, expect, it } from 'vitest';
import { telemetrySchema } from '../../../src/telemetry/options.js';

describe('telemetrySchema', () => {
  it('fills the documented defaults in', () => {
    expect(telemetrySchema().parse({})).toEqual({ traceContext: 'parent', metrics: { tenants: [] } });
    expect(telemetrySchema().parse({ metrics: {} })).toEqual({ traceContext: 'parent', metrics: { tenants: [] } });
  });

  it.each([
    { traceContext: 'none' },
    { metrics: { tenants: ['a.b'] } },
    { metrics: { tenants: ['_other'] } },
    { metrics: { tenants: Array.from({ length: 101 }, (_, index) => `t${index}`) } },
    { metrics: { tenant: [] } },
    { tracing: true },
  ])('refuses %j', (options) => {
    expect(telemetrySchema().safeParse(options).success).toBe(false);
  });
});
