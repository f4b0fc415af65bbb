// Events whose contract seals single fields, with a real cipher: what they must be, with the keys at hand and without.
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ConsumedEvent } from '../../../../src/api/consumed-event.js';
import { defineEvent } from '../../../../src/contract/define-event.js';
import type { AnyEventContract, Protection } from '../../../../src/contract/event-contract.js';
import type { SealedIdentity } from '../../../../src/encryption/record-cipher.js';
import { ACME } from '../../../support/contracts.js';
import { openRecord } from '../../../support/open-record.js';
import { header, receivedRecord } from '../../../support/records.js';
import { bench, codeOf, type Bench } from '../../encryption/fixtures.js';

const AT_MS = 1_767_225_600_000;
const CLEAR = '{"id":"n1","card":{"brand":"V"}}';
const SEALED = '{"/card/number":"4111","/iban":"DE1"}';

function contractOf(protection: Protection, version = 1): AnyEventContract {
  return defineEvent({
    type: 'notes.paid',
    version,
    topic: 'notes',
    schema: z.object({
      id: z.string(),
      card: z.object({ number: z.string(), brand: z.string() }),
      iban: z.string().optional(),
    }),
    aggregateId: ({ id }) => id,
    protection,
    compacted: true,
  });
}

const FIELDS: Protection = { fields: ['/card/number', '/iban'] };
const paid = contractOf(FIELDS);

interface Sketch {
  readonly value?: string | null;
  readonly seal?: Buffer | undefined;
}

describe.each([{ temperature: 'cold' }, { temperature: 'warm' }] as const)(
  'an event with sealed fields, keys $temperature',
  ({ temperature }) => {
    let producer: Bench;
    let consumer: Bench;
    const identity: SealedIdentity = {
      tenantId: ACME,
      logicalTopic: 'notes',
      recordKey: Buffer.from('acme:n1'),
      eventType: paid.eventType,
      eventId: 'id-1',
    };

    beforeEach(async () => {
      producer = bench();
      consumer = bench();
      const good = await producer.cipher.sealFields(identity, Buffer.from(CLEAR), Buffer.from(SEALED), AT_MS);
      if (temperature === 'warm') await consumer.cipher.openFields(identity, Buffer.from(CLEAR), good);
    });

    const fields = async (value = CLEAR, sealed = SEALED): Promise<Buffer> =>
      producer.cipher.sealFields(identity, Buffer.from(value), Buffer.from(sealed), AT_MS);

    const authentic = async (value: string | null): Promise<Buffer> =>
      producer.cipher.sealDetached(identity, value === null ? null : Buffer.from(value), AT_MS);

    async function open(
      { value = CLEAR, seal }: Sketch,
      contracts: readonly [AnyEventContract, ...AnyEventContract[]] = [paid],
      acceptUnprotected: readonly string[] = [],
    ): Promise<ConsumedEvent> {
      const record = receivedRecord({
        eventType: paid.eventType,
        value: typeof value === 'string' ? Buffer.from(value) : value,
        moreHeaders: seal === undefined ? [] : [header('tenantry-seal', seal)],
      });
      return openRecord(record, consumer.cipher, contracts, acceptUnprotected);
    }

    const openCode = (...call: Parameters<typeof open>): Promise<string> => codeOf(() => open(...call));

    it('is put together again before its schema sees it', async () => {
      const event = await open({ seal: await fields() });
      expect(event.data).toEqual({ id: 'n1', card: { brand: 'V', number: '4111' }, iban: 'DE1' });
      expect(event.timestamp).toEqual(new Date(AT_MS));
      const without = await open({ seal: await fields(CLEAR, '{"/card/number":"4111"}') });
      expect(without.data).toEqual({ id: 'n1', card: { brand: 'V', number: '4111' } });
      expect(await openCode({ seal: await fields(CLEAR, '{}') })).toBe('PAYLOAD_INVALID');
    });

    it('threat 12: refuses a field in the clear that must be sealed', async () => {
      const leaky = '{"id":"n1","card":{"brand":"V","number":"4111"}}';
      expect(await openCode({ value: leaky })).toBe('SEAL_MISSING');
      expect(await openCode({ value: leaky, seal: await fields(leaky) })).toBe('SEALED_FIELDS_INVALID');
      expect(await openCode({ value: leaky, seal: await fields(leaky, '{}') })).toBe('SEALED_FIELDS_INVALID');
      expect(await openCode({ value: leaky, seal: await fields() })).toBe('SEAL_INVALID');
    });

    it('has no other fields than the contract names, and in their places', async () => {
      for (const sealed of ['{"/id":"n2"}', '{"/__proto__/x":1}', '{"/card":{}}', '[]', 'null'])
        expect(await openCode({ seal: await fields(CLEAR, sealed) })).toBe('SEALED_FIELDS_INVALID');
      const placeless = '{"id":"n1"}';
      expect(await openCode({ value: placeless, seal: await fields(placeless) })).toBe('SEALED_FIELDS_INVALID');
      expect(await openCode({ seal: await fields(CLEAR, '{') })).toBe('PAYLOAD_MALFORMED');
    });

    it('threat 11: of its own form and no other', async () => {
      const whole = '{"id":"n1","card":{"brand":"V","number":"4111"}}';
      expect(await openCode({ value: whole, seal: await authentic(whole) })).toBe('ENVELOPE_MALFORMED');
      expect(await openCode({ seal: await authentic(CLEAR) })).toBe('ENVELOPE_MALFORMED');
      const seal = await fields();
      expect(await openCode({ seal }, [contractOf('authentic')])).toBe('ENVELOPE_MALFORMED');
      expect(await openCode({ seal }, [contractOf('confidential')])).toBe('SEAL_MISSING');
      expect(await openCode({ value: '', seal: await fields('') })).toBe('PAYLOAD_MALFORMED');
    });

    it('threat 56: refuses a forged tombstone of a contract that seals fields', async () => {
      expect((await open({ value: null, seal: await authentic(null) })).data).toBeNull();
      expect(await openCode({ value: null })).toBe('SEAL_MISSING');
      expect(await openCode({ value: null, seal: await fields() })).toBe('ENVELOPE_MALFORMED');
      expect(await openCode({ value: null, seal: await authentic(CLEAR) })).toBe('SEAL_INVALID');
      expect(
        await openCode({
          value: null,
          seal: await producer.cipher.sealDetached({ ...identity, recordKey: Buffer.from('acme:n2') }, null, AT_MS),
        }),
      ).toBe('SEAL_INVALID');
    });

    it.each(['none', 'authentic'] as const)(
      'threat 60: demands of an older version the fields that the newest seals',
      async (older) => {
        const both: [AnyEventContract, AnyEventContract] = [contractOf(older), contractOf(FIELDS, 2)];
        const whole = '{"id":"n1","card":{"brand":"V","number":"4111"}}';
        expect(await openCode({ value: whole }, both)).toBe('SEAL_MISSING');
        expect(await openCode({ value: whole, seal: await authentic(whole) }, both)).toBe('ENVELOPE_MALFORMED');
        expect((await open({ seal: await fields() }, both)).data).toMatchObject({ card: { number: '4111' } });
        const listed = await open({ value: whole, seal: await authentic(whole) }, both, [paid.eventType]);
        expect(listed.data).toMatchObject({ card: { number: '4111' } });
      },
    );

    it('threat 60: keeps its own fields beside a newer version that seals others', async () => {
      const both: [AnyEventContract, AnyEventContract] = [paid, contractOf({ fields: ['/iban'] }, 2)];
      expect((await open({ seal: await fields() }, both)).data).toMatchObject({ iban: 'DE1' });
      expect(await openCode({ seal: await fields() }, [paid, contractOf('confidential', 2)])).toBe('SEAL_MISSING');
    });
  },
);
