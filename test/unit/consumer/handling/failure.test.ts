import { describe, expect, it } from 'vitest';
import { openingFailure } from '../../../../src/consumer/handling/failure.js';
import { tenantryError } from '../../../../src/core/errors.js';

describe('a record that cannot be opened', () => {
  it.each([
    ['SEAL_INVALID', 'quarantine'],
    ['SEAL_MISSING', 'quarantine'],
    ['KEY_MISMATCH', 'quarantine'],
    ['ENVELOPE_MALFORMED', 'quarantine'],
    ['ENVELOPE_UNSUPPORTED', 'quarantine'],
    ['DATA_KEY_REVOKED', 'quarantine'],
    ['SEALED_FIELDS_INVALID', 'quarantine'],
    ['KEY_SERVICE_AWAY', 'hold'],
    ['KEY_GONE', 'hold'],
    ['DATA_KEY_RATE_LIMITED', 'hold'],
    ['DATA_KEY_INVALID', 'hold'],
    ['UNKNOWN_TENANT', 'hold'],
    ['TENANT_ERASED', 'erased'],
    ['SCHEMA_REGISTRY_AWAY', 'hold'],
    ['SCHEMA_REGISTRY_DENIED', 'hold'],
    ['INVALID_CONTRACT', 'hold'],
    ['SCHEMA_UNKNOWN', 'dead-letter'],
    ['SCHEMA_MISMATCH', 'dead-letter'],
    ['PAYLOAD_MALFORMED', 'dead-letter'],
    ['UNEXPECTED_TOMBSTONE', 'dead-letter'],
    ['ASYNC_SCHEMA', 'dead-letter'],
  ] as const)('for %s: %s', (code, kind) => {
    expect(openingFailure(tenantryError(code, 'x'))).toEqual({ kind, code });
  });

  it('because its tenant’s key is refused is held; because its own data key is, it goes to quarantine', () => {
    expect(openingFailure(tenantryError('KEY_REFUSED', 'x', { refused: 'key' })).kind).toBe('hold');
    expect(openingFailure(tenantryError('KEY_REFUSED', 'x', { refused: 'data-key' })).kind).toBe('quarantine');
  });

  it('for a reason that is none of ours is a malformed payload', () => {
    expect(openingFailure(new TypeError('x'))).toEqual({ kind: 'dead-letter', code: 'PAYLOAD_MALFORMED' });
  });
});
