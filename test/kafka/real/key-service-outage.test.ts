// A key service that is away for one tenant, against a real Kafka.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, it } from 'vitest';
import { envelopeEncryption, KeyServiceFailure, localKeyring, type KeyService } from 'tenantry';
import { countedContract, testClient, testKeys } from '../fixtures/sequence.js';

it.each(['down', 'hangs'] as const)(
  'threats 29, 31: a key service that is away (%s) holds its tenant and nobody else, and the tenant goes on by itself',
  async (how) => {
    const brokers = inject('kafkaBrokers');
    const topic = `outage-${randomUUID()}`;
    const Counted = countedContract(topic);
    const keyring = localKeyring({ keys: testKeys() });
    let isAway = true;
    const kms: KeyService = {
      maxBlobBytes: keyring.maxBlobBytes,
      kekIds: (tenantId) => keyring.kekIds(tenantId),
      generateDataKey: (tenantId, kekId, signal) => keyring.generateDataKey(tenantId, kekId, signal),
      unwrapDataKey: async (tenantId, kekId, blob, signal) => {
        if (!isAway || tenantId !== 'acme') return keyring.unwrapDataKey(tenantId, kekId, blob, signal);
        if (how === 'hangs') return new Promise(() => undefined);
        throw new KeyServiceFailure('away', 'ECONNREFUSED');
      },
    };
    await using producer = testClient(brokers);
    await producer.admin.createTopics([Counted], { groups: ['outage'], partitions: 1, replicationFactor: 1 });
    await using consumer = testClient(brokers, { encryption: envelopeEncryption({ kms }) });
    const handled: Record<string, string[]> = { acme: [], globex: [] };
    const worker = consumer.worker('outage');
    worker.on(Counted, ({ tenantId, data }) => {
      handled[tenantId]?.push(`${data.aggregate} ${data.sequence}`);
    });
    await worker.start();
    const events = Array.from({ length: 300 }, (_, index) => ({ aggregate: `a${index % 7}`, sequence: index }));
    for (let part = 0; part < events.length; part += 100) {
      for (const tenant of ['acme', 'globex'])
        await producer.tenant(tenant).publishMany(Counted, events.slice(part, part + 100));
      await sleep(500);
    }
    const all = events.map(({ aggregate, sequence }) => `${aggregate} ${sequence}`);
    while ((handled['globex']?.length ?? 0) < 300) await sleep(50);
    while (!worker.health().reasons.join().includes('KEY_SERVICE_AWAY')) await sleep(50);
    expect(handled['acme']).toEqual([]);
    expect(worker.lag()[0]).toMatchObject({ tenantId: 'acme' });

    isAway = false;
    await worker.caughtUp();
    expect([...(handled['acme'] ?? [])].sort()).toEqual([...all].sort());
    for (const tenant of ['acme', 'globex']) {
      for (const aggregate of new Set(events.map((event) => event.aggregate))) {
        const own = (list: readonly string[]): string[] => list.filter((entry) => entry.startsWith(`${aggregate} `));
        expect(own(handled[tenant] ?? [])).toEqual(own(all));
      }
    }
    expect(worker.counts()).toMatchObject({ handled: 600, deadLettered: 0, failedAttempts: 0 });
    expect(worker.health().reasons.join()).not.toContain('KEY_');
  },
  120_000,
);
