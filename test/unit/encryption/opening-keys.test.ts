import { describe, expect, it } from 'vitest';
import type { KeyRing } from '../../../src/encryption/key-ring.js';
import { KeyServiceFailure } from '../../../src/encryption/key-service.js';
import { localKeyring } from '../../../src/encryption/local-keyring.js';
import { acme, bench, codeOf, FakeKeyService, globex, identity, outcome } from './fixtures.js';

const HOUR_MS = 3_600_000;
const AT_MS = 1_767_225_600_000;
const TEXT = Buffer.from('{}');
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

const seal = async (): Promise<Buffer> => bench().cipher.sealValue(identity(), TEXT, AT_MS);

function withOtherWrappedKey(record: Buffer): Buffer {
  const forged = Buffer.from(record);
  forged[100] = forged[100]! ^ 0xff;
  return forged;
}

describe('the life of a data key for opening', () => {
  it('answers at once when the key is at hand', async () => {
    const record = await seal();
    const { cipher, service } = bench();
    service.answers = 'later';
    const first = cipher.openValue(identity(), record);
    expect(first).toBeInstanceOf(Promise);
    await first;
    expect(cipher.openValue(identity(), record)).not.toBeInstanceOf(Promise);
    expect(service.calls).toEqual(['unwrap']);
  });

  it('threat 32: makes one call for 500 records that miss at once', async () => {
    const record = await seal();
    const { cipher, service } = bench();
    service.answers = 'later';
    const opened = await Promise.all(
      Array.from({ length: 500 }, () => Promise.resolve(cipher.openValue(identity(), record))),
    );
    expect(opened.every(({ plaintext }) => plaintext.equals(TEXT))).toBe(true);
    expect(service.calls).toEqual(['unwrap']);
  });

  it.each(['now', 'later'] as const)(
    'threat 33: forged records shut out no good one, before, during or after it (the service answers %s)',
    async (answers) => {
      const record = await seal();
      const forged = withOtherWrappedKey(record);
      const { cipher, service } = bench();
      service.answers = answers;
      const results = await Promise.all(
        [forged, record, forged, record].map((bytes) => codeOf(() => cipher.openValue(identity(), bytes))),
      );
      expect(results).toEqual(['KEY_REFUSED', 'no error', 'KEY_REFUSED', 'no error']);
      for (let round = 0; round < 5; round++) {
        expect(await codeOf(() => cipher.openValue(identity(), forged))).toBe('KEY_REFUSED');
        expect(await codeOf(() => cipher.openValue(identity(), record))).toBe('no error');
      }
      expect(service.count('unwrap')).toBe(2);
    },
  );

  it('threat 33: a good key with a foreign key id in the record shuts out no good one', async () => {
    const record = await seal();
    const forged = Buffer.from(record);
    forged[5] = forged[5]! ^ 1;
    const { cipher } = bench();
    expect(await codeOf(() => cipher.openValue(identity(), forged))).toBe('KEY_MISMATCH');
    expect(await codeOf(() => cipher.openValue(identity(), record))).toBe('no error');
    expect(await codeOf(() => cipher.openValue(identity(), forged))).toBe('KEY_MISMATCH');
  });

  it('threat 30: opens with the key at hand until its hard age while the service is away', async () => {
    const record = await seal();
    const { cipher, service, clock } = bench();
    await cipher.openValue(identity(), record);
    service.failure = new KeyServiceFailure('away', 'ECONNREFUSED');
    clock.advance(24 * HOUR_MS - 1);
    expect(await codeOf(() => cipher.openValue(identity(), record))).toBe('no error');
    clock.advance(1);
    expect(await codeOf(() => cipher.openValue(identity(), record))).toBe('KEY_SERVICE_AWAY');
    service.failure = undefined;
    expect(await codeOf(() => cipher.openValue(identity(), record))).toBe('no error');
  });

  it('a key that is refused opens nothing any more, also what it has just opened', async () => {
    const record = await seal();
    const { cipher, service } = bench();
    for (let times = 0; times < 3; times++) await cipher.openValue(identity(), record);
    service.failure = new KeyServiceFailure('key-refused', 'AccessDeniedException');
    expect(await codeOf(() => cipher.sealValue(identity(), TEXT, AT_MS))).toBe('KEY_REFUSED');
    expect(await codeOf(() => cipher.openValue(identity(), record))).toBe('KEY_REFUSED');
  });

  it('a key that is refused takes along the data keys under it, and none under another key of the tenant', async () => {
    const [older, newer] = [Buffer.alloc(32, 0x31), Buffer.alloc(32, 0x32)];
    const under = async (keys: KeyRing): Promise<Buffer> =>
      bench({ kms: new FakeKeyService(localKeyring({ keys })) }).cipher.sealValue(identity(), TEXT, AT_MS);
    const records = { older: await under({ acme: older }), newer: await under({ acme: newer }) };
    const both = localKeyring({ keys: { acme: { current: newer, previous: [older] } } });
    const { cipher, service } = bench({ kms: new FakeKeyService(both) });
    for (const record of [records.older, records.newer, records.older]) await cipher.openValue(identity(), record);
    service.failure = new KeyServiceFailure('key-refused', 'AccessDeniedException');
    // The newer one: it is asked for a key to seal with.
    expect(await codeOf(() => cipher.sealValue(identity(), TEXT, AT_MS))).toBe('KEY_REFUSED');
    expect(await codeOf(() => cipher.openValue(identity(), records.newer))).toBe('KEY_REFUSED');
    expect(await codeOf(() => cipher.openValue(identity(), records.older))).toBe('no error');
  });

  it('opens records of several processes of one tenant in any order, with one call for each key', async () => {
    const records = [await seal(), await seal(), await seal()];
    const { cipher, service } = bench();
    for (const index of [0, 1, 0, 2, 2, 1, 0]) {
      const { plaintext } = await cipher.openValue(identity(), records[index]!);
      expect(plaintext.equals(TEXT)).toBe(true);
    }
    expect(service.count('unwrap')).toBe(3);
  });

  it('a service that was away for one record is asked for the next', async () => {
    const record = await seal();
    const { cipher, service } = bench();
    service.failure = new KeyServiceFailure('away', 'ECONNREFUSED');
    expect(await codeOf(() => cipher.openValue(identity(), record))).toBe('KEY_SERVICE_AWAY');
    service.failure = undefined;
    expect(await codeOf(() => cipher.openValue(identity(), record))).toBe('no error');
  });

  it('never asks the key service to generate', async () => {
    const { cipher, service } = bench();
    for (let producer = 0; producer < 20; producer++) await cipher.openValue(identity(), await seal());
    expect(service.count('generate')).toBe(0);
  });

  it('does not open with a data key that this process generated but may not unwrap', async () => {
    const { cipher, service } = bench();
    const record = await cipher.sealValue(identity(), TEXT, AT_MS);
    service.failure = new KeyServiceFailure('key-refused', 'AccessDeniedException');
    expect(await codeOf(() => cipher.openValue(identity(), record))).toBe('KEY_REFUSED');
  });

  it('keeps at most 256 data keys of a tenant, the least recently used goes first', async () => {
    const { cipher, service, clock } = bench();
    const records: Buffer[] = [];
    for (let producer = 0; producer < 257; producer++) records.push(await seal());
    for (const record of records) {
      await cipher.openValue(identity(), record);
      clock.advance(50);
    }
    await cipher.openValue(identity(), records[1]!);
    expect(service.count('unwrap')).toBe(257);
    await cipher.openValue(identity(), records[0]!);
    expect(service.count('unwrap')).toBe(258);
    await cipher.openValue(identity(), records[1]!);
    expect(service.count('unwrap')).toBe(258);
  });

  it('opens any sequence number of 64 bits', async () => {
    const record = await seal();
    record.writeBigUInt64BE(2n ** 64n - 1n, 53);
    expect(await codeOf(() => bench().cipher.openValue(identity(), record))).toBe('SEAL_INVALID');
  });
});

describe('revoked data keys', () => {
  it('are refused for their tenant, without a call', async () => {
    const producer = bench();
    const record = await producer.cipher.sealValue(identity(), TEXT, AT_MS);
    const dekId = record.toString('hex', 5, 37).toUpperCase();
    const { cipher, service } = bench({ revokedDataKeys: { [acme]: [dekId] } });
    expect(await codeOf(() => cipher.openValue(identity(), record))).toBe('DATA_KEY_REVOKED');
    expect(service.calls).toEqual([]);
    expect(await codeOf(async () => cipher.openValue(identity(), await seal()))).toBe('no error');
    const other = bench({ revokedDataKeys: { [globex]: [dekId] } });
    expect(await codeOf(() => other.cipher.openValue(identity(), record))).toBe('no error');
  });
});

describe('two ciphers from the same options', () => {
  it('close one by one', async () => {
    const kms = new FakeKeyService();
    const one = bench({ kms });
    const two = bench({ kms });
    const record = await one.cipher.sealValue(identity(), TEXT, AT_MS);
    one.cipher.close();
    expect(await outcome(() => two.cipher.openValue(identity(), record))).toEqual({ plaintext: TEXT, timeMs: AT_MS });
    await settled();
  });
});
