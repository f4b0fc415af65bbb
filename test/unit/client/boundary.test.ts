// What may be done through which handle, in whose context. Each case goes through the public API of a client.
import { describe, expect, it, vi } from 'vitest';
import type { TenantScope } from '../../../src/api/tenant-scope.js';
import type { TenantDirectory, TenantProfile } from '../../../src/tenant/directory.js';
import { ClientHarness } from '../../support/client-harness.js';
import { Noted, Signed } from '../../support/contracts.js';
import { eventRecord } from '../../support/records.js';

vi.mock('../../../src/transport/confluent-transport.js', async () => {
  const { clientTransport } = await import('../../support/client-transport.js');
  return { createConfluentTransport: clientTransport };
});

const code = (expected: string): Error => expect.objectContaining({ code: expected }) as Error;

/** Every way to publish through a scope. */
const WAYS: readonly (readonly [string, (scope: TenantScope) => Promise<unknown>])[] = [
  ['publish', (scope) => scope.publish(Noted, { id: 'n1' })],
  ['publishMany', (scope) => scope.publishMany(Noted, [{ id: 'n1' }])],
  ['publishMany of nothing', (scope) => scope.publishMany(Noted, [])],
  ['tombstone', (scope) => scope.tombstone(Signed, 'n1')],
];

/** Runs `work` in the handler of an event of acme, once. */
async function inHandler<T>(harness: ClientHarness, work: () => T | PromiseLike<T>): Promise<T> {
  const { client, kafka } = harness;
  await harness.settle(client.admin.createTopics([Noted], { partitions: 1, groups: ['readers'] }));
  let result: { readonly value: T } | undefined;
  let begun = false;
  const worker = client.worker('readers').on(Noted, async () => {
    // What the work publishes arrives here as well.
    if (begun) return;
    begun = true;
    result = { value: await work() };
  });
  kafka.append(eventRecord({ tenant: 'acme', aggregate: 'n0' }));
  await harness.settle(worker.start());
  await harness.settle(worker.caughtUp());
  if (result === undefined) throw new Error('the handler did not run');
  return result.value;
}

/** What a promise ends with, as a value. */
const ending = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'published',
    (error: unknown) => (error as { readonly code?: unknown }).code ?? error,
  );

describe("inside another tenant's handler", () => {
  it.each(WAYS)('threat 58: %s through a captured scope is refused', async (_, publish) => {
    const harness = new ClientHarness();
    const globex = harness.client.tenant('globex');
    expect(await inHandler(harness, () => ending(publish(globex)))).toBe('TENANT_ISOLATION_VIOLATION');
    expect(harness.takenKeys).toEqual([]);
  });

  it.each(WAYS)('threat 58: %s through a scope that is made there is refused', async (_, publish) => {
    const harness = new ClientHarness();
    const { client } = harness;
    expect(await inHandler(harness, () => ending(publish(client.tenant('globex'))))).toBe('TENANT_ISOLATION_VIOLATION');
  });

  it("its own tenant's scope, the ambient tenant and the context publish", async () => {
    const harness = new ClientHarness();
    const { client } = harness;
    const acme = client.tenant('acme');
    await inHandler(harness, async () => {
      expect(client.currentTenant).toBe('acme');
      await acme.publish(Noted, { id: 'n1' });
      await client.publish(Noted, { id: 'n2' });
      await client.publishMany(Noted, [{ id: 'n3' }]);
    });
    expect(harness.takenKeys).toEqual(['acme:n1', 'acme:n2', 'acme:n3']);
  });

  it('what the context gives a handler publishes for its tenant, and for nobody in another handler', async () => {
    const harness = new ClientHarness();
    const { client, kafka } = harness;
    await harness.settle(client.admin.createTopics([Noted], { groups: ['readers'] }));
    const seen: TenantScope[] = [];
    const endings: unknown[] = [];
    const worker = client.worker('readers', { concurrency: 1 }).on(Noted, async (event, { tenant }) => {
      if (event.data.note !== undefined) return;
      seen.push(tenant as TenantScope);
      for (const scope of seen) endings.push(await ending(scope.publish(Noted, { id: 'out', note: 'x' })));
    });
    kafka.append(eventRecord({ tenant: 'acme' }));
    kafka.append(eventRecord({ tenant: 'globex', eventId: 'id-2' }));
    await harness.settle(worker.start());
    await harness.settle(worker.caughtUp());
    expect(seen.map(({ id }) => id)).toEqual(['acme', 'globex']);
    expect(endings).toEqual(['published', 'TENANT_ISOLATION_VIOLATION', 'published']);
    expect(harness.takenKeys).toEqual(['acme:out', 'globex:out']);
  });

  it('no consumer of another tenant is made or started, nor anything run for it', async () => {
    const harness = new ClientHarness();
    const { client } = harness;
    const globex = client.tenant('globex');
    const consumer = globex.consumer('mailer').on(Noted, () => undefined);
    const endings = await inHandler(harness, async () => {
      expect(() => globex.consumer('mailer')).toThrow(code('TENANT_ISOLATION_VIOLATION'));
      expect(() => globex.run(() => 'ran')).toThrow(code('TENANT_ISOLATION_VIOLATION'));
      return ending(consumer.start());
    });
    expect(endings).toBe('TENANT_ISOLATION_VIOLATION');
    expect(harness.transport.consumers).toHaveLength(1);
  });

  it('withoutTenant lets the platform act, and ends with its work', async () => {
    const harness = new ClientHarness();
    const { client } = harness;
    const globex = client.tenant('globex');
    await inHandler(harness, async () => {
      await client.withoutTenant(async () => {
        expect(client.currentTenant).toBeUndefined();
        await globex.publish(Noted, { id: 'n1' });
        expect(await ending(client.publish(Noted, { id: 'n2' }))).toBe('TENANT_CONTEXT_MISSING');
      });
      expect(client.currentTenant).toBe('acme');
      expect(await ending(globex.publish(Noted, { id: 'n3' }))).toBe('TENANT_ISOLATION_VIOLATION');
    });
    expect(harness.takenKeys).toEqual(['globex:n1']);
  });
});

describe('after its handler has settled', () => {
  it.each(WAYS)('threat 58: %s is refused, also for its own tenant', async (_, publish) => {
    const harness = new ClientHarness();
    const { client } = harness;
    const acme = client.tenant('acme');
    const late: { result?: Promise<unknown> } = {};
    await inHandler(harness, () => {
      late.result = new Promise((resolve) => {
        harness.clock.setTimer(60_000, () => {
          resolve(ending(publish(acme)));
        });
      });
    });
    const { result } = late;
    expect(await harness.settle(result ?? Promise.reject(new Error('nothing was begun')))).toBe(
      'TENANT_CONTEXT_EXPIRED',
    );
    expect(harness.takenKeys).toEqual([]);
  });

  it.each<[string, (client: ClientHarness['client']) => Promise<unknown>]>([
    ['publish', (client) => client.publish(Noted, { id: 'n1' })],
    ['publishMany', (client) => client.publishMany(Noted, [{ id: 'n1' }])],
    ['tombstone', (client) => client.tombstone(Signed, 'n1')],
    ['a consumer', async (client) => client.tenant('acme').consumer('mailer')],
    ['run', async (client) => client.tenant('acme').run(() => 'ran')],
  ])('threat 58: %s of the client is refused', async (_, act) => {
    const harness = new ClientHarness();
    const late: { result?: Promise<unknown> } = {};
    await inHandler(harness, () => {
      late.result = new Promise((resolve) => {
        harness.clock.setTimer(60_000, () => {
          resolve(ending(act(harness.client)));
        });
      });
    });
    expect(await harness.settle(late.result ?? Promise.resolve())).toBe('TENANT_CONTEXT_EXPIRED');
    expect(harness.client.currentTenant).toBeUndefined();
  });
});

describe('the ambient tenant', () => {
  it('is needed by publish, publishMany and tombstone of the client', async () => {
    const { client } = new ClientHarness();
    expect(client.currentTenant).toBeUndefined();
    await expect(client.publish(Noted, { id: 'n1' })).rejects.toThrow(code('TENANT_CONTEXT_MISSING'));
    await expect(client.publishMany(Noted, [])).rejects.toThrow(code('TENANT_CONTEXT_MISSING'));
    await expect(client.tombstone(Signed, 'n1')).rejects.toThrow(code('TENANT_CONTEXT_MISSING'));
  });

  it('is what run makes it, across awaits, and gone afterwards', async () => {
    const harness = new ClientHarness();
    const { client } = harness;
    const done = client.tenant('acme').run(async () => {
      await client.publish(Noted, { id: 'n1' });
      return client.currentTenant;
    });
    expect(client.currentTenant).toBeUndefined();
    expect(await harness.settle(done)).toBe('acme');
    expect(harness.takenKeys).toEqual(['acme:n1']);
  });

  it('may be run in itself, and no other in it', () => {
    const { client } = new ClientHarness();
    const acme = client.tenant('acme');
    const globex = client.tenant('globex');
    acme.run(() => {
      expect(client.tenant('acme').run(() => client.currentTenant)).toBe('acme');
      expect(() => globex.run(() => 'ran')).toThrow(code('TENANT_ISOLATION_VIOLATION'));
      expect(client.withoutTenant(() => globex.run(() => client.currentTenant))).toBe('globex');
      expect(client.currentTenant).toBe('acme');
    });
  });

  it('holds for every client of the process: what runs for a tenant acts for no other, through none of them', async () => {
    const { client } = new ClientHarness();
    const other = new ClientHarness().client;
    await client.tenant('acme').run(async () => {
      expect(other.currentTenant).toBe('acme');
      await expect(other.tenant('globex').publish(Noted, { id: 'n' })).rejects.toThrow(
        code('TENANT_ISOLATION_VIOLATION'),
      );
    });
  });
});

describe('a tenant that the directory does not know', () => {
  const harnessWith = (
    profiles: Map<string, unknown>,
  ): { readonly harness: ClientHarness; readonly profiles: Map<string, unknown> } => {
    const tenants: TenantDirectory = { get: (id) => profiles.get(id) as TenantProfile | undefined };
    return { harness: new ClientHarness({ tenants }), profiles };
  };

  it.each([undefined, null, Promise.resolve({}), { rateLimit: { eventsPerSecond: -1 } }])(
    'has no scope: %j',
    (answer) => {
      const { harness } = harnessWith(new Map([['acme', answer]]));
      expect(() => harness.client.tenant('acme')).toThrow(code('UNKNOWN_TENANT'));
    },
  );

  it.each(WAYS)('cannot %s through a scope that was made before it was removed', async (_, publish) => {
    const { harness, profiles } = harnessWith(new Map([['acme', {}]]));
    const acme = harness.client.tenant('acme');
    profiles.delete('acme');
    expect(await harness.codeOf(publish(acme))).toBe('UNKNOWN_TENANT');
    expect(harness.takenKeys).toEqual([]);
  });

  it('cannot publish where it is ambient, be run, or have a consumer', async () => {
    const { harness, profiles } = harnessWith(new Map([['acme', {}]]));
    const { client } = harness;
    const acme = client.tenant('acme');
    const ambient = acme.run(async () => {
      profiles.delete('acme');
      expect(await ending(client.publish(Noted, { id: 'n1' }))).toBe('UNKNOWN_TENANT');
      expect(await ending(client.publishMany(Noted, [{ id: 'n1' }]))).toBe('UNKNOWN_TENANT');
      expect(await ending(client.tombstone(Signed, 'n1'))).toBe('UNKNOWN_TENANT');
    });
    await harness.settle(ambient);
    expect(() => acme.run(() => 'ran')).toThrow(code('UNKNOWN_TENANT'));
    expect(() => acme.consumer('mailer')).toThrow(code('UNKNOWN_TENANT'));
  });

  it('is told apart item by item where it is removed during publishMany', async () => {
    const { harness, profiles } = harnessWith(new Map([['acme', {}]]));
    function* items(): Generator<{ id: string }> {
      yield { id: 'n1' };
      profiles.delete('acme');
      yield { id: 'n2' };
    }
    const work = harness.client.tenant('acme').publishMany(Noted, items());
    await expect(harness.settle(work)).rejects.toMatchObject({
      code: 'PUBLISH_INCOMPLETE',
      outcomes: [{ published: true }, { published: false, error: { code: 'UNKNOWN_TENANT' } }],
    });
  });

  it('has what waits for its rate sent slowly, not all at once without a limit', async () => {
    const { harness, profiles } = harnessWith(new Map([['acme', { rateLimit: { eventsPerSecond: 2 } }]]));
    const acme = harness.client.tenant('acme');
    const work = acme.publishMany(
      Noted,
      Array.from({ length: 20 }, (_, index) => ({ id: `n${index}` })),
    );
    await harness.clock.advance(100);
    const before = harness.takenKeys.length;
    profiles.set('acme', null);
    await harness.clock.advance(3_000);
    expect(harness.takenKeys.length).toBeGreaterThan(before);
    expect(harness.takenKeys.length).toBeLessThanOrEqual(before + 5);
    await harness.settle(work);
  });
});
