import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import { DataKeySource } from '../../../src/encryption/data-key-source.js';
import { openDirectory } from '../../../src/tenant/directory.js';
import { ErasureEntries } from '../../../src/tenant/erasure-entries.js';
import { KeyServiceFailure } from '../../../src/encryption/key-service.js';
import { SealingKeys } from '../../../src/encryption/sealing-keys.js';
import { MAX_RECORDS_PER_SALT, SealingSession } from '../../../src/encryption/sealing-session.js';
import { acme, bench, codeOf, FakeKeyService, globex, identity, outcome, recordingTelemetry } from './fixtures.js';
import { ManualClock } from './manual-clock.js';

const HOUR_MS = 3_600_000;
const AT_MS = 1_767_225_600_000;
const TEXT = Buffer.from('{}');
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
/** For a service that answers in the next turn. */
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
};

const dekIdIn = (envelope: Buffer): string => envelope.toString('hex', 5, 37);
const saltIn = (envelope: Buffer): string => envelope.toString('hex', 37, 53);
const seqIn = (envelope: Buffer): bigint => envelope.readBigUInt64BE(53);

/** What must never repeat: the record key, which follows from data key and salt, with the nonce. */
const keyAndNonce = (envelope: Buffer): string => `${dekIdIn(envelope)} ${saltIn(envelope)} ${seqIn(envelope)}`;

function sourceOf(service: FakeKeyService, clock: ManualClock): DataKeySource {
  const erasure = new ErasureEntries(openDirectory);
  return new DataKeySource({
    service,
    clock,
    ...recordingTelemetry(),
    random: () => 0,
    erasure,
    onKeyRefused: () => {},
  });
}

describe('the life of a data key for sealing', () => {
  it('answers at once when the key is at hand', async () => {
    const { cipher, service } = bench();
    service.answers = 'later';
    expect(cipher.sealValue(identity(), TEXT, AT_MS)).toBeInstanceOf(Promise);
    await settled();
    expect(cipher.sealValue(identity(), TEXT, AT_MS)).toBeInstanceOf(Buffer);
    expect(cipher.sealDetached(identity(), null, AT_MS)).toBeInstanceOf(Buffer);
  });

  it('answers at once from the start where the key service does', () => {
    expect(bench().cipher.sealValue(identity(), TEXT, AT_MS)).toBeInstanceOf(Buffer);
  });

  it('threat 32: makes one call for 500 publishes at once, and keeps their order', async () => {
    const { cipher, service } = bench();
    service.answers = 'later';
    const records = await Promise.all(
      Array.from({ length: 500 }, () => Promise.resolve(cipher.sealValue(identity(), TEXT, AT_MS))),
    );
    expect(service.calls).toEqual(['generate']);
    expect(records.map(seqIn)).toEqual(records.map((_, index) => BigInt(index + 1)));
  });

  it('never asks the key service to unwrap', async () => {
    const { cipher, service } = bench();
    for (let hour = 0; hour < 50; hour++) await cipher.sealValue(identity(), TEXT, AT_MS);
    expect(service.count('unwrap')).toBe(0);
  });

  it('seals only with data keys it generated itself', async () => {
    const producer = bench();
    const foreign = await producer.cipher.sealValue(identity(), TEXT, AT_MS);
    const { cipher, service } = bench();
    await cipher.openValue(identity(), foreign);
    const own = await cipher.sealValue(identity(), TEXT, AT_MS);
    expect(dekIdIn(own)).not.toBe(dekIdIn(foreign));
    expect(service.calls).toEqual(['unwrap', 'generate']);
  });

  it('makes a new data key in the background after the soft age', async () => {
    const { cipher, service, clock } = bench();
    service.answers = 'later';
    const first = await cipher.sealValue(identity(), TEXT, AT_MS);
    const seal = (): string => dekIdIn(cipher.sealValue(identity(), TEXT, AT_MS) as Buffer);
    for (let minute = 0; minute < 59; minute++) {
      clock.advance(60_000);
      expect(seal()).toBe(dekIdIn(first));
      await turns();
    }
    const before = service.count('generate');
    clock.advance(59_999);
    seal();
    await turns();
    expect([seal(), service.count('generate')]).toEqual([dekIdIn(first), before]);
    clock.advance(1);
    expect(seal()).toBe(dekIdIn(first));
    await turns();
    expect(seal()).not.toBe(dekIdIn(first));
    expect(service.count('generate')).toBe(before + 1);
  });

  it('makes it up to a fifth earlier, so that thousands of tenants are not renewed at once', async () => {
    const { cipher, service, clock } = bench({ random: () => 0.5 });
    const first = await cipher.sealValue(identity(), TEXT, AT_MS);
    clock.advance(HOUR_MS * 0.9 - 1);
    expect(dekIdIn(await cipher.sealValue(identity(), TEXT, AT_MS))).toBe(dekIdIn(first));
    clock.advance(1);
    expect(dekIdIn(await cipher.sealValue(identity(), TEXT, AT_MS))).not.toBe(dekIdIn(first));
    expect(service.count('unwrap')).toBe(0);
  });

  it.each(['now', 'later'] as const)(
    'threat 30: seals with the key at hand until its hard age while the service is away (it answers %s)',
    async (answers) => {
      const { cipher, service, clock } = bench();
      await cipher.sealValue(identity(), TEXT, AT_MS);
      service.answers = answers;
      service.failure = new KeyServiceFailure('away', 'ECONNREFUSED');
      for (let minute = 1; minute < 24 * 60; minute++) {
        clock.advance(60_000);
        expect(cipher.sealValue(identity(), TEXT, AT_MS)).toBeInstanceOf(Buffer);
        await turns();
      }
      clock.advance(60_000);
      expect(await codeOf(() => cipher.sealValue(identity(), TEXT, AT_MS))).toBe('KEY_SERVICE_AWAY');
      service.failure = undefined;
      for (let probe = 0; probe < 2; probe++) {
        clock.advance(15_000);
        await turns();
      }
      expect(await codeOf(() => cipher.sealValue(identity(), TEXT, AT_MS))).toBe('no error');
    },
  );

  it('asks a service that is away for a fresher key twice a minute at most', async () => {
    const { cipher, service, clock } = bench();
    await cipher.sealValue(identity(), TEXT, AT_MS);
    service.failure = new KeyServiceFailure('away', 'ECONNREFUSED');
    clock.advance(HOUR_MS);
    for (let second = 0; second < 60; second++) {
      await cipher.sealValue(identity(), TEXT, AT_MS);
      clock.advance(1_000);
    }
    expect(service.count('generate')).toBe(3);
  });

  it('drops the data keys of a tenant whose key is refused, and of no other', async () => {
    const { cipher, service, clock } = bench();
    const record = await cipher.sealValue(identity(), TEXT, AT_MS);
    await cipher.openValue(identity(), record);
    await cipher.sealValue(identity({ tenantId: globex }), TEXT, AT_MS);
    clock.advance(HOUR_MS);
    service.failure = new KeyServiceFailure('key-refused', 'DisabledException');
    expect(await outcome(() => cipher.sealValue(identity(), TEXT, AT_MS))).toMatchObject({
      code: 'KEY_REFUSED',
      refused: 'key',
    });
    expect(await outcome(() => cipher.openValue(identity(), record))).toMatchObject({
      code: 'KEY_REFUSED',
      refused: 'key',
    });
    service.failure = undefined;
    expect(await codeOf(() => cipher.sealValue(identity({ tenantId: globex }), TEXT, AT_MS))).toBe('no error');
  });

  it.each(['at hand', 'being made'])(
    'renewKeys() lets no later record be sealed with a data key that was %s',
    async (when) => {
      const { cipher, service } = bench();
      service.answers = 'later';
      const before = cipher.sealValue(identity(), TEXT, AT_MS);
      if (when === 'at hand') await before;
      cipher.renewKeys();
      const after = await cipher.sealValue(identity(), TEXT, AT_MS);
      expect(service.count('generate')).toBe(2);
      // What had waited for the old key gets the new one too.
      expect(dekIdIn(await before) === dekIdIn(after)).toBe(when === 'being made');
      expect(dekIdIn(await cipher.sealValue(identity(), TEXT, AT_MS))).toBe(dekIdIn(after));
      expect(service.count('generate')).toBe(2);
    },
  );

  it('tells the overhead exactly once the data key is known, and at most before', async () => {
    const { cipher } = bench();
    expect(cipher.overheadBytes(acme)).toBe(155);
    const record = await cipher.sealValue(identity(), TEXT, AT_MS);
    expect(cipher.overheadBytes(acme)).toBe(record.length - TEXT.length);
  });

  it.each([-1, 0.5, Number.NaN, 8.64e15 + 1])('refuses the time %d', async (timeMs) => {
    expect(await codeOf(() => bench().cipher.sealValue(identity(), TEXT, timeMs))).toBe('INVALID_OPTIONS');
  });
});

describe('threat 36: no key and nonce repeat', () => {
  function sealingKeys(service: FakeKeyService, maxRecords: number) {
    const clock = new ManualClock();
    const keys = new SealingKeys({
      source: sourceOf(service, clock),
      clock,
      random: () => 0,
      ages: { softAgeMs: 365 * 24 * HOUR_MS, hardAgeMs: 365 * 24 * HOUR_MS },
      saltLimits: { renewMs: HOUR_MS, maxRecords },
    });
    const next = (): Buffer => keys.use(acme, (session) => Buffer.from(session.nextHead(0, AT_MS))) as Buffer;
    return { clock, next, keys };
  }

  it('over salt renewal by count, by time, on renewKeys and in a second process on the same data key', () => {
    const service = new FakeKeyService();
    service.fixedDataKey = createHash('sha256').update('one data key').digest();
    const used = new Set<string>();
    const deks = new Set<string>();
    let sealed = 0;
    for (let process = 0; process < 4; process++) {
      const { clock, next, keys } = sealingKeys(service, 7);
      for (let record = 0; record < 300; record++) {
        const head = next();
        used.add(keyAndNonce(head));
        deks.add(dekIdIn(head));
        sealed += 1;
        if (record % 50 === 0) clock.advance(HOUR_MS);
        if (record % 70 === 0) keys.clear();
      }
    }
    expect(deks.size).toBe(1);
    expect(used.size).toBe(sealed);
  });

  it('renews the salt after an hour', () => {
    const { clock, next } = sealingKeys(new FakeKeyService(), MAX_RECORDS_PER_SALT);
    const first = next();
    clock.advance(HOUR_MS - 1);
    expect(saltIn(next())).toBe(saltIn(first));
    clock.advance(1);
    const later = next();
    expect(saltIn(later)).not.toBe(saltIn(first));
    expect(dekIdIn(later)).toBe(dekIdIn(first));
  });

  it('renews the salt before the counter is used up, which by itself refuses to wrap', async () => {
    const service = new FakeKeyService();
    const dataKey = await sourceOf(service, new ManualClock()).generate(acme);
    const session = new SealingSession(dataKey, Buffer.alloc(16), 2);
    session.nextHead(0, AT_MS);
    session.nextHead(0, AT_MS);
    expect(session.isSpent).toBe(true);
    expect(await codeOf(() => session.nextHead(0, AT_MS))).toBe('INVALID_STATE');
    expect(MAX_RECORDS_PER_SALT).toBe(2 ** 31);
  });

  it('renewKeys makes a new data key for each tenant', async () => {
    const { cipher, service } = bench();
    const before = await cipher.sealValue(identity(), TEXT, AT_MS);
    cipher.renewKeys();
    const after = await cipher.sealValue(identity(), TEXT, AT_MS);
    expect(dekIdIn(after)).not.toBe(dekIdIn(before));
    expect(service.calls).toEqual(['generate', 'generate']);
  });
});

describe('bounds', () => {
  it('threat 49: holds sealing keys of 10,000 tenants at most', async () => {
    const ids = Array.from({ length: 10_001 }, (_, index) => parseTenantId(`t${index}`));
    const service = new FakeKeyService({
      maxBlobBytes: 1,
      kekIds: () => [Buffer.alloc(8)],
      generateDataKey: () => ({ plaintext: Buffer.alloc(32, 1), blob: Buffer.alloc(1) }),
      unwrapDataKey: () => Buffer.alloc(32, 1),
    });
    const { cipher } = bench({ kms: service });
    for (const tenantId of ids) await cipher.sealValue(identity({ tenantId }), TEXT, AT_MS);
    await cipher.sealValue(identity({ tenantId: ids.at(-1)! }), TEXT, AT_MS);
    expect(service.calls.length).toBe(10_001);
    await cipher.sealValue(identity({ tenantId: ids[0]! }), TEXT, AT_MS);
    expect(service.calls.length).toBe(10_002);
  }, 60_000);
});

describe('close', () => {
  it('refuses what comes after it, and what waits', async () => {
    const { cipher, service } = bench();
    const record = await cipher.sealValue(identity(), TEXT, AT_MS);
    service.answers = 'later';
    const waiting = outcome(() => cipher.sealValue(identity({ tenantId: globex }), TEXT, AT_MS));
    const opening = outcome(() => cipher.openValue(identity(), record));
    cipher.close();
    cipher.close();
    expect(await waiting).toMatchObject({ code: 'NOT_RUNNING' });
    expect(await opening).toMatchObject({ code: 'NOT_RUNNING' });
    expect(await codeOf(() => cipher.sealValue(identity(), TEXT, AT_MS))).toBe('NOT_RUNNING');
    expect(await codeOf(() => cipher.openValue(identity(), record))).toBe('NOT_RUNNING');
  });
});
