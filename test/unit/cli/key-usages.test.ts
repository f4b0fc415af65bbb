import { describe, expect, it } from 'vitest';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import { KeyUsages, type KeySelection } from '../../../src/cli/keys/key-usages.js';
import { usageText } from '../../../src/cli/keys/usage-report.js';
import type { ReceivedRecord } from '../../../src/record/wire-record.js';
import { header, receivedRecord, type RecordSketch } from '../../support/records.js';
import { bench, identity } from '../encryption/fixtures.js';

const AT_MS = 1_767_225_600_000;
const ALL: KeySelection = { tenants: undefined, keyIds: undefined, dataKeys: false };
const BODY = Buffer.from('{"id":"42"}');

const sealValue = (tenant = 'acme'): Buffer =>
  bench().cipher.sealValue(identity({ tenantId: parseTenantId(tenant) }), BODY, AT_MS) as Buffer;
const sealBeside = (): Buffer => bench().cipher.sealDetached(identity(), BODY, AT_MS) as Buffer;
const sealFields = (): Buffer => bench().cipher.sealFields(identity(), BODY, BODY, AT_MS) as Buffer;

const keyIdIn = (envelope: Buffer): string => envelope.toString('hex', 71, 79);
const dataKeyIdIn = (envelope: Buffer): string => envelope.toString('hex', 5, 37);
const beside = (seal: Buffer): RecordSketch => ({ value: BODY, moreHeaders: [header('tenantry-seal', seal)] });

function usagesOf(
  sketches: readonly (RecordSketch & { readonly timestampMs?: number })[],
  selection = ALL,
  maxEntries?: number,
): KeyUsages {
  const usages = new KeyUsages(selection, maxEntries);
  sketches.forEach(({ timestampMs = AT_MS, ...sketch }, offset) => {
    const record: ReceivedRecord = { ...receivedRecord({ ...sketch, offset }), timestampMs };
    usages.add(record);
  });
  return usages;
}

describe('which keys records name', () => {
  it('are told for each tenant and key: how many, from when to when, and the last offset in each partition', () => {
    const [acme, globex] = [sealValue(), sealValue('globex')];
    const usages = usagesOf([
      { value: acme, timestampMs: 5 },
      { value: globex, tenant: 'globex', timestampMs: 7 },
      { value: acme, timestampMs: 9, partition: 3 },
      { value: acme, timestampMs: 1 },
    ]);
    expect(usages.usages()).toEqual([
      {
        tenantId: 'acme',
        keyId: keyIdIn(acme),
        records: 3,
        firstMs: 1,
        lastMs: 9,
        lastOffsets: new Map([
          ['notes/0', 3],
          ['notes/3', 2],
        ]),
        dataKeys: new Map(),
      },
      expect.objectContaining({ tenantId: 'globex', keyId: keyIdIn(globex), records: 1, firstMs: 7, lastMs: 7 }),
    ]);
  });

  it('are read from values, from detached seals and from seals with fields', () => {
    const usages = usagesOf([{ value: sealValue() }, beside(sealBeside()), beside(sealFields())]);
    expect(usages.usages()).toMatchObject([{ tenantId: 'acme', records: 3 }]);
    expect(usages.tallyOf('notes')).toEqual({ sealed: 3, unsealed: 0, malformed: 0, unsupported: 0, noTenant: 0 });
  });

  it('are those of one tenant although two have a key of one id', () => {
    const envelope = sealValue();
    const usages = usagesOf([{ value: envelope }, { value: envelope, tenant: 'globex' }]);
    expect(usages.usages().map(({ tenantId, keyId }) => [tenantId, keyId])).toEqual([
      ['acme', keyIdIn(envelope)],
      ['globex', keyIdIn(envelope)],
    ]);
  });

  it('come with their data keys where these are asked for', () => {
    const [one, two] = [sealValue(), sealValue()];
    const sketches = [{ value: one }, { value: two, timestampMs: 3 }, { value: one, timestampMs: 4 }];
    const [usage] = usagesOf(sketches, { ...ALL, dataKeys: true }).usages();
    expect(usage?.records).toBe(3);
    expect(usage?.dataKeys).toEqual(
      new Map([
        [dataKeyIdIn(one), { records: 2, firstMs: 4, lastMs: AT_MS }],
        [dataKeyIdIn(two), { records: 1, firstMs: 3, lastMs: 3 }],
      ]),
    );
  });

  it('can be asked for by tenant and by key; what was read of the topic is told all the same', () => {
    const sketches = [{ value: sealValue() }, { value: sealValue('globex'), tenant: 'globex' }];
    const keyIdOf = (usages: KeyUsages): string[] => usages.usages().map(({ tenantId }) => tenantId);
    const ofTenant = usagesOf(sketches, { ...ALL, tenants: new Set(['globex']) });
    expect(keyIdOf(ofTenant)).toEqual(['globex']);
    expect(ofTenant.tallyOf('notes').sealed).toBe(2);
    const keyIds = new Set([keyIdIn(sketches[0]!.value)]);
    expect(keyIdOf(usagesOf(sketches, { ...ALL, keyIds }))).toEqual(['acme']);
  });
});

describe('records that name no key', () => {
  it.each([
    ['unsealed', { value: BODY }],
    ['unsealed', { value: null }],
    ['malformed', { value: sealValue().subarray(0, 90) }],
    ['malformed', { value: Buffer.from([0xe7, 0x54]) }],
    ['malformed', beside(Buffer.alloc(0))],
    ['malformed', beside(sealValue())],
    ['malformed', { value: shortWrapped() }],
    ['unsupported', { value: edited(sealValue(), 2) }],
    ['unsupported', beside(edited(sealBeside(), 3))],
    ['unsupported', beside(edited(sealBeside(), 4))],
    ['noTenant', { value: sealValue(), key: Buffer.from('no tenant') }],
    ['noTenant', { value: sealValue(), key: null }],
  ] as const)('are counted apart: %s', (state, sketch) => {
    const usages = usagesOf([sketch]);
    expect(usages.usages()).toEqual([]);
    const none = { sealed: 0, unsealed: 0, malformed: 0, unsupported: 0, noTenant: 0 };
    expect(usages.tallyOf('notes')).toEqual({ ...none, [state]: 1 });
  });

  it('do not hide the key that another seal of the same record names', () => {
    const good = sealBeside();
    const seals = [Buffer.alloc(3), good].map((seal) => header('tenantry-seal', seal));
    expect(usagesOf([{ value: BODY, moreHeaders: seals }]).usages()).toMatchObject([{ keyId: keyIdIn(good) }]);
  });
});

describe('bounds', () => {
  it('threat 49: are kept against records with made-up keys', () => {
    const forged = (index: number): Buffer => {
      const envelope = Buffer.from(sealValue());
      envelope.writeUInt32BE(index, 71);
      return envelope;
    };
    const sketches = Array.from({ length: 6 }, (_, index) => ({ value: forged(index) }));
    // Each has a key and a place.
    expect(usagesOf(sketches, ALL, 12).usages()).toHaveLength(6);
    expect(() => usagesOf(sketches, ALL, 11)).toThrow(expect.objectContaining({ code: 'INVALID_STATE' }) as Error);
    const dataKeys = { ...ALL, dataKeys: true };
    expect(() => usagesOf(sketches, dataKeys, 17)).toThrow(expect.objectContaining({ code: 'INVALID_STATE' }) as Error);
    const one = { ...ALL, keyIds: new Set([keyIdIn(forged(2))]) };
    expect(usagesOf(sketches, one, 2).usages()).toHaveLength(1);
  });

  it('hold for timestamps that no date can hold', () => {
    const usages = usagesOf([{ value: sealValue(), timestampMs: 9e15 }]);
    expect(usageText([], usages.usages())).toContain('1 record, 9000000000000000 ms to');
  });
});

function edited(envelope: Buffer, at: number): Buffer {
  const copy = Buffer.from(envelope);
  copy[at] = 0x7f;
  return copy;
}

/** A wrapped data key that is shorter than the id of a key. */
function shortWrapped(): Buffer {
  const copy = Buffer.from(sealValue().subarray(0, 71 + 8 + 16));
  copy.writeUInt16BE(8, 69);
  return copy;
}
