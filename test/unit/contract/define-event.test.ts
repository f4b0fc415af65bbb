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

  it('keeps what bundles tell of it, and takes no other form of that', () => {
    const told = { owner: 'team-orders', description: 'An order was placed.', examples: [{ orderId: '42' }] };
    const contract = defineEvent({ ...definition, ...told });
    expect(contract).toMatchObject(told);
    expect(Object.isFrozen(contract.examples)).toBe(true);
    expect(defineEvent(definition)).not.toHaveProperty('owner');
    for (const wrong of [{ owner: 5 }, { owner: ' ' }, { description: '' }, { examples: { orderId: '42' } }])
      expect(() => define({ ...definition, ...wrong })).toThrow(`${Object.keys(wrong)[0]} must be`);
  });

  it('keeps how an older version becomes this one', () => {
    const from = defineEvent(definition);
    const step = ({ orderId }: { orderId: string }): { orderId: string } => ({ orderId });
    const newer = defineEvent({ ...definition, version: 2, upcast: { from, with: step } });
    expect(newer.upcast).toEqual({ from, with: step });
    expect(Object.isFrozen(newer.upcast)).toBe(true);
    expect('upcast' in from).toBe(false);
  });

  it('refuses an upcast from anything but an older version on the same topic', () => {
    const from = defineEvent(definition);
    const step = (): object => ({});
    const problemOf = (change: object, upcast: unknown): string => {
      try {
        define({ ...definition, version: 2, ...change, upcast });
        return 'none';
      } catch (error) {
        if (!isTenantryError(error, 'INVALID_CONTRACT')) throw error;
        return error.message.replace('event contract orders.placed: upcast: ', '');
      }
    };
    expect(problemOf({}, { from, with: step })).toBe('none');
    expect(problemOf({}, null)).toBe('with must be a function of the data');
    expect(problemOf({}, { from })).toBe('with must be a function of the data');
    expect(problemOf({}, { from: { ...from }, with: step })).toBe('from must be a contract that defineEvent made');
    const older = 'from must be an older version of the same type';
    expect(problemOf({ version: 1 }, { from, with: step })).toBe(older);
    expect(problemOf({}, { from: defineEvent({ ...definition, version: 3 }), with: step })).toBe(older);
    expect(problemOf({}, { from: defineEvent({ ...definition, type: 'orders.paid' }), with: step })).toBe(older);
    const topic = 'from must have the same topic, and be compacted or not like this version';
    expect(problemOf({ topic: 'states' }, { from, with: step })).toBe(topic);
    expect(problemOf({ compacted: true }, { from, with: step })).toBe(topic);
  });

  it('is recognised across copies of the package', async () => {
    vi.resetModules();
    const copy = await import('../../../src/contract/event-contract.js');
    expect(copy.isEventContract).not.toBe(isEventContract);
    expect(copy.isEventContract(defineEvent(definition))).toBe(true);
  });

  it('names every wrong field at once', () => {
    const message = (wrong: object): string => {
      try {
        define({ ...definition, ...wrong });
      } catch (error) {
        if (isTenantryError(error, 'INVALID_CONTRACT')) return error.message;
      }
      throw new Error('was not refused');
    };
    expect(message({ version: 0, compacted: 1, protection: 'all', owner: '' })).toBe(
      'event contract orders.placed: version must be a positive integer; ' +
        "protection must be 'confidential', { fields }, 'authentic' or 'none'; " +
        'compacted must be true or false; owner must be text',
    );
    const all = message({ type: 'Orders', topic: 'a.b', aggregateID: 'id', schemas: {} });
    expect(all).toMatch(
      /^an event contract: type must .*; aggregateID is not a field .*; schemas is not .*; topic must /,
    );
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
    [
      'a field that the schema declares elsewhere',
      {
        schema: z.object({ orderId: z.string(), card: z.object({ number: z.string() }) }),
        protection: { fields: ['/number'] },
      },
      'where the schema declares it',
    ],
    ['no aggregateId', { aggregateId: 'orderId' }, 'aggregateId must'],
    ['compacted as text', { compacted: 'yes' }, 'compacted must'],
    ['tenant as text', { tenant: 'tenantId' }, 'tenant must'],
    ['a field that is written wrong', { tenantt: () => 'acme' }, 'tenantt is not a field of a definition'],
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
