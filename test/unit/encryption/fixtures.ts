import { readFileSync } from 'node:fs';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import { createEnvelopeCipher, type EnvelopeCipher } from '../../../src/encryption/envelope-cipher.js';
import { envelopeEncryption, type EnvelopeEncryptionOptions } from '../../../src/encryption/encryption-options.js';
import type { Eventual } from '../../../src/encryption/eventual.js';
import type { GeneratedDataKey, KeyService } from '../../../src/encryption/key-service.js';
import { localKeyring } from '../../../src/encryption/local-keyring.js';
import type { SealedIdentity } from '../../../src/encryption/record-cipher.js';
import type { Telemetry } from '../../../src/telemetry/telemetry.js';
import { secretWatch } from '../../support/secrets/secret-watch.js';
import { ManualClock } from './manual-clock.js';

export const acme = parseTenantId('acme');
export const globex = parseTenantId('globex');

export const KEKS = {
  acme: Buffer.alloc(32, 0xa5),
  globex: Buffer.alloc(32, 0x6b),
  a: Buffer.alloc(32, 0x11),
  ab: Buffer.alloc(32, 0x22),
};

export interface VectorRecord {
  name: string;
  seq: number;
  flags: number;
  plaintext: string;
  value?: string | null;
  aad: string;
  envelope: string;
}

export interface Vectors {
  dek: string;
  localKek: string;
  wrapNonce: string;
  salt: string;
  tenant: string;
  logicalTopic: string;
  recordKey: string;
  eventType: string;
  eventId: string;
  timeMs: number;
  kekId: string;
  wrapped: string;
  dekId: string;
  sessionKey: string;
  records: VectorRecord[];
}

export const vectors = JSON.parse(
  readFileSync(new URL('../../vectors/envelope.json', import.meta.url), 'utf8'),
) as Vectors;

export function identity(changes: Partial<SealedIdentity> = {}): SealedIdentity {
  const tenantId = changes.tenantId ?? acme;
  return {
    tenantId,
    logicalTopic: 'orders',
    recordKey: Buffer.from(`${tenantId}:42`),
    eventType: 'orders.placed.v1',
    eventId: '01890a5d-ac96-774b-bcce-b302099a8057',
    ...changes,
  };
}

/** A key service in this process that counts its calls, can be made to fail, and answers late when told to. */
export class FakeKeyService implements KeyService {
  readonly maxBlobBytes: number;
  readonly calls: string[] = [];
  /** Copies of every data key that passed, to look for in errors. */
  readonly seen: Buffer[] = [];
  answers: 'now' | 'later' = 'now';
  failure: Error | undefined;
  /** When set, every generated data key is this one. */
  fixedDataKey: Buffer | undefined;
  readonly #inner: KeyService;

  constructor(inner: KeyService = localKeyring({ keys: KEKS })) {
    this.#inner = inner;
    this.maxBlobBytes = inner.maxBlobBytes;
  }

  count(call: 'generate' | 'unwrap'): number {
    return this.calls.filter((name) => name === call).length;
  }

  kekIds: KeyService['kekIds'] = (tenantId) => this.#inner.kekIds(tenantId);

  generateDataKey: KeyService['generateDataKey'] = (tenantId, kekId, signal) =>
    this.#answer('generate', () => {
      const made = this.#fixed(this.#inner.generateDataKey(tenantId, kekId, signal) as GeneratedDataKey);
      this.seen.push(Buffer.from(made.plaintext));
      return made;
    });

  unwrapDataKey: KeyService['unwrapDataKey'] = (tenantId, kekId, blob, signal) =>
    this.#answer('unwrap', () => {
      const dek = this.#inner.unwrapDataKey(tenantId, kekId, blob, signal) as Uint8Array;
      this.seen.push(Buffer.from(dek));
      return dek;
    });

  #fixed(made: GeneratedDataKey): GeneratedDataKey {
    return this.fixedDataKey === undefined ? made : { ...made, plaintext: Buffer.from(this.fixedDataKey) };
  }

  #answer<T>(call: 'generate' | 'unwrap', work: () => T): Eventual<T> {
    this.calls.push(call);
    const answer = (): T => {
      if (this.failure !== undefined) throw this.failure;
      return work();
    };
    return this.answers === 'now' ? answer() : new Promise((resolve) => setImmediate(resolve)).then(answer);
  }
}

/** A log event with its fields. */
export type Logged = { readonly event: string } & Readonly<Record<string, unknown>>;

/** Telemetry that keeps what is logged. */
export function recordingTelemetry(): { readonly logged: Logged[]; readonly telemetry: Pick<Telemetry, 'log'> } {
  const logged: Logged[] = [];
  const log: Telemetry['log'] = (event, fields) => {
    secretWatch.saw('a log event', fields);
    logged.push({ event, ...fields });
  };
  return { logged, telemetry: { log } };
}

export interface Bench {
  readonly logged: Logged[];
  readonly cipher: EnvelopeCipher;
  readonly service: FakeKeyService;
  readonly clock: ManualClock;
}

export interface BenchOptions extends Partial<EnvelopeEncryptionOptions> {
  readonly kms?: FakeKeyService;
  /** For jitter. Without it there is none. */
  readonly random?: () => number;
}

export function bench({ random = () => 0, ...options }: BenchOptions = {}): Bench {
  const service = options.kms ?? new FakeKeyService();
  const clock = new ManualClock();
  const { logged, telemetry } = recordingTelemetry();
  const ports = { clock, telemetry, random };
  return {
    cipher: createEnvelopeCipher(envelopeEncryption({ ...options, kms: service }), ports),
    service,
    clock,
    logged,
  };
}

/** What the call answered with, or the error it threw or rejected with. */
export async function outcome<T>(call: () => Eventual<T>): Promise<T | Error> {
  try {
    return await call();
  } catch (error) {
    return error as Error;
  }
}

/** The code of the error a call fails with. */
export async function codeOf(call: () => Eventual<unknown>): Promise<string> {
  const result = await outcome(call);
  return result instanceof Error ? ((result as { code?: string }).code ?? `untyped ${result.name}`) : 'no error';
}

export const HEAD_BYTES = 71 + 68;
