import { describe, expect, it } from 'vitest';
import { spread } from '../../../examples/retail/attack/attacker.js';
import { ATTACKER, FORGERIES } from '../../../examples/retail/attack/forgeries.js';
import type { PlainRecord } from '../../../examples/retail/attack/plain-record.js';
import { tenantOfCountry } from '../../../examples/retail/data-file/tenant-of-country.js';
import { ERROR_CODES } from '../../../src/core/error-codes.js';
import { isTenantId } from '../../../src/core/tenant-id.js';

const genuine: PlainRecord = {
  partition: 2,
  key: Buffer.from('eire:536365'),
  value: Buffer.alloc(200, 7),
  headers: [
    { name: 'tenant-id', value: Buffer.from('eire') },
    { name: 'event-type', value: Buffer.from('retail.line-sold.v1') },
    { name: 'event-id', value: Buffer.from('one') },
  ],
};

describe('FORGERIES', () => {
  it('differ from the genuine record and from one another, and leave the genuine one as it is', () => {
    const before = JSON.stringify(genuine);
    const forged = FORGERIES.map(({ forge }) => JSON.stringify(forge(genuine)));
    expect(new Set([before, ...forged]).size).toBe(FORGERIES.length + 1);
    expect(JSON.stringify(genuine)).toBe(before);
  });

  it('flip one bit in the ciphertext, before the tag', () => {
    const flipped = FORGERIES.find(({ name }) => name.includes('flipped'))?.forge(genuine).value;
    expect([...flipped!].flatMap((byte, at) => (byte === 7 ? [] : [{ at, byte }]))).toEqual([{ at: 183, byte: 6 }]);
  });

  it('expect codes that the library has', () => {
    for (const { expectedCode } of FORGERIES) expect(ERROR_CODES).toHaveProperty(expectedCode);
  });

  it('are made by a tenant that is no country', () => {
    expect(isTenantId(ATTACKER)).toBe(true);
    expect(tenantOfCountry(ATTACKER)).not.toBe(ATTACKER);
  });
});

describe('spread', () => {
  it.each([1, 2, 9, 10, 11, 3_000, 320_705])('plans each forgery once, within %i rows', (rows) => {
    const plan = spread(FORGERIES, rows);
    expect([...plan.values()].flat()).toEqual(FORGERIES);
    for (const row of plan.keys()) {
      expect(row).toBeGreaterThanOrEqual(1);
      expect(row).toBeLessThanOrEqual(rows);
    }
  });

  it('leaves room between them', () => {
    expect([...spread(FORGERIES, 110).keys()]).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
  });
});
