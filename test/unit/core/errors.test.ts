import { inspect } from 'node:util';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '../../../src/core/error-codes.js';
import {
  describeForeignError,
  isTenantryError,
  TenantryError,
  tenantryError,
  type Problem,
} from '../../../src/core/errors.js';
import { isRetryable } from '../../../src/core/retryability.js';

const SECRET = 'secret 4711';
const codes = Object.keys(ERROR_CODES) as ErrorCode[];

describe('the error table', () => {
  it.each(codes)('%s says what it means and what to do, in sentences', (code) => {
    const { meaning, remedy } = ERROR_CODES[code];
    expect(code).toMatch(/^[A-Z]+(?:_[A-Z]+)*$/);
    expect(meaning).toMatch(/^[A-Z].*\.$/);
    expect(remedy).toMatch(/\.$/);
  });
});

describe('TenantryError', () => {
  it('carries its code, the fields of the code and whether to try again', () => {
    const error = tenantryError('RATE_LIMITED', 'too fast', { tenantId: 'acme', retryAfterMs: 20 });
    expect(error).toBeInstanceOf(TenantryError);
    expect(error).toMatchObject({ code: 'RATE_LIMITED', retryable: true, tenantId: 'acme', retryAfterMs: 20 });
    expect(error.name).toBe('TenantryError');
    expect(error.cause).toBeUndefined();
    expect(tenantryError('NOT_RUNNING', 'stopped').retryable).toBe(false);
  });

  it('prints without its brand', () => {
    expect(inspect(tenantryError('NOT_RUNNING', 'stopped'))).not.toContain('Symbol');
  });
});

describe('isTenantryError', () => {
  it('tells codes apart and makes their fields readable', () => {
    const error: unknown = tenantryError('VALIDATION_FAILED', 'no', { problems: [] });
    expect(isTenantryError(error)).toBe(true);
    expect(isTenantryError(error, 'NOT_RUNNING')).toBe(false);
    if (!isTenantryError(error, 'VALIDATION_FAILED')) throw error;
    expectTypeOf(error.problems).toEqualTypeOf<readonly Problem[]>();
    expectTypeOf(error.code).toEqualTypeOf<'VALIDATION_FAILED'>();
    expect(error.problems).toEqual([]);
  });

  it('recognises an error of another copy of the package', async () => {
    vi.resetModules();
    const copy = await import('../../../src/core/errors.js');
    const foreign: unknown = copy.tenantryError('NOT_RUNNING', 'stopped');
    expect(foreign).not.toBeInstanceOf(TenantryError);
    expect(isTenantryError(foreign, 'NOT_RUNNING')).toBe(true);
    expect(copy.isTenantryError(tenantryError('NOT_RUNNING', 'stopped'))).toBe(true);
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['text', 'NOT_RUNNING'],
    ['an object with its name and a code', { code: 'NOT_RUNNING', name: 'TenantryError' }],
    ['another error', new Error('NOT_RUNNING')],
    ['a function', () => 1],
    ['a revoked proxy', revokedProxy()],
  ])('does not take %s for one', (_, value) => {
    expect(isTenantryError(value)).toBe(false);
    expect(isTenantryError(value, 'NOT_RUNNING')).toBe(false);
    expect(isRetryable(value)).toBe(true);
  });
});

describe('isRetryable', () => {
  it('goes by the code, and takes any other error to be passing', () => {
    expect(isRetryable(tenantryError('KEY_SERVICE_AWAY', 'away'))).toBe(true);
    expect(isRetryable(tenantryError('INVALID_TENANT_ID', 'no'))).toBe(false);
    expect(isRetryable(new Error('of a handler'))).toBe(true);
    expect(isRetryable(undefined)).toBe(true);
  });
});

describe('describeForeignError', () => {
  it('tells name and code of an error', () => {
    expect(describeForeignError(new TypeError(SECRET))).toBe('TypeError');
    expect(describeForeignError(Object.assign(new Error(SECRET), { code: 'ECONNREFUSED' }))).toBe('Error ECONNREFUSED');
  });

  it.each<[string, unknown, string]>([
    ['text', SECRET, 'string'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'object'],
    ['a name that is no name', Object.assign(new Error(), { name: SECRET }), 'Error'],
    ['a code that is no code', Object.assign(new Error(), { code: `{"${SECRET}":1}` }), 'Error'],
    ['a very long name', Object.assign(new Error(), { name: 'x'.repeat(65) }), 'Error'],
    ['a name with a line break', Object.assign(new Error(), { name: 'Error\nx' }), 'Error'],
    ['a number as code', Object.assign(new Error(), { code: 4711 }), 'Error'],
    ['a plain object', { message: SECRET, secret: SECRET }, 'Error'],
    [
      'getters that throw',
      {
        get name(): string {
          throw new Error(SECRET);
        },
        get code(): string {
          throw new Error(SECRET);
        },
      },
      'Error',
    ],
    ['a revoked proxy', revokedProxy(), 'Error'],
  ])('threat 37: says nothing more of %s', (_, thrown, description) => {
    expect(describeForeignError(thrown)).toBe(description);
  });
});

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
