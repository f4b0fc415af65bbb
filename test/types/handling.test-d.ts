// Publishing and handling, as the compiler sees it.
import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { EventConsumer } from '../../src/api/consumer.js';
import type { ConsumedEvent, EventOf } from '../../src/api/consumed-event.js';
import type { HandlerContext } from '../../src/api/handler.js';
import type { TenantScope } from '../../src/api/tenant-scope.js';
import type { AnyEventContract } from '../../src/contract/event-contract.js';
import { defineEvent } from '../../src/contract/define-event.js';

const base = { version: 1, topic: 'orders', protection: 'none' } as const;
const OrderPlaced = defineEvent({
  ...base,
  type: 'orders.placed',
  schema: z.object({ orderId: z.string(), total: z.number().default(0) }),
  aggregateId: ({ orderId }) => orderId,
});
const OrderPaid = defineEvent({
  ...base,
  type: 'orders.paid',
  schema: z.object({ orderId: z.string(), method: z.enum(['card', 'cash']) }),
  aggregateId: ({ orderId }) => orderId,
});
const OrderPaidV2 = defineEvent({
  ...base,
  type: 'orders.paid',
  version: 2,
  schema: z.object({ orderId: z.string(), methods: z.array(z.string()) }),
  aggregateId: ({ orderId }) => orderId,
});
const OrderState = defineEvent({
  ...base,
  topic: 'order-states',
  type: 'orders.state',
  schema: z.object({ orderId: z.string() }),
  aggregateId: ({ orderId }) => orderId,
  compacted: true,
});

declare const acme: TenantScope;
declare const consumer: EventConsumer;

describe('publish', () => {
  it('takes the input of the contract', () => {
    void acme.publish(OrderPlaced, { orderId: '42' });
    void acme.publish(OrderPlaced, { orderId: '42', total: 9.5 }, { eventId: 'x', timestamp: new Date(0) });
    void acme.publishMany(OrderPlaced, [{ orderId: '42' }, { orderId: '43', total: 1 }]);
    void acme.publishMany(OrderPlaced, new Set([{ orderId: '42' }]));
  });

  it('does not compile with anything else', () => {
    // @ts-expect-error a field is missing
    void acme.publish(OrderPlaced, {});
    // @ts-expect-error a field is of the wrong type
    void acme.publish(OrderPlaced, { orderId: '42', total: '9.5' });
    // @ts-expect-error a field is not declared
    void acme.publish(OrderPlaced, { orderId: '42', totl: 9.5 });
    // @ts-expect-error the data of another contract
    void acme.publish(OrderPaid, { orderId: '42', total: 9.5 });
    // @ts-expect-error no such method of payment
    void acme.publish(OrderPaid, { orderId: '42', method: 'cheque' });
    // @ts-expect-error one of many is wrong
    void acme.publishMany(OrderPlaced, [{ orderId: '42' }, { orderId: 43 }]);
    // @ts-expect-error not a contract
    void acme.publish({ type: 'orders.placed' }, { orderId: '42' });
  });
});

describe('tombstone', () => {
  it('compiles for compacted contracts only', () => {
    void acme.tombstone(OrderState, '42');
    // @ts-expect-error orders is not a compacted topic
    void acme.tombstone(OrderPlaced, '42');
  });
});

describe('on', () => {
  it('types the event of one contract', () => {
    consumer.on(OrderPlaced, (event, context) => {
      expectTypeOf(event).toEqualTypeOf<ConsumedEvent<'orders.placed', 1, { orderId: string; total: number }>>();
      expectTypeOf(context).toEqualTypeOf<HandlerContext>();
      // @ts-expect-error there is no such field
      String(event.data.method);
      // @ts-expect-error an event cannot be changed
      event.version = 1;
    });
  });

  it('narrows the union of several contracts by event.type', () => {
    consumer.on([OrderPlaced, OrderPaid], (event) => {
      expectTypeOf(event.type).toEqualTypeOf<'orders.placed' | 'orders.paid'>();
      if (event.type === 'orders.placed') {
        expectTypeOf(event.data).toEqualTypeOf<{ orderId: string; total: number }>();
      } else {
        expectTypeOf(event.data.method).toEqualTypeOf<'card' | 'cash'>();
      }
      // @ts-expect-error a type that is not among them
      if (event.type === 'orders.shipped') return;
      // @ts-expect-error a field of one of them only
      String(event.data.total);
    });
  });

  it('narrows versions of one type by event.version', () => {
    consumer.on([OrderPaid, OrderPaidV2], (event) => {
      if (event.version === 1) expectTypeOf(event.data.method).toEqualTypeOf<'card' | 'cash'>();
      else expectTypeOf(event.data.methods).toEqualTypeOf<string[]>();
    });
  });

  it('takes arrays of contracts that were made before', () => {
    const mutable = [OrderPlaced, OrderPaid];
    const frozen = [OrderPlaced, OrderPaid, OrderState] as const;
    consumer.on(mutable, (event) => {
      expectTypeOf(event).toEqualTypeOf<EventOf<typeof OrderPlaced> | EventOf<typeof OrderPaid>>();
    });
    consumer.on(frozen, (event) => {
      expectTypeOf(event.type).toEqualTypeOf<'orders.placed' | 'orders.paid' | 'orders.state'>();
    });
    const any: readonly AnyEventContract[] = [OrderPlaced, OrderPaid, OrderState];
    consumer.on(any, (event) => {
      expectTypeOf(event.type).toEqualTypeOf<string>();
      expectTypeOf(event.data).toEqualTypeOf<unknown>();
    });
  });

  it('has data that may be null for compacted contracts only', () => {
    expectTypeOf<EventOf<typeof OrderState>['data']>().toEqualTypeOf<{ orderId: string } | null>();
    expectTypeOf<EventOf<typeof OrderPlaced>['data']>().toEqualTypeOf<{ orderId: string; total: number }>();
    consumer.on([OrderState, OrderPlaced], (event) => {
      // @ts-expect-error it may be a tombstone
      expectTypeOf(event.data.orderId);
      if (event.type === 'orders.placed') expectTypeOf(event.data.total).toEqualTypeOf<number>();
      else expectTypeOf(event.data).toEqualTypeOf<{ orderId: string } | null>();
    });
  });

  it('chains, and takes synchronous and asynchronous handlers', () => {
    consumer
      .on(OrderPlaced, () => undefined)
      .on(OrderPaid, async (event, { tenant }) => {
        await tenant.publish(OrderPlaced, { orderId: event.data.orderId });
        expectTypeOf(tenant).not.toHaveProperty('consumer');
      });
  });

  it('takes options of its own, and nothing else', () => {
    consumer.on(OrderPlaced, () => undefined, {
      retry: { attempts: 3, isRetryable: (error) => !(error instanceof TypeError) },
      timeoutMs: 5_000,
    });
    // @ts-expect-error that is the name of the consumer's option
    consumer.on(OrderPlaced, () => undefined, { handlerTimeoutMs: 5_000 });
    // @ts-expect-error it answers at once
    consumer.on(OrderPlaced, () => undefined, { retry: { isRetryable: () => Promise.resolve(true) } });
  });
});
