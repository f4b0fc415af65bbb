import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { defineEvent } from '../../../src/contract/define-event.js';
import { isEventContract } from '../../../src/contract/event-contract.js';
import { isTenantryError } from '../../../src/core/errors.js';

const definition = {
  type: 'orders.placed',
  version: 1,
  topic: 'orders',
  schema: z.object({ orderId: z.string() }),
  aggregateId: (order: { orderId: string }): string => order.orderId,
  protection: 'confidential',
} as const;

// What a JavaScript user may pass.
const define = defineEvent as unknown as (definition: unknown) => unknown;

describe('defineEvent', () => {
  it('returns a frozen contract with its header text and its defaults', () => {
    const contract = defineEvent(definition);
    expect(contract).toMatchObject({
      type: 'orders.placed',
      version: 1,
      eventType: 'orders.placed.v1',
      topic: 'orders',
      protection: 'confidential',
      compacted: false,
    });
    expect(contract.aggregateId({ orderId: 'o1' })).toBe('o1');
    expect('tenantOf' in contract).toBe(false);
    expect(Object.isFrozen(contract)).toBe(true);
    expect(isEventContract(contract)).toBe(true);
    expect(isEventContract({ ...contract })).toBe(false);
  });

  it('keeps the fields to seal, in a list that nobody can change', () => {
    const fields = ['/orderId'];
    const { protection } = defineEvent({ ...definition, protection: { fields } });
    fields.push('/other');
    expect(protection).toEqual({ fields: ['/orderId'] });
    expect(Object.isFrozen(protection) && Object.isFrozen((protection as { fields: unknown }).fields)).toBe(true);
  });

  it('takes any field where the schema declares no names', () => {
    const protection = { fields: ['/any/thing'] };
    expect(defineEvent({ ...definition, schema: z.any(), aggregateId: () => 'a', protection }).protection).toEqual(
      protection,
    );
  });

  it('keeps how the data names its tenant', () => {
    const contract = defineEvent({ ...definition, tenant: (order) => order.orderId });
    expect(contract.tenantOf?.({ orderId: 'acme' })).toBe('acme');
  });

  it('is recognised across copies of the package', async () => {
    vi.resetModules();
    const copy = await import('../../../src/contract/event-contract.js');
    expect(copy.isEventContract).not.toBe(isEventContract);
    expect(copy.isEventContract(defineEvent(definition))).toBe(true);
  });

  it.each([
    ['no definition', undefined, 'type must'],
    ['no type', { type: undefined }, 'type must'],
    ['a type with capitals', { type: 'Orders.placed' }, 'type must'],
    ['a type with an empty word', { type: 'orders..placed' }, 'type must'],
    ['a type that ends in a dot', { type: 'orders.' }, 'type must'],
    ['a type with a line break', { type: 'orders\n' }, 'type must'],
    ['a type of 201 characters', { type: 'a'.repeat(201) }, 'type must'],
    ['version 0', { version: 0 }, 'version must'],
    ['version 1.5', { version: 1.5 }, 'version must'],
    ['a version that is text', { version: '1' }, 'version must'],
    ['a version beyond the safe integers', { version: 2 ** 53 }, 'version must'],
    ['a topic with a dot', { topic: 'acme.orders' }, 'topic must'],
    ['a topic with capitals', { topic: 'Orders' }, 'topic must'],
    ['a topic of 101 characters', { topic: 'a'.repeat(101) }, 'topic must'],
    ['the topic dlq', { topic: 'dlq' }, 'topic must'],
    ['the topic retry', { topic: 'retry' }, 'topic must'],
    ['the topic quarantine', { topic: 'quarantine' }, 'topic must'],
    ['a topic that MirrorMaker would not copy', { topic: 'orders-internal' }, 'topic must'],
    ['no schema', { schema: undefined }, 'schema must'],
    ['a null schema', { schema: null }, 'schema must'],
    ['a schema of another kind', { schema: { parse: () => 1 } }, 'schema must'],
    ['no protection', { protection: undefined }, 'protection must'],
    ['an unknown protection', { protection: 'secret' }, 'protection must'],
    ['a protection that is null', { protection: null }, 'protection must'],
    ['fields that are no list', { protection: { fields: '/orderId' } }, 'a list of at least one'],
    [
      'a field that the schema does not declare',
      { protection: { fields: ['/orderid'] } },
      'one that the schema declares',
    ],
    ['no aggregateId', { aggregateId: 'orderId' }, 'aggregateId must'],
    ['compacted as text', { compacted: 'yes' }, 'compacted must'],
    ['tenant as text', { tenant: 'tenantId' }, 'tenant must'],
  ])('refuses %s', (_, change, message) => {
    let caught: unknown;
    try {
      define(change === undefined ? undefined : { ...definition, ...change });
    } catch (error) {
      caught = error;
    }
    expect(isTenantryError(caught, 'INVALID_CONTRACT') && caught.message).toContain(message);
  });
});
