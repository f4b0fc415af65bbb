import { createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import { AssociatedData, type ReadableValue } from '../../../src/encryption/associated-data.js';
import { createHead, FLAGS, stampHead, type Placement } from '../../../src/encryption/envelope-layout.js';
import { deriveDekId, deriveRecordKey } from '../../../src/encryption/key-derivation.js';
import type { Eventual } from '../../../src/encryption/eventual.js';
import type { RecordCipher, SealedIdentity } from '../../../src/encryption/record-cipher.js';
import {
  acme,
  bench,
  codeOf,
  FakeKeyService,
  globex,
  HEAD_BYTES,
  identity,
  KEKS,
  outcome,
  type Bench,
} from './fixtures.js';
import { forgeForTwoKeys } from './ghash.js';

const PLAINTEXT = Buffer.from('{"orderId":"42","card":"4111-1111-1111-1111"}');
const READABLE = Buffer.from('{"total":9.5}');
const AT_MS = 1_767_225_600_000;
const DEK_ID = [5, 37] as const;
const SALT = [37, 53] as const;
const SEQ = [53, 61] as const;
const WRAPPED = [71, HEAD_BYTES] as const;

const failures: Error[] = [];
const services: FakeKeyService[] = [];

interface Form {
  readonly placement: Placement;
  /** What is said of bytes that are no envelope at all. */
  readonly missing: string;
  readonly readable: ReadableValue;
  seal(cipher: RecordCipher, who: SealedIdentity): Eventual<Buffer>;
  open(cipher: RecordCipher, who: SealedIdentity, envelope: Buffer): Eventual<unknown>;
  readonly opened: object;
}

/** Every place that an envelope can have; PLAINTEXT is the secret where there is one. */
const FORMS: readonly Form[] = [
  {
    placement: 'value',
    missing: 'SEAL_MISSING',
    readable: undefined,
    seal: (cipher, who) => cipher.sealValue(who, PLAINTEXT, AT_MS),
    open: (cipher, who, envelope) => cipher.openValue(who, envelope),
    opened: { plaintext: PLAINTEXT, timeMs: AT_MS },
  },
  {
    placement: 'detached',
    missing: 'ENVELOPE_MALFORMED',
    readable: READABLE,
    seal: (cipher, who) => cipher.sealDetached(who, READABLE, AT_MS),
    open: (cipher, who, envelope) => cipher.openDetached(who, READABLE, envelope),
    opened: { timeMs: AT_MS },
  },
  {
    placement: 'fields',
    missing: 'ENVELOPE_MALFORMED',
    readable: READABLE,
    seal: (cipher, who) => cipher.sealFields(who, READABLE, PLAINTEXT, AT_MS),
    open: (cipher, who, envelope) => cipher.openFields(who, READABLE, envelope),
    opened: { plaintext: PLAINTEXT, timeMs: AT_MS },
  },
];

/** By a producer of its own, so under a data key of its own. */
async function sealed(form: Form, who: SealedIdentity = identity()): Promise<Buffer> {
  const { cipher, service } = bench();
  services.push(service);
  return form.seal(cipher, who);
}

function changed(bytes: Buffer, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes);
  change(copy);
  return copy;
}

const flipped = (bytes: Buffer, at: number): Buffer =>
  changed(bytes, (copy) => {
    copy[at] = copy[at]! ^ 0x01;
  });

const spliced = (into: Buffer, from: Buffer, [start, end]: readonly [number, number]): Buffer =>
  changed(into, (copy) => from.copy(copy, start, start, end));

const SITUATIONS = FORMS.flatMap((form) =>
  (['cold', 'warm'] as const).flatMap((temperature) =>
    (['now', 'later'] as const).map((answers) => ({ form, temperature, answers })),
  ),
);

describe.each(SITUATIONS)(
  'a record that lies, $form.placement, keys $temperature, the key service answers $answers',
  ({ form, temperature, answers }) => {
    let opener: Bench;
    let good: Buffer;

    beforeEach(async () => {
      opener = bench();
      services.push(opener.service);
      opener.service.answers = answers;
      good = await sealed(form);
      if (temperature === 'warm') await form.open(opener.cipher, identity(), good);
    });

    async function code(call: () => Eventual<unknown>): Promise<string> {
      const result = await outcome(call);
      if (result instanceof Error) failures.push(result);
      return codeOf(() => (result instanceof Error ? Promise.reject(result) : result));
    }

    const openCode = (bytes: Buffer, changes: Partial<SealedIdentity> = {}): Promise<string> =>
      code(() => form.open(opener.cipher, identity(changes), bytes));

    it('opens where it was sealed', async () => {
      expect(await form.open(opener.cipher, identity(), good)).toEqual(form.opened);
    });

    it('threat 1: refuses it in another topic', async () => {
      expect(await openCode(good, { logicalTopic: 'payments' })).toBe('SEAL_INVALID');
    });

    it('threat 2: refuses it under another record key', async () => {
      expect(await openCode(good, { recordKey: Buffer.from('acme:43') })).toBe('SEAL_INVALID');
    });

    it('threat 3: refuses it with another event-type or event-id', async () => {
      expect(await openCode(good, { eventType: 'orders.paid.v1' })).toBe('SEAL_INVALID');
      expect(await openCode(good, { eventId: '01890a5d-ac96-774b-bcce-b302099a8058' })).toBe('SEAL_INVALID');
    });

    it('threat 3: refuses a shift of bytes from one name into the next', async () => {
      const record = await sealed(form, identity({ eventType: 'orders.placed.v1', eventId: '1x' }));
      expect(await openCode(record, { eventType: 'orders.placed.v11', eventId: 'x' })).toBe('SEAL_INVALID');
    });

    it("threat 4: refuses tenant a's record presented as tenant ab's", async () => {
      const record = await sealed(form, identity({ tenantId: parseTenantId('a') }));
      expect(await openCode(record, { tenantId: parseTenantId('ab') })).toBe('KEY_REFUSED');
    });

    it('threat 4: refuses it also where both tenants were given the same key', async () => {
      const same = new FakeKeyService(
        (await import('../../../src/encryption/local-keyring.js')).localKeyring({ keys: { a: KEKS.a, ab: KEKS.a } }),
      );
      same.answers = answers;
      const shared = bench({ kms: same });
      const record = await form.seal(shared.cipher, identity({ tenantId: parseTenantId('a') }));
      if (temperature === 'warm') await form.open(shared.cipher, identity({ tenantId: parseTenantId('a') }), record);
      expect(await code(() => form.open(shared.cipher, identity({ tenantId: parseTenantId('ab') }), record))).toBe(
        'KEY_REFUSED',
      );
    });

    it("threat 5: refuses another tenant's wrapped key", async () => {
      const foreign = await sealed(form, identity({ tenantId: globex }));
      if (temperature === 'warm') await form.open(opener.cipher, identity({ tenantId: globex }), foreign);
      expect(await openCode(spliced(good, foreign, WRAPPED))).toBe('KEY_REFUSED');
    });

    it('threat 6: refuses another data key of the same tenant', async () => {
      const other = await sealed(form);
      if (temperature === 'warm') await form.open(opener.cipher, identity(), other);
      expect(await openCode(spliced(good, other, WRAPPED))).toBe('KEY_MISMATCH');
      expect(await openCode(spliced(good, other, DEK_ID))).toBe('KEY_MISMATCH');
    });

    it('threat 7: refuses a ciphertext that is valid under two keys', async () => {
      const { cipher, service } = bench();
      const a = await form.seal(cipher, identity());
      cipher.renewKeys();
      const b = await form.seal(cipher, identity());
      const [dekA, dekB] = service.seen as [Buffer, Buffer];
      if (temperature === 'warm') {
        await form.open(opener.cipher, identity(), a);
        await form.open(opener.cipher, identity(), b);
      }

      const salt = randomBytes(16);
      const head = createHead(deriveDekId(createSecretKey(dekA), acme), salt, b.subarray(...WRAPPED));
      stampHead(head, FLAGS[form.placement], 1, AT_MS);
      const nonce = Buffer.concat([Buffer.alloc(4), head.subarray(...SEQ)]);
      const aad = new AssociatedData().assemble(head, head.length, identity(), form.readable);
      const keys = [dekA, dekB].map((dek) => deriveRecordKey(createSecretKey(dek), salt, acme).export());
      const { ciphertext, tag } = forgeForTwoKeys(keys as [Buffer, Buffer], nonce, aad);
      for (const key of keys) {
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 }).setAAD(aad).setAuthTag(tag);
        decipher.update(ciphertext);
        expect(() => decipher.final()).not.toThrow();
      }
      // A detached seal has no ciphertext, so nothing could be forged in it.
      const expected = form.placement === 'detached' ? 'ENVELOPE_MALFORMED' : 'KEY_MISMATCH';
      expect(await openCode(Buffer.concat([head, ciphertext, tag]))).toBe(expected);
    });

    it.each([
      ['ciphertext', HEAD_BYTES + 3, 'SEAL_INVALID'],
      ['tag', -1, 'SEAL_INVALID'],
      ['salt', SALT[0], 'SEAL_INVALID'],
      ['sequence', SEQ[1] - 1, 'SEAL_INVALID'],
      ['time', 68, 'SEAL_INVALID'],
      ['flags', 4, 'ENVELOPE_MALFORMED'],
      ['dekId', DEK_ID[0], 'KEY_MISMATCH'],
      ['kekId', WRAPPED[0], 'KEY_REFUSED'],
      ['wrapped key', WRAPPED[0] + 30, 'KEY_REFUSED'],
      ['wrapped key tag', WRAPPED[1] - 1, 'KEY_REFUSED'],
      ['wrapped key length', 70, 'KEY_REFUSED'],
    ])('threat 8: refuses a flipped bit in: %s', async (_, at, expected) => {
      // A longer wrapped key leaves less than a tag where there is no ciphertext.
      const code = at === 70 && form.placement === 'detached' ? 'ENVELOPE_MALFORMED' : expected;
      expect(await openCode(flipped(good, at < 0 ? good.length + at : at))).toBe(code);
    });

    it('threat 8: refuses any bit flipped, and any other readable value', async () => {
      for (let at = 0; at < good.length; at++) {
        opener.clock.advance(50); // no more than 20 unknown data keys a second are asked for
        expect(await openCode(flipped(good, at))).toMatch(/^(ENVELOPE|KEY|SEAL)_/);
      }
      if (form.placement === 'value') return;
      const others = [flipped(READABLE, 2), Buffer.alloc(0), Buffer.from('null'), PLAINTEXT];
      for (const value of others) {
        const open = (): Eventual<unknown> =>
          form.placement === 'fields'
            ? opener.cipher.openFields(identity(), value, good)
            : opener.cipher.openDetached(identity(), value, good);
        expect(await code(open)).toBe('SEAL_INVALID');
      }
      if (form.placement === 'detached')
        expect(await code(() => opener.cipher.openDetached(identity(), null, good))).toBe('SEAL_INVALID');
    });

    it('threat 11: refuses it in any other place, also with its flags changed', async () => {
      for (const other of FORMS.filter(({ placement }) => placement !== form.placement)) {
        const there = (bytes: Buffer): Promise<string> => code(() => other.open(opener.cipher, identity(), bytes));
        expect(await there(good)).toBe('ENVELOPE_MALFORMED');
        const disguised = changed(good, (copy) => copy.writeUInt8(FLAGS[other.placement], 4));
        expect(await there(disguised)).toMatch(/^(SEAL_INVALID|ENVELOPE_MALFORMED)$/);
      }
    });

    it('refuses a detached seal with a ciphertext, and a time that no date can hold', async () => {
      const seal = await bench().cipher.sealDetached(identity(), null, AT_MS);
      const filled = Buffer.concat([seal.subarray(0, HEAD_BYTES), Buffer.alloc(1), seal.subarray(HEAD_BYTES)]);
      expect(await code(() => opener.cipher.openDetached(identity(), null, filled))).toBe('ENVELOPE_MALFORMED');
      const late = changed(good, (copy) => copy.writeBigUInt64BE(8_640_000_000_000_001n, 61));
      expect(await openCode(late)).toBe('ENVELOPE_MALFORMED');
    });

    it('threat 9: refuses every truncation', async () => {
      for (let length = 0; length < good.length; length++) {
        const result = await openCode(good.subarray(0, length));
        expect(result, `${length} bytes`).toMatch(/^(SEAL_MISSING|ENVELOPE_MALFORMED|SEAL_INVALID)$/);
      }
      expect(await openCode(Buffer.concat([good, Buffer.alloc(1)]))).toBe(
        form.placement === 'detached' ? 'ENVELOPE_MALFORMED' : 'SEAL_INVALID',
      );
    });

    it('threat 10: refuses a 4-byte tag', async () => {
      expect(await openCode(good.subarray(0, good.length - 12))).toBe(
        form.placement === 'detached' ? 'ENVELOPE_MALFORMED' : 'SEAL_INVALID',
      );
      expect(await openCode(good.subarray(0, HEAD_BYTES + 4))).toBe('ENVELOPE_MALFORMED');
    });

    it('threat 11: refuses every unknown version, suite and flag', async () => {
      for (const at of [2, 3, 4]) {
        for (let value = 0; value < 256; value++) {
          if (value === good[at]) continue;
          const result = await openCode(changed(good, (copy) => copy.writeUInt8(value, at)));
          // The flags that are known belong elsewhere.
          const expected = at === 4 && value < 4 ? 'ENVELOPE_MALFORMED' : 'ENVELOPE_UNSUPPORTED';
          expect(result, `byte ${at} is ${value}`).toBe(expected);
        }
      }
    });

    it('threat 12: refuses plaintext', async () => {
      expect(await openCode(PLAINTEXT)).toBe(form.missing);
      expect(await openCode(Buffer.alloc(0))).toBe(form.missing);
    });

    it('threat 13: refuses an envelope without a wrapped key, or cut in its length', async () => {
      const cutOut = Buffer.concat([good.subarray(0, 69), Buffer.alloc(2), good.subarray(WRAPPED[1])]);
      expect(await openCode(cutOut)).toBe('ENVELOPE_MALFORMED');
      expect(await openCode(good.subarray(0, 70))).toBe('ENVELOPE_MALFORMED');
      expect(await openCode(good.subarray(0, 69))).toBe('ENVELOPE_MALFORMED');
      for (const length of [1, 7, 8]) {
        const head = Buffer.from(good.subarray(0, WRAPPED[0] + length));
        head.writeUInt16BE(length, 69);
        expect(await openCode(Buffer.concat([head, good.subarray(WRAPPED[1])]))).toBe('KEY_REFUSED');
      }
    });

    it.each([0, 1025, 65_535])('threat 14: refuses a wrapped key of length %i', async (length) => {
      const long = Buffer.concat([good.subarray(0, 71), Buffer.alloc(length, 1), good.subarray(WRAPPED[1])]);
      long.writeUInt16BE(length, 69);
      expect(await openCode(long)).toBe('ENVELOPE_MALFORMED');
    });

    it('threat 61: keeps a key with a byte order mark apart', async () => {
      expect(await openCode(good, { recordKey: Buffer.from('\ufeffacme:42') })).toBe('SEAL_INVALID');
    });
  },
);

describe.each(FORMS)('no record sealed in one place opens in another, $placement', (form) => {
  it('over all pairs of tenant, topic, key, type and id', async () => {
    const places: SealedIdentity[] = [];
    for (const tenant of ['a', 'ab']) {
      for (const logicalTopic of ['orders', 'orders-2']) {
        for (const aggregate of ['b:c', 'b']) {
          for (const eventType of ['t.v1', 't.v11']) {
            for (const eventId of ['1', '11']) {
              places.push({
                tenantId: parseTenantId(tenant),
                logicalTopic,
                recordKey: Buffer.from(`${tenant}:${aggregate}`),
                eventType,
                eventId,
              });
            }
          }
        }
      }
    }
    const { cipher, service } = bench();
    services.push(service);
    const records: Buffer[] = [];
    for (const place of places) records.push(await form.seal(cipher, place));
    for (const [from, record] of records.entries()) {
      for (const [to, place] of places.entries()) {
        const result = await outcome(() => form.open(cipher, place, record));
        if (from === to) expect(result).toEqual(form.opened);
        else {
          expect(result).toBeInstanceOf(Error);
          failures.push(result as Error);
        }
      }
    }
  });
});

describe('threat 61: memory', () => {
  it.each([0, 1, 45, 5_000])('plaintext of %i bytes shares its memory with nothing', async (size) => {
    const { cipher } = bench();
    const record = await cipher.sealValue(identity(), Buffer.alloc(size, 7), AT_MS);
    const { plaintext } = await cipher.openValue(identity(), record);
    expect(plaintext.length).toBe(size);
    expect(plaintext.buffer.byteLength).toBe(size);
  });

  it('opened fields share their memory with nothing', async () => {
    const { cipher } = bench();
    const seal = await cipher.sealFields(identity(), READABLE, PLAINTEXT, AT_MS);
    const { plaintext } = await cipher.openFields(identity(), READABLE, seal);
    expect(plaintext.buffer.byteLength).toBe(PLAINTEXT.length);
  });
});

describe('threat 37: what errors say', () => {
  it('holds no key and no plaintext, in any way a logger prints the errors of all cases above', () => {
    expect(failures.length).toBeGreaterThan(1_000);
    const secrets = [...Object.values(KEKS), ...services.flatMap(({ seen }) => seen), PLAINTEXT];
    const forms = [
      ...new Set(
        secrets.flatMap((secret) => [
          secret.toString('hex'),
          secret.toString('base64').replaceAll('=', ''),
          secret.toString('latin1'),
        ]),
      ),
    ];
    const distinct = [...new Map(failures.map((error) => [error.message.replace(/\b\d{1,3}\b/, ''), error])).values()];
    const printed = distinct
      .map((error) => `${inspect(error, { depth: 9, showHidden: true })}${JSON.stringify(error)}${error.stack ?? ''}`)
      .join('\n');
    for (const form of forms) expect(printed.includes(form)).toBe(false);
    for (const error of failures) expect(error.cause).toBeUndefined();
  });
});
