import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Transport } from '../../../src/transport/port.js';
import { TenantKafka } from '../../../src/client/tenant-kafka.js';
import type { ClientOptions } from '../../../src/client/client-options.js';
import { quarantineTopic } from '../../../src/routing/naming.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { ACME, Noted, Signed, Whispered } from '../../support/contracts.js';
import { FakeKafka, type FakeTransport } from '../../support/fake-kafka.js';

const seam = vi.hoisted((): { transport: unknown } => ({ transport: undefined }));
vi.mock('../../../src/transport/confluent-transport.js', () => ({
  createConfluentTransport: (): Transport => seam.transport as Transport,
}));

let clock: VirtualClock;
let kafka: FakeKafka;
let transport: FakeTransport;

beforeEach(() => {
  clock = new VirtualClock();
  kafka = new FakeKafka(clock);
  transport = kafka.transport();
  seam.transport = transport;
});

function client(options: Partial<ClientOptions> = {}): TenantKafka {
  return new TenantKafka({ clientId: 'shop', brokers: ['localhost:9092'], clock, ...options });
}

async function withTopics(made: TenantKafka): Promise<TenantKafka> {
  await made.admin.createTopics([Noted, Signed], {
    partitions: 2,
    groups: ['readers'],
    tenantGroups: { acme: ['readers'] },
  });
  return made;
}

describe('a client', () => {
  it('publishes, consumes and stops', async () => {
    const shop = await withTopics(client());
    const seen: string[] = [];
    const worker = shop.worker('readers').on(Noted, ({ tenantId, data }) => void seen.push(`${tenantId} ${data.id}`));
    const own = shop
      .tenant('acme')
      .consumer('readers')
      .on(Noted, ({ data }) => void seen.push(`own ${data.id}`));
    expect([worker.groupId, own.groupId, own.tenantId]).toEqual(['_shared.readers', 'acme.readers', ACME]);
    await clock.advanceUntil(Promise.all([worker.start(), own.start()]));
    const published = [
      shop.tenant('acme').publish(Noted, { id: 'n1' }),
      shop.tenant('globex').publish(Noted, { id: 'n2' }),
    ];
    await clock.advanceUntil(Promise.all(published));
    await clock.advanceUntil(Promise.all([worker.caughtUp(), own.caughtUp()]));
    expect(seen.sort()).toEqual(['acme n1', 'globex n2', 'own n1']);
    expect(own.counts()).toMatchObject({ handled: 1, foreign: 1 });
    expect(await clock.advanceUntil(shop.stop())).toEqual({ timedOut: false, unfinished: 0, uncommitted: 0 });
    expect(transport.producers.every(({ disconnected }) => disconnected)).toBe(true);
  });

  it('inside a handler has the tenant ambient, and no other can be published for', async () => {
    const shop = await withTopics(client());
    const codes: unknown[] = [];
    const code = (work: Promise<unknown>): Promise<unknown> =>
      work.then(
        () => 'ok',
        (error: unknown) => (error as { code: unknown }).code,
      );
    const foreign = shop.tenant('globex');
    const worker = shop.worker('readers').on(Noted, async ({ data }, { tenant }) => {
      if (data.note === 'again') return;
      codes.push(shop.currentTenant, tenant.id);
      const again = { id: 'x', note: 'again' };
      codes.push(await code(shop.publish(Noted, again)), await code(tenant.publish(Noted, again)));
      codes.push(await code(foreign.publish(Noted, again)), await code(foreign.publishMany(Noted, [again])));
      codes.push(await code(foreign.tombstone(Signed, 's')));
    });
    await clock.advanceUntil(worker.start());
    await clock.advanceUntil(shop.tenant('acme').publish(Noted, { id: 'n1' }));
    await clock.advance(2_000);
    const violation = 'TENANT_ISOLATION_VIOLATION';
    expect(codes.slice(0, 5)).toEqual([ACME, ACME, 'ok', 'ok', violation]);
    expect(codes.slice(5)).toEqual([expect.stringMatching(/PUBLISH_INCOMPLETE|TENANT_ISOLATION_VIOLATION/), violation]);
    await clock.advanceUntil(shop.stop());
  });

  it('threat 58: a scope kept from one handler does not publish in another’s, nor after its end', async () => {
    const shop = await withTopics(client());
    const kept: { publish: () => Promise<unknown> }[] = [];
    const codes: unknown[] = [];
    const worker = shop.worker('readers', { concurrency: 1 }).on(Noted, async ({ data }, { tenant }) => {
      if (data.note === 'again') return;
      for (const { publish } of kept) {
        await publish().then(
          () => codes.push('ok'),
          (error: unknown) => codes.push((error as { code: unknown }).code),
        );
      }
      kept.push({ publish: () => tenant.publish(Noted, { id: 'x', note: 'again' }) });
    });
    await clock.advanceUntil(worker.start());
    await clock.advanceUntil(shop.tenant('acme').publish(Noted, { id: 'n1' }));
    await clock.advanceUntil(shop.tenant('globex').publish(Noted, { id: 'n1' }));
    await clock.advance(2_000);
    expect(codes).toEqual(['TENANT_ISOLATION_VIOLATION']);
    await clock.advanceUntil(shop.stop());
  });

  it('without an ambient tenant publishes for nobody', async () => {
    const shop = client();
    await expect(shop.publish(Noted, { id: 'n' })).rejects.toMatchObject({ code: 'TENANT_CONTEXT_MISSING' });
    await expect(shop.publishMany(Noted, [])).rejects.toMatchObject({ code: 'TENANT_CONTEXT_MISSING' });
    await expect(shop.tombstone(Signed, 's')).rejects.toMatchObject({ code: 'TENANT_CONTEXT_MISSING' });
    expect(shop.currentTenant).toBeUndefined();
    expect(shop.tenant('acme').run(() => shop.currentTenant)).toBe(ACME);
    expect(shop.tenant('acme').run(() => shop.withoutTenant(() => shop.currentTenant))).toBeUndefined();
  });

  it('threat 22: refuses a tenant id that is none before anything is sent, and one that is not known', () => {
    const shop = client({ tenants: { acme: {} } });
    for (const id of ['a:b', 'a.b', '', '../x', 'a\nb', 'a\0', 'x'.repeat(64), 'ä', '\u200bacme', '\ud800', '＋acme']) {
      expect(() => shop.tenant(id), JSON.stringify(id)).toThrow(expect.objectContaining({ code: 'INVALID_TENANT_ID' }));
    }
    expect(() => shop.tenant('globex')).toThrow(expect.objectContaining({ code: 'UNKNOWN_TENANT' }));
    expect(shop.tenant('acme').id).toBe(ACME);
  });

  it('needs encryption for protected contracts', async () => {
    const shop = await withTopics(client());
    await expect(shop.tenant('acme').publish(Whispered, { id: 'n' })).rejects.toMatchObject({
      code: 'KEY_NOT_CONFIGURED',
    });
    const worker = shop.worker('readers').on(Whispered, () => undefined);
    await expect(clock.advanceUntil(worker.start())).rejects.toMatchObject({ code: 'KEY_NOT_CONFIGURED' });
  });

  it('checks the options and the group of a consumer', () => {
    const shop = client();
    expect(() => shop.worker('A.b')).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS' }));
    const wrong = { concurrency: 0, retry: { attempts: 0, tries: 1 }, startFrom: 'now', more: 1 };
    const caught = (() => {
      try {
        return shop.worker('readers', wrong as never);
      } catch (error) {
        return error as { problems: { path: string }[] };
      }
    })();
    expect('problems' in caught && new Set(caught.problems.map(({ path }) => path))).toEqual(
      new Set(['concurrency', 'retry.attempts', 'retry.tries', 'startFrom', 'more']),
    );
  });
});

describe('stop', () => {
  it('stops consumers first, so that what their handlers publish is still sent', async () => {
    const shop = await withTopics(client());
    const worker = shop.worker('readers').on(Noted, async ({ data }, { tenant }) => {
      if (data.note === 'again') return;
      await new Promise<void>((resolve) => clock.setTimer(1_000, resolve));
      await tenant.publish(Noted, { id: 'x', note: 'again' });
    });
    await clock.advanceUntil(worker.start());
    await clock.advanceUntil(shop.tenant('acme').publish(Noted, { id: 'n1' }));
    await clock.advance(200);
    expect(await clock.advanceUntil(shop.stop())).toEqual({ timedOut: false, unfinished: 0, uncommitted: 0 });
    expect(worker.counts().handled).toBe(1);
    expect(transport.producers[0]?.taken).toHaveLength(2);
  });

  it('is final, gives the same answer again, and never rejects', async () => {
    const shop = await withTopics(client());
    const late = shop.worker('readers').on(Noted, () => undefined);
    const reports = [shop.stop(), shop.stop({ timeoutMs: 1 })];
    expect(await clock.advanceUntil(Promise.all(reports))).toEqual([
      { timedOut: false, unfinished: 0, uncommitted: 0 },
      { timedOut: false, unfinished: 0, uncommitted: 0 },
    ]);
    await shop[Symbol.asyncDispose]();
    const notRunning = expect.objectContaining({ code: 'NOT_RUNNING' }) as Error;
    await expect(shop.start()).rejects.toThrow(notRunning);
    await expect(shop.tenant('acme').publish(Noted, { id: 'n' })).rejects.toThrow(notRunning);
    await expect(shop.admin.createTopics([Noted])).rejects.toThrow(notRunning);
    await expect(late.start()).rejects.toThrow(notRunning);
    expect(() => shop.worker('readers')).toThrow(notRunning);
  });

  it('counts handlers and publishes that had not ended', async () => {
    const shop = await withTopics(client());
    const worker = shop.worker('readers').on(Noted, () => new Promise(() => undefined));
    await clock.advanceUntil(worker.start());
    await clock.advanceUntil(shop.tenant('acme').publish(Noted, { id: 'n1' }));
    await clock.advance(200);
    kafka.faults.produce = () => 'never';
    const unsent = shop
      .tenant('acme')
      .publish(Noted, { id: 'n2' })
      .catch((error: unknown) => error);
    const startMs = clock.monotonicMs();
    const report = await clock.advanceUntil(shop.stop({ timeoutMs: 5_000 }));
    expect(report).toEqual({ timedOut: true, unfinished: 2, uncommitted: 0 });
    expect(clock.monotonicMs() - startMs).toBeLessThanOrEqual(7_000);
    expect(await unsent).toMatchObject({ code: 'DELIVERY_UNKNOWN' });
  });
});

describe('threat 47: a worker whose dead-letter or quarantine topic is missing', () => {
  it('refuses to start', async () => {
    const shop = await withTopics(client());
    kafka.dropTopic(quarantineTopic('notes'));
    const worker = shop.worker('readers').on(Noted, () => undefined);
    await expect(clock.advanceUntil(worker.start())).rejects.toMatchObject({
      code: 'TOPIC_NOT_FOUND',
      topics: ['_quarantine.notes'],
    });
  });
});
