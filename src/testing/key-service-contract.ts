import { delay, systemClock } from '../core/clock.js';
import { isTenantryError } from '../core/errors.js';
import { parseTenantId, type TenantId } from '../core/tenant-id.js';
import { acceptDestruction } from '../encryption/destruction-answer.js';
import { KEK_ID_BYTES, MAX_WRAPPED_BYTES } from '../encryption/envelope-layout.js';
import type { Eventual } from '../encryption/eventual.js';
import { KEY_BYTES } from '../encryption/key-derivation.js';
import type { KekDestruction } from '../encryption/key-destruction.js';
import {
  KeyServiceFailure,
  type GeneratedDataKey,
  type KeyService,
  type KeyServiceFailureKind,
} from '../encryption/key-service.js';

/** The key service that `keyServiceContract` tests, and what there is to test it with. Each function is called anew for each check. */
export interface KeyServiceSubject {
  /** The key service that is tested. */
  readonly service: () => Eventual<KeyService>;
  /** Two tenants with a key each. Where the service binds tenants itself, give both the same key: that tests the most. */
  readonly tenants: readonly [string, string];
  /** A tenant to which the configuration gives no key. */
  readonly stranger?: string | undefined;
  /** The service as it was before the first tenant's key became a previous one. */
  readonly beforeRotation?: (() => Eventual<KeyService>) | undefined;
  /** Tenants whose key may not be used, and what the service must say: `key-refused` of a disabled one, `key-being-destroyed` of one that is scheduled for destruction, `key-gone` of one that is not there. */
  readonly unusable?: Readonly<Partial<Record<UnusableKind, string>>> | undefined;
  /** What the checks may destroy for good, where the service can. */
  readonly destruction?: KeyDestructionSubject | undefined;
  /** The service at an address where nobody answers. */
  readonly silent?: (() => Eventual<KeyService>) | undefined;
}

/** What a key service says of a key that may not be used. */
export type UnusableKind = Exclude<KeyServiceFailureKind, 'away' | 'data-key-refused'>;

/** Tenants of `KeyServiceSubject` for the checks of destruction. */
export interface KeyDestructionSubject {
  /** Its current key is **destroyed**; it must be its own, one that the configuration gives to nobody else. */
  readonly doomed: string;
  /** A tenant whose key the configuration gives to another tenant too. */
  readonly shared?: string | undefined;
}

/** One thing that every key service must do. */
export interface KeyServiceCheck {
  readonly name: string;
  /** Rejects with what is wrong; no message holds a key. */
  readonly run: () => Promise<void>;
}

type Check = (service: KeyService, subject: KeyServiceSubject) => Promise<void>;

const MAX_BLOB_BYTES = MAX_WRAPPED_BYTES - KEK_ID_BYTES;
/** Every byte of a short blob, and some of a long one, which may cost a call each. */
const FLIPPED_BYTES = 32;
const ANSWER_WITHIN_MS = 5_000;
const RANDOM_KEK_ID = Buffer.from('no-such!');
const DESTROYED = ['key-gone', 'key-being-destroyed'] as const;
const REASON = /^[\w.-]{1,64}$/;

/**
 * What every key service must do, as checks to run with any test framework: with them a driver of your own proves
 * that it binds tenants and tells a forged data key from a service that is away.
 *
 * @example
 * ```ts
 * for (const { name, run } of keyServiceContract({ service: () => myKeyService, tenants: ['acme', 'globex'] })) {
 *   test(name, run);
 * }
 * ```
 */
export function keyServiceContract(subject: KeyServiceSubject): readonly KeyServiceCheck[] {
  const checks: [name: string, check: Check | undefined][] = [
    ['gives each tenant key ids of 8 bytes, the same every time', keyIds],
    ['makes data keys of 32 bytes that unwrap to the same', roundTrip],
    ['never makes a data key twice', freshKeys],
    ['keeps wrapped data keys within bounds', blobBounds],
    ['refuses to unwrap for another tenant', otherTenant],
    ['refuses a blob with a flipped bit', flippedBits],
    ['refuses a blob that is cut, too long or made up', wrongLengths],
    ['refuses a key id that is not configured for the tenant', unknownKekId],
    ['settles when it is called with an aborted signal', abortedBefore],
    ['gives no key to a tenant without one', subject.stranger === undefined ? undefined : stranger],
    ['opens with a previous key, and wraps with the current one', subject.beforeRotation && rotation],
    ...(['key-refused', 'key-being-destroyed', 'key-gone'] as const).map((kind): [string, Check | undefined] => [
      `says ${kind} of a key that may not be used`,
      subject.unusable?.[kind] === undefined ? undefined : unusable(kind),
    ]),
    ['destroys no key that another tenant has', subject.destruction?.shared === undefined ? undefined : sharedKey],
    ['destroys a key for good, again and again, and no other', subject.destruction && destroyedKey],
    ['gives up a call that nobody answers when its signal is aborted', subject.silent && abortedMeanwhile],
  ];
  return checks.flatMap(([name, check]) =>
    check === undefined ? [] : { name, run: async () => check(await subject.service(), subject) },
  );
}

async function keyIds(service: KeyService, { tenants }: KeyServiceSubject): Promise<void> {
  for (const tenantId of tenants.map(parseTenantId)) {
    const ids = service.kekIds(tenantId);
    demand(ids.length > 0, `it has no key for ${tenantId}`);
    demand(
      ids.every((id) => id.length === KEK_ID_BYTES),
      'a key id has not 8 bytes',
    );
    demand(new Set(ids.map(hex)).size === ids.length, `${tenantId} has two keys with one id`);
    demand(ids.map(hex).join() === service.kekIds(tenantId).map(hex).join(), 'key ids change from call to call');
  }
  await Promise.resolve();
}

async function roundTrip(service: KeyService, { tenants }: KeyServiceSubject): Promise<void> {
  for (const tenantId of tenants.map(parseTenantId)) {
    const made = await generate(service, tenantId);
    demand(made.plaintext.length === KEY_BYTES, `a data key has ${made.plaintext.length} bytes`);
    const unwrapped = await unwrap(service, tenantId, currentOf(service, tenantId), made.blob);
    demand(areEqual(unwrapped, made.plaintext), 'a data key unwraps to another one');
    unwrapped.fill(0);
    const again = await unwrap(service, tenantId, currentOf(service, tenantId), made.blob);
    demand(areEqual(again, made.plaintext), 'a data key that was wiped is gone for the next caller too');
  }
}

async function freshKeys(service: KeyService, { tenants }: KeyServiceSubject): Promise<void> {
  const tenantId = parseTenantId(tenants[0]);
  const [one, other] = [await generate(service, tenantId), await generate(service, tenantId)];
  demand(!areEqual(one.plaintext, other.plaintext), 'two data keys are the same');
  demand(!areEqual(one.blob, other.blob), 'two wrapped data keys are the same');
}

async function blobBounds(service: KeyService, { tenants }: KeyServiceSubject): Promise<void> {
  const { maxBlobBytes } = service;
  demand(maxBlobBytes >= 1 && maxBlobBytes <= MAX_BLOB_BYTES, `maxBlobBytes must be 1 to ${MAX_BLOB_BYTES}`);
  for (const tenantId of tenants.map(parseTenantId)) {
    const { blob } = await generate(service, tenantId);
    demand(blob.length >= 1 && blob.length <= maxBlobBytes, `a wrapped data key has ${blob.length} bytes`);
  }
}

async function otherTenant(service: KeyService, { tenants }: KeyServiceSubject): Promise<void> {
  const [one, other] = [parseTenantId(tenants[0]), parseTenantId(tenants[1])];
  for (const [owner, thief] of [
    [one, other],
    [other, one],
  ] as const) {
    const { blob } = await generate(service, owner);
    await demandFailure('data-key-refused', `unwrapping the data key of ${owner} for ${thief}`, () =>
      unwrap(service, thief, currentOf(service, thief), blob),
    );
  }
}

async function flippedBits(service: KeyService, { tenants }: KeyServiceSubject): Promise<void> {
  const tenantId = parseTenantId(tenants[0]);
  const { blob } = await generate(service, tenantId);
  const step = Math.max(1, Math.floor(blob.length / FLIPPED_BYTES));
  const places = [...blob.keys()].filter((place) => place % step === 0 || place === blob.length - 1);
  for (const [turn, place] of places.entries()) {
    const flipped = Buffer.from(blob);
    flipped[place] = (flipped[place] ?? 0) ^ (1 << (turn % 8));
    await demandRefused(service, tenantId, flipped, `with a flipped bit in byte ${place}`);
  }
}

async function wrongLengths(service: KeyService, { tenants }: KeyServiceSubject): Promise<void> {
  const tenantId = parseTenantId(tenants[0]);
  const blob = Buffer.from((await generate(service, tenantId)).blob);
  const wrong = [0, 1, blob.length >> 1, blob.length - 1].map((length) => blob.subarray(0, length));
  wrong.push(Buffer.concat([blob, Buffer.of(0)]), Buffer.alloc(blob.length, 0x41), Buffer.alloc(MAX_BLOB_BYTES, 0xa5));
  for (const made of wrong) await demandRefused(service, tenantId, made, `of ${made.length} wrong bytes`);
}

async function unknownKekId(service: KeyService, { tenants }: KeyServiceSubject): Promise<void> {
  const tenantId = parseTenantId(tenants[0]);
  const { blob } = await generate(service, tenantId);
  await demandFailure('key-refused', 'making a data key under an unknown key id', () =>
    attempt(service.generateDataKey.bind(service), tenantId, RANDOM_KEK_ID),
  );
  await demandFailure('key-refused', 'unwrapping under an unknown key id', () =>
    unwrap(service, tenantId, RANDOM_KEK_ID, blob),
  );
}

async function abortedBefore(service: KeyService, { tenants }: KeyServiceSubject): Promise<void> {
  const tenantId = parseTenantId(tenants[0]);
  const { blob } = await generate(service, tenantId);
  const kekId = currentOf(service, tenantId);
  const signal = AbortSignal.abort();
  await demandSettled('making a data key', async () => service.generateDataKey(tenantId, kekId, signal));
  await demandSettled('unwrapping', async () => service.unwrapDataKey(tenantId, kekId, Buffer.from(blob), signal));
}

async function abortedMeanwhile(_service: KeyService, { tenants, silent }: KeyServiceSubject): Promise<void> {
  const tenantId = parseTenantId(tenants[0]);
  const service = await silent?.();
  if (service === undefined) return;
  const kekId = currentOf(service, tenantId);
  const abort = new AbortController();
  const made = demandFailure('away', 'making a data key that is aborted', async () =>
    service.generateDataKey(tenantId, kekId, abort.signal),
  );
  await delay(systemClock, 50);
  abort.abort();
  await demandSettled('making a data key', () => made);
}

async function stranger(service: KeyService, subject: KeyServiceSubject): Promise<void> {
  const ids = service.kekIds(parseTenantId(subject.stranger));
  demand(ids.length === 0, `${subject.stranger} has a key`);
  await demandFailure('key-refused', 'making a data key for a tenant without a key', () =>
    attempt(service.generateDataKey.bind(service), parseTenantId(subject.stranger), RANDOM_KEK_ID),
  );
}

async function rotation(after: KeyService, { tenants, beforeRotation }: KeyServiceSubject): Promise<void> {
  const tenantId = parseTenantId(tenants[0]);
  const before = await beforeRotation?.();
  if (before === undefined) return;
  const old = currentOf(before, tenantId);
  const current = currentOf(after, tenantId);
  demand(!old.equals(current), 'the current key has the id of the previous one');
  const made = await generate(before, tenantId);
  const unwrapped = await unwrap(after, tenantId, old, made.blob);
  demand(areEqual(unwrapped, made.plaintext), 'a data key unwraps to another one under the previous key');
  await demandFailure('data-key-refused', 'unwrapping with the current key what the previous one wrapped', () =>
    unwrap(after, tenantId, current, made.blob),
  );
}

function unusable(kind: UnusableKind): Check {
  return async (service, subject) => {
    const tenantId = parseTenantId(subject.unusable?.[kind]);
    await demandFailure(kind, 'making a data key under a key that may not be used', () => generate(service, tenantId));
  };
}

async function sharedKey(service: KeyService, { destruction }: KeyServiceSubject): Promise<void> {
  const tenantId = parseTenantId(destruction?.shared);
  const { blob } = await generate(service, tenantId);
  const kekId = currentOf(service, tenantId);
  for (const exclusive of [false, true]) {
    let thrown: unknown;
    await destroy(service, tenantId, kekId, exclusive).catch((error: unknown) => (thrown = error));
    demand(isTenantryError(thrown, 'KEY_SHARED'), 'destroying a key that another tenant has is not KEY_SHARED');
  }
  await unwrap(service, tenantId, kekId, blob);
}

async function destroyedKey(service: KeyService, { destruction, tenants }: KeyServiceSubject): Promise<void> {
  const tenantId = parseTenantId(destruction?.doomed);
  const bystander = parseTenantId(tenants[0]);
  const kekId = currentOf(service, tenantId);
  const { blob } = await generate(service, tenantId);
  const others = await generate(service, bystander);
  await demandFailure('key-refused', 'destroying under an unknown key id', () =>
    destroy(service, tenantId, RANDOM_KEK_ID),
  );
  const first = await destroy(service, tenantId, kekId);
  const second = await destroy(service, tenantId, kekId);
  const order = ['scheduled', 'destroyed'];
  demand(order.indexOf(second.state) >= order.indexOf(first.state), 'a key that was destroyed is scheduled again');
  demand(second.keyUri === first.keyUri, 'destroying a key again names another one');
  await demandFailure(DESTROYED, 'making a data key under a destroyed key', () => generate(service, tenantId));
  await demandFailure(DESTROYED, 'unwrapping with a destroyed key', () => unwrap(service, tenantId, kekId, blob));
  const unwrapped = await unwrap(service, bystander, currentOf(service, bystander), others.blob);
  demand(areEqual(unwrapped, others.plaintext), "another tenant's data key unwraps to another one");
}

/** A driver's answer, as the one place that calls it takes it over. */
async function destroy(
  service: KeyService,
  tenantId: TenantId,
  kekId: Buffer,
  exclusive = true,
): Promise<KekDestruction> {
  demand(service.destroyKek !== undefined, 'it cannot destroy keys');
  return acceptDestruction(await service.destroyKek(tenantId, kekId, { exclusive }, new AbortController().signal));
}

function currentOf(service: KeyService, tenantId: TenantId): Buffer {
  const [current] = service.kekIds(tenantId);
  if (current === undefined) throw new Error(`it has no key for ${tenantId}`);
  return current;
}

function generate(service: KeyService, tenantId: TenantId): Promise<GeneratedDataKey> {
  return attempt(service.generateDataKey.bind(service), tenantId, currentOf(service, tenantId));
}

async function attempt<T>(
  call: (tenantId: TenantId, kekId: Buffer, signal: AbortSignal) => Eventual<T>,
  tenantId: TenantId,
  kekId: Buffer,
): Promise<T> {
  return call(tenantId, kekId, new AbortController().signal);
}

async function unwrap(service: KeyService, tenantId: TenantId, kekId: Buffer, blob: Uint8Array): Promise<Uint8Array> {
  return service.unwrapDataKey(tenantId, kekId, Buffer.from(blob), new AbortController().signal);
}

function demandRefused(service: KeyService, tenantId: TenantId, blob: Buffer, what: string): Promise<void> {
  return demandFailure('data-key-refused', `unwrapping a blob ${what}`, () =>
    unwrap(service, tenantId, currentOf(service, tenantId), blob),
  );
}

/** Whatever is thrown here names what was done, never what came of it. */
async function demandFailure(
  kind: KeyServiceFailureKind | readonly KeyServiceFailureKind[],
  what: string,
  call: () => Promise<unknown>,
): Promise<void> {
  let failure: unknown;
  try {
    await call();
  } catch (error) {
    failure = error;
  }
  demand(failure !== undefined, `${what} succeeded`);
  demand(failure instanceof KeyServiceFailure, `${what} failed with something else than a KeyServiceFailure`);
  const kinds = [kind].flat();
  demand(
    kinds.includes(failure.kind),
    `${what} is ${failure.kind} (${failure.message}) and must be ${kinds.join(' or ')}`,
  );
  demand(REASON.test(failure.message), `${what} failed with a text of the service instead of a name`);
  demand(failure.cause === undefined, `${what} failed with a cause, which loggers print`);
}

async function demandSettled(what: string, call: () => Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const settled = call().then(
    () => true,
    (error: unknown) => {
      if (error instanceof KeyServiceFailure && error.kind !== 'away') throw new Error(`${what} is ${error.kind}`);
      return true;
    },
  );
  const inTime = await Promise.race([settled, delay(systemClock, ANSWER_WITHIN_MS, over.signal).then(() => false)]);
  over.abort();
  demand(inTime, `${what} did not settle`);
}

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.from(one).equals(other);
}

function hex(id: Buffer): string {
  return id.toString('hex');
}

function demand(isSo: boolean, otherwise: string): asserts isSo {
  if (!isSo) throw new Error(`key service: ${otherwise}`);
}
