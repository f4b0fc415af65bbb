import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { KeyServiceFailure } from '../../../../src/encryption/key-service.js';
import { awsKms, type AwsKmsClient } from '../../../../src/integrations/aws-kms/index.js';
import { acme } from '../../encryption/fixtures.js';

const signal = new AbortController().signal;
const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

function made(client: Partial<Record<keyof AwsKmsClient, unknown>> = {}) {
  const complete = { generateDataKey: vi.fn(), decrypt: vi.fn(), ...client } as unknown as AwsKmsClient;
  const service = awsKms({ client: complete, keys: { acme: ARN } });
  return { service, client: complete, kekId: service.kekIds(acme)[0]! };
}

async function failure(call: Promise<unknown>): Promise<KeyServiceFailure> {
  const error: unknown = await call.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(KeyServiceFailure);
  return error as KeyServiceFailure;
}

describe('a call of the SDK', () => {
  it('names the key, asks for 256 bits, binds the tenant and can be aborted', async () => {
    const generateDataKey = vi.fn(() =>
      Promise.resolve({ Plaintext: Buffer.alloc(32), CiphertextBlob: Buffer.alloc(184) }),
    );
    const decrypt = vi.fn(() => Promise.resolve({ Plaintext: Buffer.alloc(32) }));
    const { service, kekId } = made({ generateDataKey, decrypt });
    await service.generateDataKey(acme, kekId, signal);
    await service.unwrapDataKey(acme, kekId, Buffer.from('blob'), signal);
    const EncryptionContext = { 'tenantry-tenant': 'acme', 'tenantry-format': '1' };
    expect(generateDataKey.mock.calls).toEqual([
      [{ KeyId: ARN, KeySpec: 'AES_256', EncryptionContext }, { abortSignal: signal }],
    ]);
    expect(decrypt.mock.calls).toEqual([
      [
        {
          KeyId: ARN,
          CiphertextBlob: Buffer.from('blob'),
          EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
          EncryptionContext,
        },
        { abortSignal: signal },
      ],
    ]);
  });

  it('threat 28: passes on an answer without a data key for the one place that checks it', async () => {
    const empty = (): Promise<object> => Promise.resolve({});
    const { service, kekId } = made({ generateDataKey: empty, decrypt: empty });
    expect(await service.generateDataKey(acme, kekId, signal)).toEqual({
      plaintext: new Uint8Array(),
      blob: new Uint8Array(),
    });
    expect(await service.unwrapDataKey(acme, kekId, Buffer.from('blob'), signal)).toEqual(new Uint8Array());
  });

  it.each([
    ['InvalidCiphertextException', 'data-key-refused'],
    ['IncorrectKeyException', 'data-key-refused'],
    ['NotFoundException', 'key-gone'],
    ['AccessDeniedException', 'key-refused'],
    ['DisabledException', 'key-refused'],
    ['InvalidKeyUsageException', 'key-refused'],
    ['KMSInvalidStateException', 'key-refused'],
    ['ThrottlingException', 'away'],
    ['KMSInternalException', 'away'],
    ['KeyUnavailableException', 'away'],
    ['DependencyTimeoutException', 'away'],
    ['TimeoutError', 'away'],
    ['AbortError', 'away'],
    ['ExpiredTokenException', 'away'],
    ['CredentialsProviderError', 'away'],
  ])('threat 37: %s means %s, and its text stays in', async (name, kind) => {
    const error = Object.assign(new Error('hunter2'), { name, $response: 'hunter2' });
    const fails = (): Promise<never> => Promise.reject(error);
    const { service, kekId } = made({ generateDataKey: fails, decrypt: fails });
    for (const call of [
      () => service.generateDataKey(acme, kekId, signal),
      () => service.unwrapDataKey(acme, kekId, Buffer.from('blob'), signal),
    ]) {
      const failed = await failure(Promise.resolve(call()));
      expect(failed).toMatchObject({ kind, message: name });
      expect(inspect(failed, { showHidden: true })).not.toContain('hunter2');
    }
  });

  it.each([
    [{ name: 'c2VjcmV0', $metadata: { httpStatusCode: 500 } }, 'status-500'],
    [{ name: 'c2VjcmV0' }, 'no-answer'],
    ['c2VjcmV0', 'no-answer'],
    [undefined, 'no-answer'],
    [null, 'no-answer'],
  ])('threat 37: %o is no answer, and its name stays in, as it is none that is known', async (thrown, reason) => {
    const { service, kekId } = made({ generateDataKey: () => Promise.reject(thrown) });
    const failed = await failure(Promise.resolve(service.generateDataKey(acme, kekId, signal)));
    expect(failed).toMatchObject({ kind: 'away', message: reason });
  });

  it('threat 14: costs nothing where there is nothing to unwrap', async () => {
    const { service, client, kekId } = made();
    const failed = await failure(Promise.resolve(service.unwrapDataKey(acme, kekId, Buffer.alloc(0), signal)));
    expect(failed.kind).toBe('data-key-refused');
    expect(client.decrypt).not.toHaveBeenCalled();
  });
});

describe('the options', () => {
  it.each([
    ARN,
    '1234abcd-12ab-34cd-56ef-1234567890ab',
    'mrk-1234abcd12ab34cd56ef1234567890ab',
    'alias/tenants/acme',
    'arn:aws-us-gov:kms:us-gov-west-1:111122223333:alias/tenant-acme',
    'arn:aws:kms:eu-central-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab',
  ])('take the key %s', (uri) => {
    expect(awsKms({ client: made().client, keys: { acme: uri } }).kekIds(acme)).toHaveLength(1);
  });

  it.each(['acme', 'alias/', 'arn:aws:s3:::bucket', 'alias/a b', `${ARN}/x`, ''])('refuse the key %o', (uri) => {
    expect(() => awsKms({ client: made().client, keys: { acme: uri } })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS' }),
    );
  });

  it.each([{}, { client: {}, keys: 'alias/{tenant}' }, { client: { send: () => 1 }, keys: 'alias/{tenant}' }])(
    'refuse %o',
    (options) => {
      expect(() => awsKms(options as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
    },
  );
});
