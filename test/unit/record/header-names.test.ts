import { describe, expect, it } from 'vitest';
import { HEADER, isReservedHeader } from '../../../src/record/header-names.js';

describe('isReservedHeader', () => {
  const reserved = [
    ...Object.values(HEADER),
    'baggage',
    'event-anything',
    'event-',
    'dlq-reason',
    'retry-attempt',
    'ce_id',
    'ce_',
    'tenantry-anything',
  ];

  it.each(reserved)('reserves %s in any case', (name) => {
    for (const variant of [name, name.toUpperCase(), name.replace(/^./, (letter) => letter.toUpperCase())]) {
      expect(isReservedHeader(variant)).toBe(true);
    }
  });

  it.each([
    'tenant',
    'tenant-id-2',
    'my-tenant-id',
    'events-x',
    'ce-id',
    'retry',
    'dlq',
    'x-event-id',
    'tracestate2',
    '__proto__',
  ])('leaves %s to applications', (name) => {
    expect(isReservedHeader(name)).toBe(false);
  });
});
