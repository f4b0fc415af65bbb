// What tenantry seals, opened by a program that was written from docs/envelope.md alone and shares no code with it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent } from '../../src/contract/define-event.js';
import type { AnyEventContract, Protection } from '../../src/contract/event-contract.js';
import { isTenantryError } from '../../src/core/errors.js';
import { parseTenantId } from '../../src/core/tenant-id.js';
import type { EnvelopeCipher } from '../../src/encryption/envelope-cipher.js';
import { localKeyring } from '../../src/encryption/local-keyring.js';
import type { SealedIdentity } from '../../src/encryption/record-cipher.js';
import { jsonSerde } from '../../src/serde/json-serde.js';
import { openRecord } from '../support/open-record.js';
import { header, receivedRecord } from '../support/records.js';
import { bench, FakeKeyService, vectors, type VectorRecord } from '../unit/encryption/fixtures.js';
import { changes } from './changes.js';
import { openerPackages, openInPython, type OpenerAnswer, type OpenerRecord } from './python-opener.js';

const RECORDS = 3_000;
const CHANGES_EACH = 3;
const FIELDS = { fields: ['/card/number', '/iban', '/a~1b/m~0n'] };

const packages = await openerPackages();

describe.skipIf(packages === undefined)('the Python opener', () => {
  const open = (
    ...call: Parameters<typeof openInPython> extends [string, ...infer Rest] ? Rest : never
  ): Promise<OpenerAnswer[]> => openInPython(packages ?? '', ...call);

  it.each([
    { kind: 'keys', text: JSON.stringify({ [vectors.tenant]: vectors.localKek }) },
    { kind: 'data-keys', text: vectors.dek },
  ] as const)('opens the published vectors with $kind', async (keys) => {
    const answers = await open(keys, vectors.records.map(vectorRecord));
    expect(answers).toEqual(vectors.records.map((record) => ({ event: eventOf(record), timeMs: vectors.timeMs })));
  });

  it('says of thousands of records what tenantry says, and of altered ones too', { timeout: 120_000 }, async () => {
    const seed = fc.readConfigureGlobal().seed ?? Math.floor(Math.random() * 2 ** 31);
    const tenants = ['a', 'ab', 'A-_9', 'constructor', 'x'.repeat(63)];
    const keys = Object.fromEntries(
      tenants.map((tenant, index) => [
        tenant,
        {
          current: Buffer.alloc(32, index + 1).toString('hex'),
          previous: [Buffer.alloc(32, index + 99).toString('base64')],
        },
      ]),
    );
    const service = (): FakeKeyService => new FakeKeyService(localKeyring({ keys }));
    const producer = bench({ kms: service() });
    const sketches = fc.sample(sketch(tenants), { numRuns: RECORDS, seed });
    const good: { record: OpenerRecord; expected: OpenerAnswer }[] = [];
    for (const [index, each] of sketches.entries()) {
      if (index % 100 === 0) producer.cipher.renewKeys();
      good.push(await sealedRecord(producer.cipher, each));
    }
    const records = good.map(({ record }) => record);
    const altered = fc
      .sample(changes(records), { numRuns: RECORDS * CHANGES_EACH, seed })
      .flatMap((change, index) => change(records[index % RECORDS]!) ?? []);
    // Those that the tenant sealed itself and that contradict their contract.
    const wrong = await wrongFields(producer.cipher);

    const answers = await open({ kind: 'keys', text: JSON.stringify(keys) }, [...records, ...altered, ...wrong]);
    expect(answers.slice(0, RECORDS), `seed ${seed}`).toEqual(good.map(({ expected }) => expected));

    const consumer = bench({ kms: service() });
    const here: OpenerAnswer[] = [];
    for (const record of [...records, ...altered, ...wrong]) {
      // Or what brings too many unknown keys would wait.
      consumer.clock.advance(1_000);
      here.push(await answerHere(consumer.cipher, record));
    }
    expect(here.slice(0, RECORDS), `seed ${seed}`).toEqual(good.map(({ expected }) => expected));
    expect(altered.length).toBeGreaterThan(RECORDS * 2);
    const refusals = answers.slice(RECORDS);
    expect(
      refusals.filter((answer) => !('error' in answer)),
      `seed ${seed}`,
    ).toEqual([]);
    expect(refusals, `seed ${seed}`).toEqual(here.slice(RECORDS));
    const codes = new Set(refusals.map((answer) => ('error' in answer ? answer.error : '')));
    for (const code of [
      'SEAL_MISSING',
      'ENVELOPE_MALFORMED',
      'ENVELOPE_UNSUPPORTED',
      'KEY_REFUSED',
      'KEY_MISMATCH',
      'SEAL_INVALID',
      'SEALED_FIELDS_INVALID',
      'PAYLOAD_MALFORMED',
    ])
      expect(codes).toContain(code);
  });
});

function vectorRecord({ flags, value, envelope }: VectorRecord): OpenerRecord {
  const bytes = Buffer.from(envelope, 'hex');
  const protections: readonly Protection[] = ['confidential', 'authentic', 'none', FIELDS_OF_VECTORS];
  return {
    identity: {
      tenantId: parseTenantId(vectors.tenant),
      logicalTopic: vectors.logicalTopic,
      recordKey: Buffer.from(vectors.recordKey),
      eventType: vectors.eventType,
      eventId: vectors.eventId,
    },
    protection: protections[flags] ?? 'none',
    value: value === undefined ? bytes : value === null ? null : Buffer.from(value),
    seal: value === undefined ? undefined : bytes,
  };
}

const FIELDS_OF_VECTORS = FIELDS;

/** Put together by hand, and by neither implementation. */
function eventOf({ name, value, plaintext }: VectorRecord): unknown {
  if (value === null) return null;
  const text = value ?? Buffer.from(plaintext, 'hex').toString();
  const event = JSON.parse(text) as Record<string, unknown>;
  if (!name.startsWith('sealed fields, ')) return event;
  return { ...event, card: { brand: 'V', number: '4111-1111-1111-1111' }, iban: null, 'a/b': { 'm~n': ['ü', 1] } };
}

interface Sketch {
  readonly identity: SealedIdentity;
  readonly protection: Protection;
  readonly event: unknown;
  readonly timeMs: number;
}

function sketch(tenants: readonly string[]): fc.Arbitrary<Sketch> {
  // What would be refused when it is published.
  const isForbidden = (value: unknown): boolean => /__proto__|constructor/.test(JSON.stringify(value));
  const json = fc.jsonValue({ maxDepth: 2 }).filter((value) => !isForbidden(value));
  const event = fc.record(
    {
      id: fc.string({ unit: 'grapheme' }),
      more: json,
      card: fc.record({ number: json, brand: fc.string() }, { requiredKeys: [] }),
      iban: json,
      'a/b': fc.oneof(fc.constant(null), fc.record({ 'm~n': json }, { requiredKeys: [] })),
    },
    { requiredKeys: ['id'] },
  );
  return fc
    .record({
      tenant: fc.constantFrom(...tenants),
      aggregate: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
      logicalTopic: fc.constantFrom('orders', 'o', 'orders-2'),
      eventType: fc.constantFrom('orders.placed.v1', 'o.v11', 'a_b.c-d.v2'),
      eventId: fc.stringMatching(/^[\x21-\x7e]{1,128}$/),
      protection: fc.constantFrom<Protection>('confidential', 'authentic', FIELDS),
      event: fc.oneof({ weight: 9, arbitrary: event }, { weight: 1, arbitrary: fc.constant(undefined) }),
      timeMs: fc.oneof(fc.nat(), fc.constantFrom(0, 8.64e15, 2 ** 32)),
    })
    .map(({ tenant, aggregate, logicalTopic, eventType, eventId, ...rest }) => ({
      identity: {
        tenantId: parseTenantId(tenant),
        logicalTopic,
        recordKey: Buffer.from(`${tenant}:${aggregate}`),
        eventType,
        eventId,
      },
      ...rest,
    }));
}

/** An event that is undefined is a tombstone. */
async function sealedRecord(
  cipher: EnvelopeCipher,
  { identity, protection, event, timeMs }: Sketch,
): Promise<{ record: OpenerRecord; expected: OpenerAnswer }> {
  const contract = contractOf(identity, protection);
  const record = { identity, protection };
  const expected = { event: event === undefined ? null : (JSON.parse(JSON.stringify(event)) as unknown), timeMs };
  // The serde takes memory back and the cipher too; what is kept here is copied.
  const copy = (bytes: Buffer): Buffer => Buffer.from(bytes);
  if (event === undefined)
    return {
      record: { ...record, value: null, seal: copy(await cipher.sealDetached(identity, null, timeMs)) },
      expected,
    };
  const bytes = copy(jsonSerde.encode(contract, event));
  if (protection === 'confidential')
    return {
      record: { ...record, value: copy(await cipher.sealValue(identity, bytes, timeMs)), seal: undefined },
      expected,
    };
  if (typeof protection !== 'object')
    return {
      record: { ...record, value: bytes, seal: copy(await cipher.sealDetached(identity, bytes, timeMs)) },
      expected,
    };
  const { readable, sealed } = jsonSerde.fields.split(contract, protection, bytes);
  const value = copy(readable);
  return {
    record: { ...record, value, seal: copy(await cipher.sealFields(identity, value, sealed, timeMs)) },
    expected,
  };
}

async function wrongFields(cipher: EnvelopeCipher): Promise<OpenerRecord[]> {
  const identity: SealedIdentity = {
    tenantId: parseTenantId('a'),
    logicalTopic: 'orders',
    recordKey: Buffer.from('a:1'),
    eventType: 'orders.placed.v1',
    eventId: 'e1',
  };
  const pairs = [
    ['{"iban":"x"}', '{"/iban":"x"}'],
    ['{"iban":null}', '{}'],
    ['{"card":{"number":1}}', '{"/iban":"x"}'],
    ['{}', '{"/card/number":1}'],
    ['{"card":null}', '{"/card/number":1}'],
    ['{"card":"4111"}', '{}'],
    ['{"card":[]}', '{"/iban":1}'],
    ['{}', '{"/id":1}'],
    ['{}', '{"/__proto__/x":1}'],
    ['{}', '{"iban":1}'],
    ['{}', '[]'],
    ['{}', 'null'],
    ['[]', '{"/iban":1}'],
    ['"x"', '{}'],
    ['null', '{"/iban":1}'],
    ['{}', ''],
    ['{}', '{'],
    ['{}', 'NaN'],
    ['{', '{}'],
    ['\ufeff{}', '{}'],
    ['', '{}'],
  ] as const;
  return Promise.all(
    pairs.map(async ([readable, sealed]) => {
      const value = Buffer.from(readable);
      const seal = Buffer.from(await cipher.sealFields(identity, value, Buffer.from(sealed), 1));
      return { identity, protection: FIELDS, value, seal };
    }),
  );
}

const contracts = new Map<string, AnyEventContract>();

function contractOf({ logicalTopic, eventType }: SealedIdentity, protection: Protection): AnyEventContract {
  const name = `${logicalTopic} ${eventType} ${JSON.stringify(protection)}`;
  let contract = contracts.get(name);
  if (contract === undefined) {
    const [, type = '', version = ''] = /^(.*)\.v(\d+)$/.exec(eventType) ?? [];
    contract = defineEvent({
      type,
      version: Number(version),
      topic: logicalTopic,
      schema: z.unknown(),
      aggregateId: () => 'unused',
      protection,
      compacted: true,
    });
    contracts.set(name, contract);
  }
  return contract;
}

async function answerHere(
  cipher: EnvelopeCipher,
  { identity, protection, value, seal }: OpenerRecord,
): Promise<OpenerAnswer> {
  const record = receivedRecord({
    topic: identity.logicalTopic,
    key: identity.recordKey,
    value,
    headers: [
      header('tenant-id', identity.tenantId),
      header('event-type', identity.eventType),
      header('event-id', identity.eventId),
      ...(seal === undefined ? [] : [header('tenantry-seal', seal)]),
    ],
  });
  try {
    const { data, timestamp } = await openRecord(record, cipher, [contractOf(identity, protection)]);
    return { event: data, timeMs: timestamp.getTime() };
  } catch (error) {
    return { error: isTenantryError(error) ? error.code : `untyped ${String(error)}` };
  }
}
