import type { TenantId } from '../../core/tenant-id.js';
import {
  assertExclusive,
  indestructible,
  type DestroyKekOptions,
  type DestructionAnswer,
  type KekDestruction,
} from '../../encryption/key-destruction.js';
import { classifiedCall, KeyServiceFailure } from '../../encryption/key-service.js';
import type { ConfiguredKeks } from '../../encryption/key-uris.js';
import { failureOf } from './aws-failures.js';

/** What is read of the description of a key. */
export interface AwsKeyMetadata {
  KeyId?: string | undefined;
  Arn?: string | undefined;
  KeyState?: string | undefined;
  DeletionDate?: Date | undefined;
  KeyManager?: string | undefined;
  Origin?: string | undefined;
  MultiRegion?: boolean | undefined;
  MultiRegionConfiguration?:
    | {
        MultiRegionKeyType?: string | undefined;
        PrimaryKey?: { Region?: string | undefined } | undefined;
        ReplicaKeys?: { Region?: string | undefined }[] | undefined;
      }
    | undefined;
}

/** The calls with which keys are destroyed; a client that is never asked to needs none of them. */
export interface AwsDestroyingClient {
  /** DescribeKey: the state of a key, and to which key an alias leads. */
  describeKey?(
    request: { KeyId: string },
    options: { abortSignal: AbortSignal },
  ): Promise<{ KeyMetadata?: AwsKeyMetadata | undefined }>;
  /** ListAliases: the aliases that lead to a key. */
  listAliases?(
    request: { KeyId: string; Marker?: string },
    options: { abortSignal: AbortSignal },
  ): Promise<{
    Aliases?: { AliasName?: string | undefined; AliasArn?: string | undefined }[] | undefined;
    NextMarker?: string | undefined;
    Truncated?: boolean | undefined;
  }>;
  /** ScheduleKeyDeletion: the key is deleted once the waiting period is over, and unusable until then. */
  scheduleKeyDeletion?(
    request: { KeyId: string; PendingWindowInDays: number },
    options: { abortSignal: AbortSignal },
  ): Promise<{
    DeletionDate?: Date | undefined;
    KeyState?: string | undefined;
    PendingWindowInDays?: number | undefined;
  }>;
}

/** A key may have 50 aliases by AWS's quota. */
const MAX_PAGES = 100;
const REGION = /^[a-z0-9-]{1,32}$/;

/** Keys in these states wait for their deletion, and nobody can use them. */
export function isBeingDestroyed(state: string | undefined): boolean {
  return state === 'PendingDeletion' || state === 'PendingReplicaDeletion';
}

/** Destroys keys in AWS KMS: schedules their deletion, and tells how far that is. */
export class AwsDestruction {
  readonly #client: AwsDestroyingClient;
  readonly #keks: ConfiguredKeks;
  readonly #waitingDays: number;

  constructor(client: AwsDestroyingClient, keks: ConfiguredKeks, waitingDays: number) {
    this.#client = client;
    this.#keks = keks;
    this.#waitingDays = waitingDays;
  }

  async destroy(
    tenantId: TenantId,
    kekId: Buffer,
    options: DestroyKekOptions,
    signal: AbortSignal,
  ): Promise<KekDestruction> {
    const uri = this.#keks.uri(tenantId, kekId);
    const client = this.#complete(tenantId);
    // Aliases go with their key, and before it where somebody deletes one; the key's own name stays true.
    const earlierArn = options.earlier?.['Arn'];
    const name = typeof earlierArn === 'string' ? earlierArn : uri;
    const key = await this.#describe(client, name, signal);
    if (key === undefined) {
      // A client of another region or account finds none either, and nor does a mistyped name: a key that is gone was
      // seen before, because AWS makes everybody wait.
      if (typeof earlierArn !== 'string') throw new KeyServiceFailure('key-gone', 'key-not-found');
      return { state: 'destroyed', keyUri: name, answer: { Arn: name, error: 'NotFoundException' } };
    }
    const own = key.Arn ?? key.KeyId ?? name;
    const names = [own, key.KeyId ?? own, ...(await this.#aliases(client, own, signal))];
    assertExclusive(tenantId, this.#keks.sharing(tenantId, uri, names), options);
    assertDeletable(tenantId, key);
    if (isBeingDestroyed(key.KeyState)) return scheduled(own, key, {});
    const request = { KeyId: own, PendingWindowInDays: this.#waitingDays };
    const answer = await classifiedCall(() => client.scheduleKeyDeletion(request, { abortSignal: signal }), failureOf);
    if (!isBeingDestroyed(answer.KeyState)) throw new KeyServiceFailure('away', 'deletion-not-scheduled');
    return scheduled(own, { ...key, ...answer }, { PendingWindowInDays: answer.PendingWindowInDays });
  }

  #complete(tenantId: TenantId): Required<AwsDestroyingClient> {
    const client = this.#client;
    if (isComplete(client)) return client;
    throw indestructible(
      tenantId,
      'the client given to awsKms lacks describeKey, listAliases or scheduleKeyDeletion; give a KMS of @aws-sdk/client-kms',
    );
  }

  /** @returns undefined where there is no such key */
  async #describe(
    client: Required<AwsDestroyingClient>,
    KeyId: string,
    signal: AbortSignal,
  ): Promise<AwsKeyMetadata | undefined> {
    try {
      const call = (): ReturnType<typeof client.describeKey> => client.describeKey({ KeyId }, { abortSignal: signal });
      const { KeyMetadata } = await classifiedCall(call, failureOf);
      if (KeyMetadata !== undefined) return KeyMetadata;
    } catch (failure) {
      if (failure instanceof KeyServiceFailure && failure.kind === 'key-gone') return undefined;
      throw failure;
    }
    throw new KeyServiceFailure('away', 'no-key-metadata');
  }

  async #aliases(client: Required<AwsDestroyingClient>, KeyId: string, signal: AbortSignal): Promise<string[]> {
    const names: string[] = [];
    let Marker: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const request = { KeyId, ...(Marker !== undefined && { Marker }) };
      const answer = await classifiedCall(() => client.listAliases(request, { abortSignal: signal }), failureOf);
      names.push(
        ...(answer.Aliases ?? []).flatMap(({ AliasName, AliasArn }) => [AliasName ?? [], AliasArn ?? []].flat()),
      );
      if (answer.Truncated !== true) return names;
      if (answer.NextMarker === undefined) throw new KeyServiceFailure('away', 'aliases-without-marker');
      Marker = answer.NextMarker;
    }
    throw new KeyServiceFailure('away', 'too-many-aliases');
  }
}

function isComplete(client: AwsDestroyingClient): client is Required<AwsDestroyingClient> {
  const { describeKey, listAliases, scheduleKeyDeletion } = client as Partial<Record<string, unknown>>;
  return [describeKey, listAliases, scheduleKeyDeletion].every((method) => typeof method === 'function');
}

function assertDeletable(tenantId: TenantId, key: AwsKeyMetadata): void {
  if (key.KeyManager === 'AWS') throw indestructible(tenantId, 'AWS manages it, and deletes none of those');
  const { MultiRegionKeyType, PrimaryKey, ReplicaKeys = [] } = key.MultiRegionConfiguration ?? {};
  // Keys of a multi-region key open each other's ciphertexts, and the primary waits for its replicas for ever.
  if (MultiRegionKeyType === 'REPLICA') {
    throw indestructible(
      tenantId,
      `it is the replica of a multi-Region key, whose primary in ${shown(PrimaryKey?.Region)} opens the same data keys; delete all replicas and give the primary to eraseTenant`,
    );
  }
  if (ReplicaKeys.length > 0) {
    const regions = ReplicaKeys.map(({ Region }) => shown(Region)).join(', ');
    throw indestructible(
      tenantId,
      `it is a multi-Region key with replicas in ${regions}, which open the same data keys; delete these first`,
    );
  }
}

function shown(region: string | undefined): string {
  return region !== undefined && REGION.test(region) ? region : 'another region';
}

function scheduled(
  keyUri: string,
  { KeyState, DeletionDate, Origin, MultiRegion }: AwsKeyMetadata,
  more: { PendingWindowInDays?: number | undefined },
): KekDestruction {
  const answer = {
    Arn: keyUri,
    KeyState,
    DeletionDate: DeletionDate?.toISOString(),
    Origin,
    MultiRegion,
    ...more,
  };
  const known = Object.entries(answer).filter(
    (field): field is [string, string | number | boolean] => field[1] !== undefined,
  );
  return {
    state: 'scheduled',
    keyUri,
    dueAtMs: DeletionDate?.getTime(),
    answer: Object.fromEntries(known) satisfies DestructionAnswer,
  };
}
