import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent } from '../../../src/contract/define-event.js';
import type { AnyEventContract } from '../../../src/contract/event-contract.js';
import { validateEvent, validateTombstone } from '../../../src/producer/validate-stage.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { ACME, Noted, Signed } from '../../support/contracts.js';

const clock = new VirtualClock(1_000);
const codeOf = (work: () => unknown): unknown => {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as { code: unknown }).code;
  }
};

const Owned = defineEvent({
  type: 'notes.owned',
  version: 1,
  topic: 'notes',
  schema: z.object({ id: z.string(), owner: z.string() }),
  aggregateId: ({ id }) => id,
  tenant: ({ owner }) => {
    if (owner === 'secret-throw') throw new Error(`no owner ${owner}`);
    return owner;
  },
  protection: 'none',
});

describe('the first stage', () => {
  it('takes the output of the schema, and names the record', () => {
    expect(validateEvent(ACME, Noted, { id: 'n1', undeclared: 1 }, { eventId: 'e1' }, clock)).toEqual({
      tenantId: ACME,
      contract: Noted,
      data: { id: 'n1' },
      tombstone: false,
      key: Buffer.from('acme:n1'),
      eventId: 'e1',
      eventTimeMs: 1_000,
      publishTimeMs: 1_000,
      furtherHeaders: [],
    });
  });

  it.each([
    ['data that does not fit', { id: 1 }, {}, 'VALIDATION_FAILED'],
    ['an empty aggregate id', { id: '' }, {}, 'INVALID_AGGREGATE_ID'],
    ['an event id with a space', { id: 'n' }, { eventId: 'a b' }, 'INVALID_EVENT_ID'],
    ['an empty event id', { id: 'n' }, { eventId: '' }, 'INVALID_EVENT_ID'],
    ['a header of a reserved name', { id: 'n' }, { headers: { 'tenant-id': 'globex' } }, 'INVALID_HEADER'],
    ['a date that is none', { id: 'n' }, { timestamp: new Date(Number.NaN) }, 'INVALID_OPTIONS'],
    ['a date before 1970', { id: 'n' }, { timestamp: new Date(-1) }, 'INVALID_OPTIONS'],
    ['a date that no consumer would read', { id: 'n' }, { timestamp: new Date(1e15) }, 'INVALID_OPTIONS'],
    ['a time that is no Date', { id: 'n' }, { timestamp: 5 as unknown as Date }, 'INVALID_OPTIONS'],
  ])('refuses %s', (_what, data, options, code) => {
    expect(codeOf(() => validateEvent(ACME, Noted, data, options, clock))).toBe(code);
  });

  it('refuses what is no contract', () => {
    const fake = { ...Noted } as unknown as AnyEventContract;
    expect(codeOf(() => validateEvent(ACME, fake, { id: 'n' }, {}, clock))).toBe('INVALID_CONTRACT');
    expect(codeOf(() => validateTombstone(ACME, fake, 'n', {}, clock))).toBe('INVALID_CONTRACT');
  });

  it('threat 58: refuses data that names another tenant', () => {
    expect(codeOf(() => validateEvent(ACME, Owned, { id: 'n', owner: 'acme' }, {}, clock))).toBeUndefined();
    expect(codeOf(() => validateEvent(ACME, Owned, { id: 'n', owner: 'globex' }, {}, clock))).toBe(
      'TENANT_ISOLATION_VIOLATION',
    );
  });

  it("does not repeat what a contract's own function throws", () => {
    const publish = (): unknown => validateEvent(ACME, Owned, { id: 'n', owner: 'secret-throw' }, {}, clock);
    expect(codeOf(publish)).toBe('INVALID_CONTRACT');
    expect(publish).toThrow(/^((?!secret-throw).)*$/);
  });

  it('has tombstones for compacted contracts only', () => {
    expect(validateTombstone(ACME, Signed, 's1', {}, clock)).toMatchObject({ tombstone: true, data: undefined });
    expect(codeOf(() => validateTombstone(ACME, Noted, 's1', {}, clock))).toBe('INVALID_CONTRACT');
  });
});
