import { delay, systemClock } from '../core/clock.js';
import { parseTenantId, type TenantId } from '../core/tenant-id.js';
import { KEK_ID_BYTES, MAX_WRAPPED_BYTES } from '../encryption/envelope-layout.js';
import type { Eventual } from '../encryption/eventual.js';
import { KEY_BYTES } from '../encryption/key-derivation.js';
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
  /** Tenants whose key may not be used, and what the service must say: `key-refused` of a disabled one, `key-gone` of one that is not there. */
  readonly unusable?: Readonly<Partial<Record<'key-refused' | 'key-gone', string>>> | undefined;
  /** The service at an address where nobody answers. */
  readonly silent?: (() => Eventual<KeyService>) | undefined;
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
    ...(['key-refused', 'key-gone'] as const).map((kind): [string, Check | undefined] => [
      `says ${kind} of a key that may not be used`,
      subject.unusable?.[kind] === undefined ? undefined : unusable(kind),
    ]),
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

function unusable(kind: 'key-refused' | 'key-gone'): Check {
  return async (service, subject) => {
    const tenantId = parseTenantId(subject.unusable?.[kind]);
    await demandFailure(kind, 'making a data key under a key that may not be used', () => generate(service, tenantId));
  };
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
async function demandFailure(kind: KeyServiceFailureKind, what: string, call: () => Promise<unknown>): Promise<void> {
  let failure: unknown;
  try {
    await call();
  } catch (error) {
    failure = error;
  }
  demand(failure !== undefined, `${what} succeeded`);
  demand(failure instanceof KeyServiceFailure, `${what} failed with something else than a KeyServiceFailure`);
  demand(failure.kind === kind, `${what} is ${failure.kind} (${failure.message}) and must be ${kind}`);
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
