// Publishing for a tenant that is erased, through the public API of a client.
import { describe, expect, it, vi } from 'vitest';
import type { TenantScope } from '../../../src/api/tenant-scope.js';
import { envelopeEncryption, type EnvelopeEncryptionOptions } from '../../../src/encryption/encryption-options.js';
import { KeyServiceFailure, type KeyService } from '../../../src/encryption/key-service.js';
import { localKeyring } from '../../../src/encryption/local-keyring.js';
import type { TenantProfile } from '../../../src/tenant/directory.js';
import { ClientHarness } from '../../support/client-harness.js';
import { ACME, Lettered, Noted, Signed, Whispered } from '../../support/contracts.js';
import { eventRecord } from '../../support/records.js';

vi.mock('../../../src/transport/confluent-transport.js', async () => {
  const { clientTransport } = await import('../../support/client-transport.js');
  return { createConfluentTransport: clientTransport };
});

const SOME_KEK = '0123456789abcdef';

/** Every way to publish, and every protection. */
const WAYS: readonly (readonly [string, (scope: TenantScope) => Promise<unknown>])[] = [
  ['an event without protection', (scope) => scope.publish(Noted, { id: 'n1' })],
  ['a sealed event', (scope) => scope.publish(Whispered, { id: 'n1' })],
  ['an authentic event', (scope) => scope.publish(Signed, { id: 'n1' })],
  ['sealed fields', (scope) => scope.publish(Lettered, { id: 'n1', note: 'x' })],
  ['many events', (scope) => scope.publishMany(Whispered, [{ id: 'n1' }, { id: 'n2' }])],
  ['none of many', (scope) => scope.publishMany(Noted, [])],
  ['a tombstone', (scope) => scope.tombstone(Signed, 'n1')],
];

function shop(
  erasedKeks?: EnvelopeEncryptionOptions['erasedKeks'],
  kms: KeyService = localKeyring({ keys: { acme: Buffer.alloc(32, 1), globex: Buffer.alloc(32, 2) } }),
) {
  const profiles = new Map<string, unknown>([
    ['acme', {}],
    ['globex', {}],
  ]);
  const harness = new ClientHarness({
    tenants: { get: (tenantId) => profiles.get(tenantId) as TenantProfile | undefined },
    encryption: envelopeEncryption({
      kms,
      ...(erasedKeks && { erasedKeks }),
    }),
  });
  return { harness, profiles, acme: harness.client.tenant('acme'), globex: harness.client.tenant('globex') };
}

describe('threat 34: publishing for a tenant that is erased', () => {
  it.each(WAYS)('%s is refused from the moment of the entry on, also with a data key at hand', async (_, publish) => {
    const { harness, profiles, acme, globex } = shop();
    await harness.settle(publish(acme));
    await harness.settle(acme.publish(Whispered, { id: 'n0' }));
    const before = harness.takenKeys.length;
    profiles.set('acme', { erasedKeks: [SOME_KEK] });
    expect(await harness.codeOf(publish(acme))).toBe('TENANT_ERASED');
    expect(harness.takenKeys).toHaveLength(before);
    await harness.settle(publish(globex));
  });

  it.each([
    ['an object', { acme: [SOME_KEK] }],
    ['a function', (tenantId: string) => (tenantId === 'acme' ? [SOME_KEK] : undefined)],
  ])('is refused where the entry is in the option erasedKeks, as %s', async (_, erasedKeks) => {
    const { harness, acme, globex } = shop(erasedKeks);
    for (const [, publish] of WAYS) expect(await harness.codeOf(publish(acme))).toBe('TENANT_ERASED');
    expect(harness.takenKeys).toEqual([]);
    await harness.settle(globex.publish(Whispered, { id: 'n1' }));
  });

  it('is refused with static profiles, without any encryption', async () => {
    const harness = new ClientHarness({ tenants: { acme: { erasedKeks: [SOME_KEK] }, globex: { erasedKeks: [] } } });
    expect(await harness.codeOf(harness.client.tenant('acme').publish(Noted, { id: 'n1' }))).toBe('TENANT_ERASED');
    await harness.settle(harness.client.tenant('globex').publish(Noted, { id: 'n1' }));
    expect(harness.takenKeys).toEqual(['globex:n1']);
  });

  it('is refused for the ambient tenant too, and its code runs on', async () => {
    const { harness, profiles, acme } = shop();
    profiles.set('acme', { erasedKeks: [SOME_KEK] });
    const { client } = harness;
    const ways: (() => Promise<unknown>)[] = [
      () => client.publish(Noted, { id: 'n1' }),
      () => client.publishMany(Noted, [{ id: 'n1' }]),
      () => client.tombstone(Signed, 'n1'),
    ];
    for (const way of ways) expect(await harness.codeOf(acme.run(way))).toBe('TENANT_ERASED');
    expect(harness.takenKeys).toEqual([]);
  });

  it('is refused from a handler of the tenant, by every way', async () => {
    const { harness, profiles } = shop();
    const { client, kafka } = harness;
    await harness.settle(client.admin.createTopics([Noted], { partitions: 1, groups: ['readers'] }));
    profiles.set('acme', { erasedKeks: [SOME_KEK] });
    const ends: unknown[] = [];
    const ended = (publish: Promise<unknown>): Promise<unknown> =>
      publish.then(
        () => ends.push('published'),
        (error: unknown) => ends.push((error as { readonly code?: unknown }).code),
      );
    const worker = client.worker('readers').on(Noted, async (_event, { tenant }) => {
      await ended(tenant.publish(Whispered, { id: 'n1' }));
      await ended(tenant.publishMany(Noted, [{ id: 'n1' }]));
      await ended(tenant.tombstone(Signed, 'n1'));
      await ended(client.publish(Noted, { id: 'n1' }));
    });
    kafka.append(eventRecord({ tenant: 'acme', aggregate: 'n0' }));
    await harness.settle(worker.start());
    await harness.settle(worker.caughtUp());
    expect(ends).toEqual(Array.from({ length: 4 }, () => 'TENANT_ERASED'));
    expect(harness.takenKeys).toEqual([]);
    await harness.settle(worker.stop());
  });

  it.each([
    ['a list in upper case', { erasedKeks: [SOME_KEK.toUpperCase()] }],
    ['no list', { erasedKeks: SOME_KEK }],
    ['a promise', Promise.resolve({})],
  ])('is refused while the directory answers with %s: it does not read as not erased', async (_, profile) => {
    const { harness, profiles, acme } = shop();
    await harness.settle(acme.publish(Whispered, { id: 'n0' }));
    profiles.set('acme', profile);
    for (const [, publish] of WAYS) expect(await harness.codeOf(publish(acme))).toBe('UNKNOWN_TENANT');
    expect(harness.takenKeys).toEqual(['acme:n0']);
  });

  it('is refused while nobody can tell what the option erasedKeks says', async () => {
    let answer = (): readonly string[] | undefined => undefined;
    const { harness, acme } = shop(() => answer());
    await harness.settle(acme.publish(Whispered, { id: 'n0' }));
    answer = () => expect.fail('away');
    for (const [, publish] of WAYS) expect(await harness.codeOf(publish(acme))).toBe('UNKNOWN_TENANT');
    expect(harness.takenKeys).toEqual(['acme:n0']);
  });

  it('does not keep its consumers from ending its backlog, which the directory’s entry makes erased', async () => {
    const inner = localKeyring({ keys: { acme: Buffer.alloc(32, 1), globex: Buffer.alloc(32, 2) } });
    const gone: KeyService = {
      maxBlobBytes: inner.maxBlobBytes,
      kekIds: (tenantId) => inner.kekIds(tenantId),
      generateDataKey: (...call) => inner.generateDataKey(...call),
      unwrapDataKey: () => {
        throw new KeyServiceFailure('key-gone', 'NotFoundException');
      },
    };
    const { harness, profiles, acme } = shop(undefined, gone);
    await harness.settle(harness.client.admin.createTopics([Whispered], { partitions: 1, groups: ['readers'] }));
    await harness.settle(acme.publish(Whispered, { id: 'n1' }));
    profiles.set('acme', { erasedKeks: [inner.kekIds(ACME)[0]?.toString('hex')] });
    const worker = harness.client.worker('readers').on(Whispered, () => undefined);
    await harness.settle(worker.start());
    await harness.settle(worker.caughtUp());
    expect(worker.counts()).toMatchObject({ erased: 1, handled: 0, quarantined: {} });
    await harness.settle(worker.stop());
  });

  it('does not keep its code from running', () => {
    const { profiles, acme } = shop();
    profiles.set('acme', { erasedKeks: [SOME_KEK] });
    expect(() => acme.consumer('readers')).not.toThrow();
    expect(acme.run(() => 'ran')).toBe('ran');
  });
});

describe('threat 34: publishes that wait while a profile comes to have', () => {
  it.each([
    ['an entry', { erasedKeks: [SOME_KEK] }, 'TENANT_ERASED'],
    ['an entry of a wrong form', { erasedKeks: SOME_KEK }, 'UNKNOWN_TENANT'],
  ])('%s are refused', async (_, profile, expected) => {
    const { harness, profiles, acme } = shop();
    profiles.set('acme', { rateLimit: { eventsPerSecond: 1 } });
    await harness.settle(acme.publish(Noted, { id: 'n0' }));
    const waiting = [1, 2, 3].map((index) => harness.codeOf(acme.publish(Whispered, { id: `n${index}` })));
    profiles.set('acme', profile);
    await harness.clock.advance(60_000);
    expect(await Promise.all(waiting)).toEqual([expected, expected, expected]);
    expect(harness.takenKeys).toEqual(['acme:n0']);
  });
});
