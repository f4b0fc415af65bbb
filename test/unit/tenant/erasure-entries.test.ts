import { describe, expect, it } from 'vitest';
import { openDirectory, type TenantDirectory } from '../../../src/tenant/directory.js';
import { ErasureEntries } from '../../../src/tenant/erasure-entries.js';
import { ACME, GLOBEX } from '../../support/contracts.js';

const ONE = '0123456789abcdef';
const TWO = 'fedcba9876543210';
const kek = (id: string): Buffer => Buffer.from(id, 'hex');
const answering = (answer: unknown): TenantDirectory => ({ get: () => answer as undefined });
const code = (expected: string): Error => expect.objectContaining({ code: expected }) as Error;

describe('entries of erasure', () => {
  it('are what the profile and the option say together, for each tenant by itself', () => {
    const directory: TenantDirectory = { get: (id) => (id === ACME ? { erasedKeks: [ONE] } : {}) };
    const entries = new ErasureEntries(directory, (id) => (id === ACME ? [TWO] : undefined));
    expect([entries.names(ACME, kek(ONE)), entries.names(ACME, kek(TWO))]).toEqual([true, true]);
    expect(entries.names(ACME, kek('00'.repeat(8)))).toBe(false);
    expect([entries.isErased(ACME), entries.isErased(GLOBEX)]).toEqual([true, false]);
    expect(entries.names(GLOBEX, kek(ONE))).toBe(false);
  });

  it('are asked for anew each time', () => {
    let erasedKeks: readonly string[] | undefined;
    const entries = new ErasureEntries({ get: () => ({ erasedKeks }) });
    expect(entries.isErased(ACME)).toBe(false);
    erasedKeks = [ONE];
    expect(entries.isErased(ACME)).toBe(true);
    erasedKeks = [];
    expect(entries.isErased(ACME)).toBe(false);
  });

  it('threat 34: forbid to publish, with a reason, and where there are none do not', () => {
    expect(() => new ErasureEntries(openDirectory, () => [ONE]).assertMayPublish(ACME)).toThrow(
      expect.objectContaining({
        code: 'TENANT_ERASED',
        retryable: false,
        message: expect.stringContaining('tenant acme is erased'),
      }),
    );
    expect(() => new ErasureEntries(openDirectory).assertMayPublish(ACME)).not.toThrow();
    // Nobody knows the tenant; whether it may publish is decided elsewhere.
    expect(() => new ErasureEntries({ get: () => undefined }).assertMayPublish(ACME)).not.toThrow();
  });

  it.each<[string, () => unknown]>([
    ['throws', () => expect.fail('hunter2')],
    ['rejects', () => Promise.reject(new Error('hunter2'))],
    ['answers with null', () => null],
    ['answers with text', () => ONE],
    ['answers with ids in upper case', () => [ONE.toUpperCase()]],
    ['answers with something among the ids', () => [ONE, 7]],
    ['answers with a set', () => new Set([ONE])],
  ])('threat 34: are neither there nor not there where the option %s', (_, answer) => {
    const entries = new ErasureEntries(openDirectory, answer as () => readonly string[]);
    const asks: (() => unknown)[] = [
      () => {
        entries.assertMayPublish(ACME);
      },
      () => entries.isErased(ACME),
      () => entries.names(ACME, kek(ONE)),
    ];
    const told = asks.map((ask) => {
      try {
        return ask();
      } catch (error) {
        return error;
      }
    });
    expect(told).toEqual([code('UNKNOWN_TENANT'), code('UNKNOWN_TENANT'), code('UNKNOWN_TENANT')]);
    expect(String(told)).not.toContain('hunter2');
  });

  it.each([
    ['a list in upper case', [ONE.toUpperCase()]],
    ['text', ONE],
    ['null', null],
    ['an object', { [ONE]: true }],
  ])('threat 34: are neither there nor not there where a profile has %s for them', (_, erasedKeks) => {
    const entries = new ErasureEntries(answering({ erasedKeks }));
    expect(() => entries.assertMayPublish(ACME)).toThrow(code('UNKNOWN_TENANT'));
    expect(() => entries.names(ACME, kek(ONE))).toThrow(code('UNKNOWN_TENANT'));
  });

  it.each<[string, () => unknown]>([
    ['throws', () => expect.fail('away')],
    ['answers with null', () => null],
    ['answers with text', () => 'acme'],
    ['answers with a promise', () => Promise.reject(new Error('late'))],
  ])('threat 34: cannot be told of a key while the directory %s, unless the option names it', (_, get) => {
    const directory = { get } as TenantDirectory;
    expect(() => new ErasureEntries(directory).names(ACME, kek(ONE))).toThrow(code('UNKNOWN_TENANT'));
    expect(new ErasureEntries(directory, () => [ONE]).names(ACME, kek(ONE))).toBe(true);
    // What waits was taken from a tenant that was known; whether a directory knows it is asked before.
    expect(new ErasureEntries(directory).isErased(ACME)).toBe(false);
    expect(new ErasureEntries(directory, () => [ONE]).isErased(ACME)).toBe(true);
  });

  it('hold whatever else is wrong with a profile', () => {
    expect(new ErasureEntries(answering({ weight: Number.NaN, erasedKeks: [ONE] })).isErased(ACME)).toBe(true);
  });
});
