// What LocalStack does not show of the destruction of keys.
import { describe, expect, it, vi } from 'vitest';
import type { KekDestruction } from '../../../../src/encryption/key-destruction.js';
import { awsKms, type AwsKeyMetadata, type AwsKmsClient } from '../../../../src/integrations/aws-kms/index.js';
import { acme } from '../../encryption/fixtures.js';

const KEY = '1234abcd-12ab-34cd-56ef-1234567890ab';
const ARN = `arn:aws:kms:eu-central-1:111122223333:key/${KEY}`;
const DUE = new Date('2026-04-15T10:00:00.000Z');
const signal = new AbortController().signal;

function made(metadata: AwsKeyMetadata, more: Partial<Record<keyof AwsKmsClient, unknown>> = {}) {
  const calls = {
    describeKey: vi.fn(() => Promise.resolve({ KeyMetadata: { KeyId: KEY, Arn: ARN, ...metadata } })),
    listAliases: vi.fn(() => Promise.resolve({})),
    scheduleKeyDeletion: vi.fn(() =>
      Promise.resolve({ KeyId: ARN, KeyState: 'PendingDeletion', DeletionDate: DUE, PendingWindowInDays: 30 }),
    ),
  };
  const client = { generateDataKey: vi.fn(), decrypt: vi.fn(), ...calls, ...more } as unknown as AwsKmsClient;
  const service = awsKms({ client, keys: 'alias/{tenant}' });
  const destroy = async (): Promise<KekDestruction> =>
    service.destroyKek!(acme, service.kekIds(acme)[0]!, { exclusive: true }, signal);
  return { client: calls, destroy };
}

describe('the destruction of a key', () => {
  it('is asked of the key itself, not of its alias, and can be aborted', async () => {
    const { client, destroy } = made({ KeyState: 'Disabled' });
    expect(await destroy()).toEqual({
      state: 'scheduled',
      keyUri: ARN,
      dueAtMs: DUE.getTime(),
      answer: { Arn: ARN, KeyState: 'PendingDeletion', DeletionDate: DUE.toISOString(), PendingWindowInDays: 30 },
    });
    const options = { abortSignal: signal };
    expect(client.describeKey.mock.calls).toEqual([[{ KeyId: 'alias/acme' }, options]]);
    expect(client.listAliases.mock.calls).toEqual([[{ KeyId: ARN }, options]]);
    expect(client.scheduleKeyDeletion.mock.calls).toEqual([[{ KeyId: ARN, PendingWindowInDays: 30 }, options]]);
  });

  it('takes a primary that waits for its last replica for scheduled, without a date', async () => {
    const { client, destroy } = made({ KeyState: 'PendingReplicaDeletion', MultiRegion: true });
    expect(await destroy()).toEqual({
      state: 'scheduled',
      keyUri: ARN,
      dueAtMs: undefined,
      answer: { Arn: ARN, KeyState: 'PendingReplicaDeletion', MultiRegion: true },
    });
    expect(client.scheduleKeyDeletion).not.toHaveBeenCalled();
  });

  it.each<[string, AwsKeyMetadata, string]>([
    ['is managed by AWS', { KeyManager: 'AWS' }, 'AWS manages it'],
    [
      'is a replica',
      { MultiRegionConfiguration: { MultiRegionKeyType: 'REPLICA', PrimaryKey: { Region: 'us-east-1' } } },
      'us-east-1',
    ],
    [
      'has replicas, of which one has a name that is none',
      {
        MultiRegionConfiguration: {
          MultiRegionKeyType: 'PRIMARY',
          ReplicaKeys: [{ Region: 'eu-west-1' }, { Region: 'hunter2 !' }],
        },
      },
      'eu-west-1, another region',
    ],
  ])('is refused where it %s', async (_what, metadata, text) => {
    const { client, destroy } = made({ KeyState: 'Enabled', ...metadata });
    await expect(destroy()).rejects.toMatchObject({
      code: 'KEY_INDESTRUCTIBLE',
      message: expect.stringContaining(text) as string,
    });
    await expect(destroy()).rejects.not.toThrow('hunter2');
    expect(client.scheduleKeyDeletion).not.toHaveBeenCalled();
  });

  it('looks at all aliases, page by page', async () => {
    const listAliases = vi.fn(({ Marker }: { Marker?: string }) =>
      Promise.resolve(
        Marker === undefined
          ? { Aliases: [{ AliasName: 'alias/acme' }], Truncated: true, NextMarker: 'more' }
          : { Aliases: [{ AliasName: 'alias/globex' }] },
      ),
    );
    const { client, destroy } = made({ KeyState: 'Enabled' }, { listAliases });
    await expect(destroy()).rejects.toMatchObject({ code: 'KEY_SHARED' });
    expect(client.scheduleKeyDeletion).not.toHaveBeenCalled();
  });

  it.each(['describeKey', 'listAliases', 'scheduleKeyDeletion'])('needs a client with %s', async (name) => {
    const { destroy } = made({ KeyState: 'Enabled' }, { [name]: undefined });
    await expect(destroy()).rejects.toMatchObject({ code: 'KEY_INDESTRUCTIBLE' });
  });

  it.each([
    ['describeKey', {}],
    ['listAliases', { Truncated: true, NextMarker: 'for ever' }],
    ['listAliases', { Aliases: [{ AliasName: 'alias/acme' }], Truncated: true }],
  ])('is not known to be done where %s answers nonsense', async (name, answer) => {
    const { client, destroy } = made({ KeyState: 'Enabled' }, { [name]: () => Promise.resolve(answer) });
    await expect(destroy()).rejects.toMatchObject({ kind: 'away' });
    expect(client.scheduleKeyDeletion).not.toHaveBeenCalled();
  });

  it.each([{}, { KeyState: 'Enabled' }, { KeyState: 'Enabled', DeletionDate: DUE }])(
    'is not known to be done where the answer to it does not say so: %o',
    async (answer) => {
      const { destroy } = made({ KeyState: 'Enabled' }, { scheduleKeyDeletion: () => Promise.resolve(answer) });
      await expect(destroy()).rejects.toMatchObject({ kind: 'away' });
    },
  );
});
