import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ContractSet } from '../../../src/contract/contract-set.js';
import { defineEvent } from '../../../src/contract/define-event.js';
import type { AnyEventContract, Protection } from '../../../src/contract/event-contract.js';
import { isTenantryError } from '../../../src/core/errors.js';

interface Change {
  readonly type?: string;
  readonly version?: number;
  readonly topic?: string;
  readonly protection?: Protection;
  readonly compacted?: boolean;
}

function contract({ type = 'orders.placed', version = 1, ...rest }: Change = {}): AnyEventContract {
  return defineEvent({
    type,
    version,
    topic: 'orders',
    protection: 'none',
    schema: z.object({ id: z.string(), note: z.string().optional() }),
    aggregateId: ({ id }) => id,
    ...rest,
  });
}

function setOf(...contracts: AnyEventContract[]): ContractSet {
  const set = new ContractSet();
  for (const each of contracts) set.add(each);
  return set;
}

function codeOf(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return isTenantryError(error) ? error.code : 'untyped';
  }
}

describe('ContractSet', () => {
  it('takes the same contract twice', () => {
    const placed = contract();
    const set = setOf(placed, placed);
    expect(set.lookup('orders.placed.v1')).toBe(placed);
  });

  it('refuses another contract of the same type and version, and keeps the first', () => {
    const placed = contract();
    const set = setOf(placed);
    expect(
      codeOf(() => {
        set.add(contract());
      }),
    ).toBe('CONTRACT_CONFLICT');
    expect(set.lookup('orders.placed.v1')).toBe(placed);
  });

  it('refuses contracts of one topic that disagree on compaction, and keeps nothing of the second', () => {
    const set = setOf(contract());
    const compacted = contract({ type: 'orders.paid', compacted: true });
    expect(
      codeOf(() => {
        set.add(compacted);
      }),
    ).toBe('CONTRACT_CONFLICT');
    expect(set.lookup('orders.paid.v1')).toBe('unknown-type');
    set.add(contract({ type: 'states.set', topic: 'states', compacted: true }));
  });

  it('refuses what defineEvent did not make', () => {
    expect(
      codeOf(() => {
        setOf({ ...contract() });
      }),
    ).toBe('INVALID_CONTRACT');
    expect(
      codeOf(() => {
        setOf(undefined as unknown as AnyEventContract);
      }),
    ).toBe('INVALID_CONTRACT');
  });

  it('threat 39: tells an unknown version of a known type from an unknown type', () => {
    const placed = contract({ version: 2 });
    const set = setOf(placed);
    expect(set.lookup('orders.placed.v2')).toBe(placed);
    expect(set.lookup('orders.placed.v1')).toBe('unknown-version');
    expect(set.lookup('orders.placed.v3')).toBe('unknown-version');
    expect(set.lookup('orders.paid.v1')).toBe('unknown-type');
    expect(set.lookup('nonsense')).toBe('unknown-type');
    expect(set.lookup('x'.repeat(1_000_000))).toBe('unknown-type');
  });

  it('threat 23: types named like members of Object are ordinary', () => {
    const set = setOf(contract({ type: 'constructor' }));
    expect(set.lookup('constructor.v2')).toBe('unknown-version');
    expect(set.lookup('constructor')).toBe('unknown-type');
    expect(set.lookup('toString.v1')).toBe('unknown-type');
    expect(set.lookup('__proto__')).toBe('unknown-type');
    expect(set.requiredProtection('hasOwnProperty')).toBe('confidential');
  });

  describe('requiredProtection', () => {
    const v1 = 'orders.placed.v1';

    it.each<[newest: Protection, own: Protection, required: Protection]>([
      ['none', 'none', 'none'],
      ['authentic', 'none', 'authentic'],
      ['confidential', 'none', 'confidential'],
      ['confidential', 'authentic', 'confidential'],
      ['none', 'confidential', 'confidential'],
      ['authentic', 'confidential', 'confidential'],
      [{ fields: ['/id'] }, 'none', { fields: ['/id'] }],
      [{ fields: ['/id'] }, 'authentic', { fields: ['/id'] }],
      ['authentic', { fields: ['/id'] }, { fields: ['/id'] }],
      ['confidential', { fields: ['/id'] }, 'confidential'],
      [{ fields: ['/id'] }, 'confidential', 'confidential'],
      [{ fields: ['/id', '/note'] }, { fields: ['/id'] }, { fields: ['/id'] }],
    ])('threat 60: where the newest version is %j, a version that is %j must be %j', (newest, own, required) => {
      const [older, newer] = [contract({ protection: own }), contract({ version: 2, protection: newest })];
      expect(setOf(older, newer).requiredProtection(v1)).toEqual(required);
      expect(setOf(newer, older).requiredProtection(v1)).toEqual(required);
    });

    it('threat 60: only a listed version keeps less than the newest has', () => {
      const set = new ContractSet([v1]);
      for (const version of [1, 2]) set.add(contract({ version }));
      set.add(contract({ version: 3, protection: 'confidential' }));
      expect(set.requiredProtection(v1)).toBe('none');
      expect(set.requiredProtection('orders.placed.v2')).toBe('confidential');
      expect(set.requiredProtection('orders.placed.v3')).toBe('confidential');
    });

    it('does not let one type speak for another', () => {
      const set = setOf(contract(), contract({ type: 'orders.paid', version: 2, protection: 'confidential' }));
      expect(set.requiredProtection(v1)).toBe('none');
    });

    it('demands the most of what it does not know', () => {
      expect(setOf(contract()).requiredProtection('orders.placed.v9')).toBe('confidential');
    });
  });
});
