import { KMS } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awsKms } from 'tenantry/aws-kms';
import { startLocalStack, type RunningLocalStack } from '../../scripts/localstack/start-localstack.ts';
import { contractOf } from './contract.js';
import { destroy, failure, generate, globex, unwrap } from './failing-calls.js';

let server: RunningLocalStack;
let client: KMS;
/** Key ids by what they are for. */
const ids: Record<'shared' | 'old' | 'disabled' | 'deleted' | 'doomed' | 'rsa', string> = {
  shared: '',
  old: '',
  disabled: '',
  deleted: '',
  doomed: '',
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
  service: () =>
    aws({
      acme: [ids.shared, ids.old],
      globex: ids.shared,
      refused: ids.disabled,
      gone: NO_SUCH_KEY,
      deleted: ids.deleted,
      doomed: ids.doomed,
    }),
  beforeRotation: () => aws({ acme: ids.old }),
  tenants: ['acme', 'globex'],
  stranger: 'initech',
  unusable: { 'key-refused': 'refused', 'key-being-destroyed': 'deleted', 'key-gone': 'gone' },
  destruction: { doomed: 'doomed', shared: 'globex' },
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

  it('threat 34: a key that waits for its deletion is being destroyed, also with data keys from before', async () => {
    const key = await newKey();
    const service = aws(() => key);
    const { blob } = await generate(service);
    await client.scheduleKeyDeletion({ KeyId: key, PendingWindowInDays: 7 });
    expect(await failure(unwrap(service, blob))).toMatchObject({
      kind: 'key-being-destroyed',
      reason: 'PendingDeletion',
    });
    expect(await failure(generate(aws(() => ids.deleted)))).toMatchObject({ kind: 'key-being-destroyed' });
  });

  it('threat 34: without the right to describe it, it is refused', async () => {
    const { generateDataKey, decrypt } = client;
    const narrow = { generateDataKey: generateDataKey.bind(client), decrypt: decrypt.bind(client) };
    const refused = { kind: 'key-refused', reason: 'KMSInvalidStateException' };
    expect(await failure(generate(awsKms({ client: narrow, keys: () => ids.deleted })))).toMatchObject(refused);
    const forbidden = { ...narrow, describeKey: () => Promise.reject(new Error('hunter2')) };
    expect(await failure(generate(awsKms({ client: forbidden, keys: () => ids.deleted })))).toMatchObject(refused);
  });

  it('keeps nobody waiting where nobody listens', async () => {
    const nowhere = clientAt('http://127.0.0.1:1');
    expect(await failure(generate(awsKms({ client: nowhere, keys: () => ids.shared })))).toMatchObject({
      kind: 'away',
    });
  });
});

describe('the destruction of a key of AWS KMS', () => {
  const withAlias = async (alias: string): Promise<string> => {
    const key = await newKey();
    await client.createAlias({ AliasName: alias, TargetKeyId: key });
    return key;
  };

  it('schedules the deletion of the key that an alias leads to, and says when it is due', async () => {
    const key = await withAlias('alias/erased-acme');
    const service = awsKms({ client, keys: 'alias/erased-{tenant}', deletionWaitDays: 7 });
    const destruction = await destroy(service);
    expect(destruction).toMatchObject({
      state: 'scheduled',
      answer: { KeyState: 'PendingDeletion', PendingWindowInDays: 7, Origin: 'AWS_KMS', MultiRegion: false },
    });
    expect(destruction.keyUri).toMatch(new RegExp(`^arn:aws:kms:eu-central-1:\\d+:key/${key}$`));
    const { KeyMetadata } = await client.describeKey({ KeyId: key });
    expect(KeyMetadata?.KeyState).toBe('PendingDeletion');
    expect(destruction.dueAtMs).toBe(KeyMetadata?.DeletionDate?.getTime());
    // Again: it is what it is, and not scheduled anew.
    const again = await destroy(service);
    expect(again).toMatchObject({ state: 'scheduled', keyUri: destruction.keyUri, dueAtMs: destruction.dueAtMs });
  });

  it('waits 30 days unless it is told otherwise', async () => {
    const key = await newKey();
    const { answer } = await destroy(aws({ acme: key }));
    expect(answer).toMatchObject({ PendingWindowInDays: 30 });
    for (const deletionWaitDays of [6, 31, 7.5]) {
      expect(() => awsKms({ client, keys: { acme: key }, deletionWaitDays })).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTIONS' }),
      );
    }
  });

  it('destroys no key to which an alias of another tenant leads, by a template or a map', async () => {
    const shared = await withAlias('alias/both-acme');
    await client.createAlias({ AliasName: 'alias/both-globex', TargetKeyId: shared });
    for (const keys of ['alias/both-{tenant}', { acme: shared, globex: 'alias/both-globex' }]) {
      for (const exclusive of [false, true]) {
        await expect(destroy(aws(keys), { exclusive })).rejects.toMatchObject({ code: 'KEY_SHARED' });
      }
    }
    expect((await client.describeKey({ KeyId: shared })).KeyMetadata?.KeyState).toBe('Enabled');
  });

  it('destroys a key that a function names only where somebody says that it is the tenant alone', async () => {
    const key = await newKey();
    const service = aws(() => key);
    await expect(destroy(service)).rejects.toMatchObject({ code: 'KEY_SHARED' });
    expect((await client.describeKey({ KeyId: key })).KeyMetadata?.KeyState).toBe('Enabled');
    expect(await destroy(service, { exclusive: true })).toMatchObject({ state: 'scheduled' });
  });

  it('takes a key that is not there for destroyed only where it was seen before', async () => {
    const service = aws('alias/nowhere-{tenant}');
    for (const unseen of [service, aws({ acme: NO_SUCH_KEY })])
      expect(await failure(destroy(unseen))).toMatchObject({ kind: 'key-gone', reason: 'key-not-found' });
    // As after the waiting time, when the alias has gone with its key.
    const Arn = `arn:aws:kms:eu-central-1:000000000000:key/${NO_SUCH_KEY}`;
    expect(await destroy(service, { earlier: { Arn } })).toMatchObject({
      state: 'destroyed',
      keyUri: Arn,
      answer: { error: 'NotFoundException' },
    });
    // And where the alias was taken away from a key that lives.
    const key = await newKey();
    const living = (await client.describeKey({ KeyId: key })).KeyMetadata!.Arn!;
    expect(await destroy(service, { earlier: { Arn: living } })).toMatchObject({ state: 'scheduled', keyUri: living });
  });

  it('destroys no multi-Region key while a replica opens the same data keys', async () => {
    const { KeyMetadata } = await client.createKey({ MultiRegion: true });
    const key = KeyMetadata!.KeyId!;
    await client.replicateKey({ KeyId: key, ReplicaRegion: 'us-east-1' });
    await expect(destroy(aws({ acme: key }))).rejects.toMatchObject({
      code: 'KEY_INDESTRUCTIBLE',
      message: expect.stringContaining('us-east-1') as string,
    });
    expect((await client.describeKey({ KeyId: key })).KeyMetadata?.KeyState).toBe('Enabled');
  });
});
