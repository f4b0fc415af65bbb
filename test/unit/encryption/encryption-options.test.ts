import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createEnvelopeCipher } from '../../../src/encryption/envelope-cipher.js';
import {
  envelopeEncryption,
  isEncryptionOptions,
  settingsOf,
  type EncryptionOptions,
  type EnvelopeEncryptionOptions,
} from '../../../src/encryption/encryption-options.js';
import { acme, codeOf, FakeKeyService, outcome, recordingTelemetry } from './fixtures.js';
import { ManualClock } from './manual-clock.js';

const kms = new FakeKeyService();

describe('envelopeEncryption', () => {
  it('fills in the defaults', () => {
    const settings = settingsOf(envelopeEncryption({ kms }));
    expect(settings.kms).toBe(kms);
    expect(settings.dataKey).toEqual({ softAgeMs: 3_600_000, hardAgeMs: 86_400_000 });
    expect(settings.revokedDataKeys.size).toBe(0);
    expect(settings.erasedKeks(acme)).toBeUndefined();
    expect(settings.warmUp).toEqual({ tenants: [], onUnreachable: 'fail' });
  });

  it('answers with a frozen value that shows nothing', () => {
    const options = envelopeEncryption({ kms });
    expect(Object.isFrozen(options)).toBe(true);
    expect(inspect(options, { showHidden: true })).toBe('{}');
    expect(isEncryptionOptions(options)).toBe(true);
  });

  it.each<[string, unknown, string[]]>([
    ['nothing', undefined, ['(root)']],
    ['no key service', {}, ['kms']],
    ['a wrong key service', { kms: { generateDataKey: () => null } }, ['kms']],
    ['an unknown field', { kms, cache: 1 }, ['cache']],
    ['an unknown field inside', { kms, dataKey: { maxAgeMs: 1 } }, ['dataKey.maxAgeMs']],
    ['a soft age above the hard age', { kms, dataKey: { softAgeMs: 2_000, hardAgeMs: 1_000 } }, ['dataKey.hardAgeMs']],
    [
      'ages that are no whole milliseconds',
      { kms, dataKey: { softAgeMs: 1_000.5, hardAgeMs: '1h' } },
      ['dataKey.softAgeMs', 'dataKey.hardAgeMs'],
    ],
    ['a wrong tenant id', { kms, revokedDataKeys: { 'a:b': [] } }, ['revokedDataKeys.(name not shown)']],
    ['a tenant to warm up that is none', { kms, warmUp: ['acme', 'a:b'] }, ['warmUp.1']],
    ['what is no list of tenants', { kms, warmUp: 'acme', onUnreachable: 'wait' }, ['warmUp', 'onUnreachable']],
    ['erased keys of what is no tenant', { kms, erasedKeks: { 'a:b': [] } }, ['erasedKeks.(name not shown)']],
    ['an erased key in upper case', { kms, erasedKeks: { acme: ['0123456789ABCDEF'] } }, ['erasedKeks.acme.0']],
    ['what is no list of erased keys', { kms, erasedKeks: { acme: '0123456789abcdef' } }, ['erasedKeks.acme']],
    ['erased keys that are none', { kms, erasedKeks: 5 }, ['erasedKeks']],
    ['a wrong dekId', { kms, revokedDataKeys: { acme: ['00'] } }, ['revokedDataKeys.acme.0']],
  ])('refuses %s and names each wrong field', async (_, options, paths) => {
    const error = await outcome(() => envelopeEncryption(options as EnvelopeEncryptionOptions));
    expect(error).toMatchObject({ code: 'INVALID_OPTIONS' });
    expect((error as unknown as { problems: { path: string }[] }).problems.map(({ path }) => path)).toEqual(paths);
  });

  it('is the only way to options for a cipher', async () => {
    expect(isEncryptionOptions({})).toBe(false);
    expect(isEncryptionOptions(undefined)).toBe(false);
    expect(
      await codeOf(
        () =>
          createEnvelopeCipher({} as EncryptionOptions, { clock: new ManualClock(), ...recordingTelemetry() }) as never,
      ),
    ).toBe('INVALID_OPTIONS');
  });
});
