// What the test kit takes, as the compiler sees it.
import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { defineEvent } from '../../src/contract/define-event.js';
import { deliver, deliverUnchecked } from '../../src/testing/deliver/deliver.js';
import { fixtures } from '../../src/testing/fixtures/fixtures.js';

const base = { type: 'orders.placed', topic: 'orders', protection: 'none', aggregateId: () => 'a' } as const;
const First = defineEvent({ ...base, version: 1, schema: z.object({ total: z.number() }) });
const Second = defineEvent({
  ...base,
  version: 2,
  schema: z.object({ cents: z.int() }),
  upcast: { from: First, with: ({ total }) => ({ cents: total * 100 }) },
});
const options = { tenant: 'acme' };

describe('deliver', () => {
  it('takes the input of the contract, or of the version that it is published as', () => {
    void deliver(({ data }) => data.cents, Second, { cents: 1 }, options);
    void deliver(({ data }) => data.cents, Second, { total: 1 }, { ...options, as: First });
    void deliverUnchecked(({ data }) => data.cents, Second, 'anything', options);
  });

  it('does not compile with anything else', () => {
    // @ts-expect-error the data of another version
    void deliver(({ data }) => data.cents, Second, { total: 1 }, options);
    // @ts-expect-error the data of the handler's version, published as another
    void deliver(({ data }) => data.cents, Second, { cents: 1 }, { ...options, as: First });
    // @ts-expect-error no tenant
    void deliver(({ data }) => data.cents, Second, { cents: 1 }, {});
  });
});

describe('fixtures', () => {
  it('are input of their contract, where they are valid', () => {
    expectTypeOf(fixtures(Second).valid[0]!.data).toEqualTypeOf<{ cents: number }>();
    expectTypeOf(fixtures(Second).invalid[0]!.data).toEqualTypeOf<unknown>();
  });
});
