import { deadLetter, defineEvent, isTenantryError, retryAfter, TenantKafka } from 'tenantry';
import { deliver, deliverUnchecked, InMemoryKafka, VirtualClock } from 'tenantry/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const base = { topic: 'orders', protection: 'confidential' } as const;
const OrderPlacedV1 = defineEvent({
  ...base,
  type: 'orders.placed',
  version: 1,
  schema: z.object({ orderId: z.string(), total: z.number().min(0) }),
  aggregateId: ({ orderId }) => orderId,
});
const OrderPlaced = defineEvent({
  ...base,
  type: 'orders.placed',
  version: 2,
  schema: z.object({ orderId: z.string(), total: z.number().min(0), currency: z.string().default('EUR') }),
  aggregateId: ({ orderId }) => orderId,
  upcast: { from: OrderPlacedV1, with: (order) => order },
});
const OrderPaid = defineEvent({
  ...base,
  topic: 'payments',
  protection: { fields: ['/card'] },
  type: 'orders.paid',
  version: 1,
  schema: z.object({ orderId: z.string(), card: z.string(), method: z.enum(['card', 'cash']).default('card') }),
  aggregateId: ({ orderId }) => orderId,
});
const Balance = defineEvent({
  ...base,
  topic: 'balances',
  type: 'balances.set',
  version: 1,
  compacted: true,
  schema: z.object({ account: z.string() }),
  aggregateId: ({ account }) => account,
});
const ORDER = { orderId: '42', total: 9.5 };
const ACME = { tenant: 'acme' };

describe('deliver', () => {
  it('tells that nobody handles the type, and that a newer version is dead-lettered', async () => {
    const order = { ...ORDER, currency: 'EUR' };
    const newer = await deliver(() => undefined, OrderPlacedV1, order, { ...ACME, as: OrderPlaced });
    expect(newer).toMatchObject({ outcome: 'dead-lettered', code: 'UNKNOWN_EVENT_VERSION', tries: [] });
    const Shipped = defineEvent({
      ...base,
      type: 'orders.shipped',
      version: 1,
      schema: z.object({ orderId: z.string() }),
      aggregateId: ({ orderId }) => orderId,
    });
    const result = await deliver(() => undefined, OrderPlaced, { orderId: '42' }, { ...ACME, as: Shipped });
    expect(result).toMatchObject({ outcome: 'skipped', code: undefined, tries: [] });
  });

  it('hands the event to the handler as production does, and tells that it was handled', async () => {
    const seen: unknown[] = [];
    const timestamp = new Date('2026-01-01T00:00:00.123Z');
    const given = { ...ACME, eventId: 'e-1', timestamp, headers: { source: 'test' } };
    const result = await deliver(
      (event, { tenant, attempt, replay, redriven, record }) => {
        seen.push({ event, tenant: tenant.id, attempt, replay, redriven, topic: record.topic });
      },
      OrderPlaced,
      ORDER,
      given,
    );
    expect(seen).toEqual([
      {
        event: {
          id: 'e-1',
          type: 'orders.placed',
          version: 2,
          publishedVersion: 2,
          tenantId: 'acme',
          aggregateId: '42',
          timestamp,
          headers: { source: 'test' },
          data: { ...ORDER, currency: 'EUR' },
        },
        tenant: 'acme',
        attempt: 1,
        replay: false,
        redriven: false,
        topic: 'orders',
      },
    ]);
    expect(result).toEqual({
      outcome: 'handled',
      code: undefined,
      detail: undefined,
      error: undefined,
      published: [],
      tries: [{ error: undefined, settled: true, retryAfterMs: undefined }],
    });
  });

  it('publishes as an older version, which is upcast', async () => {
    const seen: unknown[] = [];
    await deliver((event) => seen.push([event.publishedVersion, event.data]), OrderPlaced, ORDER, {
      ...ACME,
      as: OrderPlacedV1,
    });
    expect(seen).toEqual([[1, { ...ORDER, currency: 'EUR' }]]);
  });

  it('tells what the handler published, in order, as it was written and as a consumer gets it', async () => {
    const { published } = await deliver(
      async ({ data }, { tenant }) => {
        await tenant.publish(OrderPaid, { orderId: data.orderId, card: '4242' }, { headers: { step: '1' } });
        // Not awaited, and in another topic.
        void tenant.publish(OrderPlaced, { orderId: 'next', total: 1 });
      },
      OrderPlaced,
      ORDER,
      ACME,
    );
    expect(published).toMatchObject([
      {
        contract: OrderPaid,
        eventType: 'orders.paid.v1',
        tenantId: 'acme',
        aggregateId: '42',
        key: 'acme:42',
        topic: 'payments',
        data: { orderId: '42', card: '4242', method: 'card' },
        headers: { step: '1' },
      },
      { contract: OrderPlaced, aggregateId: 'next', topic: 'orders', data: { orderId: 'next', currency: 'EUR' } },
    ]);
    // What is on the wire is sealed: the card of one, all of the other.
    const [paid, placed] = published.map(({ wireValue }) => String(wireValue));
    expect(paid).toContain('"orderId":"42"');
    expect(paid).not.toContain('4242');
    expect(placed).not.toContain('next');
    expect(published[0]?.wireHeaders.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['tenant-id', 'event-type', 'event-id', 'tenantry-seal', 'step']),
    );
  });

  it('waits for what the handler has published and not awaited', async () => {
    await using memory = new InMemoryKafka();
    const kafka = memory.client({ rateLimit: { default: { eventsPerSecond: 20 }, burstMs: 50 } });
    const ids = ['1', '2', '3', '4', '5'];
    const { published } = await deliver(
      (_, { tenant }) => {
        for (const orderId of ids) void tenant.publish(OrderPaid, { orderId, card: '1' });
      },
      OrderPlaced,
      ORDER,
      { ...ACME, kafka },
    );
    expect(published.map(({ aggregateId }) => aggregateId)).toEqual(ids);
  });

  it('tries again without waiting, and dead-letters after the last try', async () => {
    const failure = new RangeError('no');
    const attempts: number[] = [];
    const failing = await deliver(
      (_, { attempt }) => {
        attempts.push(attempt);
        if (attempt === 1) throw retryAfter(3_600_000);
        throw failure;
      },
      OrderPlaced,
      ORDER,
      { ...ACME, retry: { attempts: 3 } },
    );
    expect(attempts).toEqual([1, 2, 3]);
    expect(failing).toMatchObject({ outcome: 'dead-lettered', code: 'HANDLER_FAILED', detail: 'RangeError' });
    expect(failing.error).toBe(failure);
    expect(failing.tries.map(({ retryAfterMs }) => retryAfterMs)).toEqual([3_600_000, undefined, undefined]);
  });

  it('tells what tries published that failed afterwards', async () => {
    const { outcome, published, tries } = await deliver(
      async (_, { tenant, attempt }) => {
        await tenant.publish(OrderPaid, { orderId: `${attempt}`, card: '1' });
        if (attempt === 1) throw new Error('after publishing');
      },
      OrderPlaced,
      ORDER,
      ACME,
    );
    expect([outcome, tries.length]).toEqual(['handled', 2]);
    expect(published.map(({ aggregateId }) => aggregateId)).toEqual(['1', '2']);
  });

  it('tells of dead letters that the handler asked for, also by returning it', async () => {
    const asked = { outcome: 'dead-lettered', code: 'DEAD_LETTERED', detail: 'größer', tries: [{ settled: true }] };
    expect(
      await deliver(
        () => {
          throw deadLetter('größer');
        },
        OrderPlaced,
        ORDER,
        ACME,
      ),
    ).toMatchObject(asked);
    expect(await deliver(() => deadLetter('größer'), OrderPlaced, ORDER, ACME)).toMatchObject(asked);
  });

  it('gives up on a handler that does not settle', async () => {
    const result = await deliver(() => new Promise(() => undefined), OrderPlaced, ORDER, {
      ...ACME,
      giveUpAfterMs: 60,
    });
    expect(result).toMatchObject({ outcome: 'unfinished', tries: [{ settled: false }] });
  });

  it('has the time of a try be over, as production does', async () => {
    const result = await deliver(
      (_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', reject)),
      OrderPlaced,
      ORDER,
      { ...ACME, timeoutMs: 20, retry: { attempts: 1 } },
    );
    expect(result).toMatchObject({ outcome: 'dead-lettered', code: 'HANDLER_TIMEOUT' });
  });

  it('refuses what cannot be published, and passes on what the handler does to the boundary', async () => {
    await expect(deliver(() => undefined, OrderPlaced, { orderId: '1', total: -1 }, ACME)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
    });
    await expect(deliver(() => undefined, OrderPlaced, ORDER, { tenant: 'a:b' })).rejects.toMatchObject({
      code: 'INVALID_TENANT_ID',
    });
    const elsewhere = new TenantKafka({ clientId: 'x', brokers: ['localhost:1'] });
    await expect(deliver(() => undefined, OrderPlaced, ORDER, { ...ACME, kafka: elsewhere })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
  });

  it('works with a client that the handler closes over: ambient, and never for another tenant', async () => {
    await using memory = new InMemoryKafka();
    const kafka = memory.client();
    const options = { ...ACME, kafka };
    const ambient = await deliver(
      ({ data }) => kafka.publish(OrderPaid, { orderId: data.orderId, card: '1' }),
      OrderPlaced,
      ORDER,
      options,
    );
    expect(ambient.published).toMatchObject([{ contract: OrderPaid, tenantId: 'acme' }]);
    const crossing = await deliver(
      () => kafka.tenant('globex').publish(OrderPaid, { orderId: '1', card: '1' }),
      OrderPlaced,
      ORDER,
      { ...options, retry: { isRetryable: () => false } },
    );
    expect(crossing).toMatchObject({ outcome: 'dead-lettered', published: [] });
    expect(isTenantryError(crossing.error, 'TENANT_ISOLATION_VIOLATION')).toBe(true);
  });

  it('keeps deliveries on one Kafka apart, each with its own events only', async () => {
    await using memory = new InMemoryKafka();
    const kafka = memory.client();
    const handled: string[] = [];
    const results = await Promise.all(
      ['acme', 'globex', 'acme'].map((tenant, index) =>
        deliver(
          async (event, context) => {
            handled.push(`${event.tenantId} ${event.aggregateId}`);
            await context.tenant.publish(OrderPlaced, { orderId: `of ${index}`, total: 1 });
          },
          OrderPlaced,
          { orderId: `${index}`, total: 1 },
          { tenant, kafka },
        ),
      ),
    );
    expect(handled).toEqual(['acme 0', 'globex 1', 'acme 2']);
    expect(results.map(({ published }) => published.map(({ key }) => key))).toEqual([
      ['acme:of 0'],
      ['globex:of 1'],
      ['acme:of 2'],
    ]);
  });

  it('is known where another client published it, though not as what', async () => {
    await using memory = new InMemoryKafka();
    const other = memory.client();
    const { published } = await deliver(
      () => other.tenant('acme').publish(OrderPaid, { orderId: '7', card: '1' }),
      OrderPlaced,
      ORDER,
      { ...ACME, kafka: memory.client() },
    );
    expect(published).toMatchObject([
      { contract: undefined, eventType: 'orders.paid.v1', tenantId: 'acme', key: 'acme:7', data: undefined },
    ]);
  });

  it('runs on the virtual clock of its client', async () => {
    await using memory = new InMemoryKafka();
    const clock = new VirtualClock();
    const kafka = memory.client({ clock });
    const result = await deliver(() => undefined, OrderPlaced, ORDER, { ...ACME, kafka });
    expect(result.outcome).toBe('handled');
    await clock.advanceUntil(memory.stop());
  });
});

describe('deliverUnchecked', () => {
  it('writes what no producer of this contract would, and the consumer decides', async () => {
    const tries = await deliverUnchecked(() => undefined, OrderPlaced, { orderId: '1', total: -1 }, ACME);
    expect(tries).toMatchObject({ outcome: 'dead-lettered', code: 'PAYLOAD_INVALID', tries: [] });
    const handled = await deliverUnchecked(() => undefined, OrderPlaced, { ...ORDER, more: 1 }, ACME);
    expect(handled.outcome).toBe('handled');
  });

  it('brings a tombstone to a compacted contract, and to no other', async () => {
    const seen: unknown[] = [];
    const options = { ...ACME, aggregateId: 'a-1' };
    await deliverUnchecked((event) => seen.push([event.aggregateId, event.data]), Balance, null, options);
    expect(seen).toEqual([['a-1', null]]);
    expect(await deliverUnchecked(() => undefined, OrderPlaced, null, options)).toMatchObject({
      outcome: 'dead-lettered',
      code: 'PAYLOAD_INVALID',
    });
  });
});
