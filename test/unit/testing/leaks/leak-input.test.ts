import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent } from '../../../../src/contract/define-event.js';
import { sameFor } from '../../../../src/testing/leaks/plant/adversarial-tenants.js';
import { canaryOf } from '../../../../src/testing/leaks/plant/canary.js';
import { leakInput } from '../../../../src/testing/leaks/plant/leak-input.js';
import { MarkSearch } from '../../../../src/testing/leaks/search/mark-search.js';
import { OrderPlaced } from './services/shop.js';

const { canary } = canaryOf(new MarkSearch(), { seed: 1, tenantId: 'a', eventType: 'x.y.v1', record: 0 });
const plant = { tenantId: 'a', canary, same: sameFor(1, 1), record: 0 };

const example = {
  id: 'c-1',
  ref: { id: 'c-1' },
  name: 'Ada',
  mail: 'ada@example.com',
  account: '6a2f0d43-5a5e-4d0c-9d3e-2a7c1f2b9e01',
  kind: 'person' as const,
  since: '2026-01-01',
  age: 36,
  tags: ['x'],
};

const Added = defineEvent({
  type: 'people.added',
  version: 1,
  topic: 'people',
  schema: z.object({
    id: z.string(),
    ref: z.object({ id: z.string() }),
    name: z.string().max(40),
    mail: z.email(),
    account: z.uuid(),
    kind: z.enum(['person', 'firm']),
    since: z.iso.date(),
    age: z.number(),
    tags: z.array(z.string()),
  }),
  aggregateId: ({ id }) => id,
  protection: 'none',
  examples: [example],
});

describe('leakInput', () => {
  it('plants canaries in the examples of a contract, where it accepts them, and ids that others have too', () => {
    expect(leakInput(Added).make(plant)).toEqual({
      ...example,
      id: plant.same.id,
      ref: { id: canary.text },
      name: canary.text,
      mail: canary.email,
      account: canary.uuid,
      tags: [canary.text],
    });
    expect(Added.examples?.[0]).toEqual(example);
  });

  it('leaves what is a part of an aggregate id of several', () => {
    const Moved = defineEvent({
      type: 'people.moved',
      version: 1,
      topic: 'people',
      schema: z.object({ city: z.string(), street: z.string(), name: z.string() }),
      aggregateId: ({ city, street }) => `${city}/${street}`,
      protection: 'none',
      examples: [{ city: 'Ulm', street: 'A', name: 'Ada' }],
    });
    expect(leakInput(Moved).make(plant)).toEqual({ city: 'Ulm', street: 'A', name: canary.text });
  });

  it('takes fixtures of a contract without examples', () => {
    const { make } = leakInput(OrderPlaced);
    const made = [0, 1, 2, 3].map((record) => make({ ...plant, record }));
    for (const data of made) {
      expect(data).toMatchObject({
        orderId: plant.same.id,
        customer: canary.text,
        email: canary.email,
        account: canary.uuid,
      });
    }
  });

  it('needs a function where no input is known', () => {
    const Never = defineEvent({
      type: 'people.left',
      version: 1,
      topic: 'people',
      schema: z.object({ id: z.string().refine(() => false) }),
      aggregateId: ({ id }) => id,
      protection: 'none',
    });
    expect(() => leakInput(Never)).toThrow(/leakInput: make: give a function that makes inputs of people\.left\.v1/);
  });
});
