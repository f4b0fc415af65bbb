import { describe, expect, it } from 'vitest';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import {
  assertKnownTenant,
  openDirectory,
  profileOf,
  staticDirectory,
  type TenantDirectory,
} from '../../../src/tenant/directory.js';
import { ACME } from '../../support/contracts.js';

describe('openDirectory', () => {
  it('knows every tenant, and nothing special of it', () => {
    expect(openDirectory.get(parseTenantId('acme'))).toEqual({});
  });
});

describe('staticDirectory', () => {
  it('threat 23: knows the tenants it was given, and no members of Object', () => {
    const profile = { weight: 2 };
    const directory = staticDirectory(new Map([[parseTenantId('constructor'), profile]]));
    expect(directory.get(parseTenantId('constructor'))).toBe(profile);
    expect(directory.get(parseTenantId('hasOwnProperty'))).toBeUndefined();
  });
});

const answering = (answer: unknown): TenantDirectory => ({ get: () => answer as undefined });

describe('profileOf', () => {
  it.each([
    ['nothing', {}],
    ['a weight', { weight: 0.5 }],
    ['limits', { rateLimit: { eventsPerSecond: 1, bytesPerSecond: 1e9 } }],
    ['erased keys', { erasedKeks: ['0123456789abcdef'] }],
    ['no erased keys', { erasedKeks: [] }],
    ['more than is asked for', { rateLimit: {}, plan: 'gold' }],
  ])('takes a profile with %s', (_, profile) => {
    expect(profileOf(answering(profile), ACME)).toBe(profile);
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['true', true],
    ['text', 'acme'],
    ['an array', []],
    ['a function', () => ({})],
    ['a promise', Promise.resolve({})],
    ['another thenable', { then: () => undefined }],
    ['a limit of NaN', { rateLimit: { eventsPerSecond: Number.NaN } }],
    ['a negative limit', { rateLimit: { bytesPerSecond: -1 } }],
    ['a limit of 0', { rateLimit: { eventsPerSecond: 0 } }],
    ['an infinite limit', { rateLimit: { eventsPerSecond: Number.POSITIVE_INFINITY } }],
    ['a limit in text', { rateLimit: { eventsPerSecond: '5' } }],
    ['null for a limit', { rateLimit: { eventsPerSecond: null } }],
    ['null for the limits', { rateLimit: null }],
    ['an erased key in upper case', { erasedKeks: ['0123456789ABCDEF'] }],
    ['an erased key that is none', { erasedKeks: ['0123456789abcdef', 'key'] }],
    ['an erased key that is no text', { erasedKeks: [123] }],
    ['no list of erased keys', { erasedKeks: '0123456789abcdef' }],
    ['null for erased keys', { erasedKeks: null }],
    ['a weight of NaN', { weight: Number.NaN }],
    ['a negative weight', { weight: -1 }],
  ])('knows no tenant where the directory answers with %s', (_, answer) => {
    expect(profileOf(answering(answer), ACME)).toBeUndefined();
  });

  it('threat 37: says of a directory that throws, or whose answer does, nothing but that', () => {
    const broken = (): never => {
      throw new Error('password hunter2 is wrong');
    };
    const refusal: unknown = expect.objectContaining({
      code: 'UNKNOWN_TENANT',
      message: 'the directory threw when it was asked for tenant acme',
    });
    for (const directory of [
      { get: broken },
      answering(Object.defineProperty({}, 'weight', { get: broken })),
    ] satisfies TenantDirectory[]) {
      expect(() => profileOf(directory, ACME)).toThrow(refusal);
    }
  });

  it('leaves no rejection behind where the directory is asynchronous and fails', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => {
      unhandled.push(reason);
    };
    process.on('unhandledRejection', note);
    try {
      profileOf(answering(Promise.reject(new Error('the database is away'))), ACME);
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});

describe('assertKnownTenant', () => {
  it('refuses a tenant without a profile', () => {
    expect(() => {
      assertKnownTenant(answering(undefined), ACME);
    }).toThrow(expect.objectContaining({ code: 'UNKNOWN_TENANT' }) as Error);
  });

  it('lets a known tenant pass', () => {
    expect(() => {
      assertKnownTenant(openDirectory, ACME);
    }).not.toThrow();
  });
});
