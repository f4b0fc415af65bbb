import { describe, expect, it } from 'vitest';
import { TenantLabels, templateOf } from '../../../src/telemetry/tenant-labels.js';

describe('TenantLabels', () => {
  it('names the listed tenants and the pseudo-tenant of violations, and no others', () => {
    const labels = new TenantLabels(['acme']);
    expect(['acme', 'Acme', 'globex', 'constructor', '_violation', '_other'].map((id) => labels.of(id))).toEqual([
      'acme',
      '_other',
      '_other',
      '_other',
      '_violation',
      '_other',
    ]);
  });
});

describe('templateOf', () => {
  it('replaces the tenant only where it owns the name', () => {
    expect(templateOf('acme.orders', 'acme')).toBe('{tenant}.orders');
    expect(templateOf('acme2.orders', 'acme')).toBe('acme2.orders');
    expect(templateOf('acme', 'acme')).toBe('acme');
    expect(templateOf('_shared.shipping', 'acme')).toBe('_shared.shipping');
  });
});
