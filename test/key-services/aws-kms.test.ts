import { KMS } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awsKms } from 'tenantry/aws-kms';
import { startLocalStack, type RunningLocalStack } from '../../scripts/localstack/start-localstack.ts';
import { contractOf } from './contract.js';
import { failure, generate, globex, unwrap } from './failing-calls.js';

let server: RunningLocalStack;
let client: KMS;
/** Key ids by what they are for. */
const ids: Record<'shared' | 'old' | 'disabled' | 'deleted' | 'rsa', string> = {
  shared: '',
  old: '',
  disabled: '',
  deleted: '',
  rsa: '',
};

beforeAll(async () => {
  server = await startLocalStack();
  client = clientAt(server.url);
  for (const name of Object.keys(ids) as (keyof typeof ids)[]) ids[name] = await newKey();
  const rsa = await client.createKey({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' });
  ids.rsa = rsa.KeyMetadata?.KeyId ?? '';
  await client.createAlias({ AliasName: 'alias/tenant-acme', TargetKeyId: ids.shared });
  await client.createAlias({ AliasName: 'alias/tenant-globex', TargetKeyId: ids.shared });
  await client.disableKey({ KeyId: ids.disabled });
  await client.scheduleKeyDeletion({ KeyId: ids.deleted, PendingWindowInDays: 7 });
});

afterAll(async () => {
  client.destroy();
  await server.stop();
});

function clientAt(endpoint: string): KMS {
  return new KMS({
    endpoint,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
}

async function newKey(): Promise<string> {
  const { KeyMetadata } = await client.createKey({});
  return KeyMetadata?.KeyId ?? '';
}

const aws = (keys: Parameters<typeof awsKms>[0]['keys']) => awsKms({ client, keys });
const NO_SUCH_KEY = '00000000-0000-4000-8000-000000000000';

contractOf('AWS KMS, as LocalStack answers', {
  service: () => aws({ acme: [ids.shared, ids.old], globex: ids.shared, refused: ids.disabled, gone: NO_SUCH_KEY }),
  beforeRotation: () => aws({ acme: ids.old }),
  tenants: ['acme', 'globex'],
  stranger: 'initech',
  unusable: { 'key-refused': 'refused', 'key-gone': 'gone' },
  // A port of this machine where nobody listens would refuse; this one is paused.
  silent: () => {
    server.pause();
    setTimeout(() => server.resume(), 1_000);
    return aws(() => ids.shared);
  },
});

describe('a call of AWS KMS', () => {
  it('carries the tenant in the encryption context, in letters that policies can demand', async () => {
    const service = aws('alias/tenant-{tenant}');
    const { plaintext, blob } = await generate(service);
    const opened = await client.decrypt({
      CiphertextBlob: blob,
      EncryptionContext: { 'tenantry-tenant': 'acme', 'tenantry-format': '1' },
    });
    expect(Buffer.from(opened.Plaintext!)).toEqual(Buffer.from(plaintext));
  });

  it('threat 4: unwraps for no other tenant, also where an alias of its own leads to the same key', async () => {
    const service = aws('alias/tenant-{tenant}');
    const { blob } = await generate(service);
    expect(await unwrap(service, blob)).toHaveLength(32);
    expect(await failure(unwrap(service, blob, globex))).toMatchObject({
      kind: 'data-key-refused',
      reason: 'InvalidCiphertextException',
    });
  });

  it('threat 5: refuses what another key wrapped for the same tenant', async () => {
    const { blob } = await generate(aws(() => ids.old));
    expect(
      await failure(
        unwrap(
          aws(() => ids.shared),
          blob,
        ),
      ),
    ).toMatchObject({
      kind: 'data-key-refused',
      reason: 'IncorrectKeyException',
    });
  });

  it('refuses what anybody could have wrapped with the public half of an asymmetric key', async () => {
    const wrapped = await client.encrypt({
      KeyId: ids.rsa,
      EncryptionAlgorithm: 'RSAES_OAEP_SHA_256',
      Plaintext: Buffer.alloc(32, 7),
    });
    const { kind } = await failure(
      unwrap(
        aws(() => ids.rsa),
        wrapped.CiphertextBlob!,
      ),
    );
    // AWS names the key as the fault, LocalStack the ciphertext.
    expect(['key-refused', 'data-key-refused']).toContain(kind);
  });

  it('threat 34: a key that waits for its deletion is refused, also with data keys from before', async () => {
    const key = await newKey();
    const service = aws(() => key);
    const { blob } = await generate(service);
    await client.scheduleKeyDeletion({ KeyId: key, PendingWindowInDays: 7 });
    expect(await failure(unwrap(service, blob))).toMatchObject({
      kind: 'key-refused',
      reason: 'KMSInvalidStateException',
    });
    expect(await failure(generate(aws(() => ids.deleted)))).toMatchObject({ kind: 'key-refused' });
  });

  it('keeps nobody waiting where nobody listens', async () => {
    const nowhere = clientAt('http://127.0.0.1:1');
    expect(await failure(generate(awsKms({ client: nowhere, keys: () => ids.shared })))).toMatchObject({
      kind: 'away',
    });
  });
});
