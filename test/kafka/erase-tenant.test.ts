// A tenant is erased on a broker: what it had published opens nowhere any more, and nobody else notices.
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent, envelopeEncryption, TenantKafka, verifyErasureCertificate, type TenantProfile } from 'tenantry';
import { EmbeddedKafka } from 'tenantry/testing';
import { parseTenantId } from '../../src/core/tenant-id.js';
import { DestroyingKeyService } from '../support/destroying-key-service.js';

let broker: EmbeddedKafka;

beforeAll(async () => {
  broker = await EmbeddedKafka.start();
});

afterAll(async () => {
  await broker.stop();
});

const Signed = defineEvent({
  type: 'contracts.signed',
  version: 1,
  topic: 'contracts',
  schema: z.object({ id: z.string(), secret: z.string() }),
  aggregateId: ({ id }) => id,
  protection: 'confidential',
});

it('threat 34: nothing of an erased tenant is handled again, its neighbour goes on, and the certificate bounds it', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const kms = new DestroyingKeyService({ acme: Buffer.alloc(32, 1), globex: Buffer.alloc(32, 2) });
  const profiles = new Map<string, TenantProfile>([
    ['acme', {}],
    ['globex', {}],
  ]);
  const clientOf = (clientId: string): TenantKafka =>
    new TenantKafka({
      clientId,
      brokers: broker.brokers,
      encryption: envelopeEncryption({ kms }),
      tenants: { get: (tenantId) => profiles.get(tenantId) },
    });

  await using kafka = clientOf('platform');
  await kafka.admin.createTopics([Signed], { replicationFactor: 1, groups: ['archive'] });
  for (const tenantId of ['acme', 'globex', 'acme']) {
    await kafka.tenant(tenantId).publish(Signed, { id: '1', secret: tenantId });
  }
  const entry = kms.kekIds(parseTenantId('acme')).map((id) => id.toString('hex'));
  profiles.set('acme', { erasedKeks: entry });
  const result = await kafka.admin.eraseTenant('acme', {
    contracts: [Signed],
    groups: ['archive', 'never-made'],
    requestedBy: 'a test',
    signingKey: privateKey,
  });
  if (result.state === 'incomplete') throw new Error('incomplete');
  const statement = verifyErasureCertificate(JSON.stringify(result.certificate), { publicKey });
  expect(statement.state).toBe('destroyed');
  expect(
    statement.topics.map(({ topic, endOffsets }) => [topic, endOffsets.reduce((sum, end) => sum + end, 0)]),
  ).toEqual([
    ['contracts', 3],
    ['_quarantine.contracts', 0],
    ['_shared.archive.contracts.dlq', 0],
  ]);
  expect(statement.topicsNotFound).toEqual(['_shared.never-made.contracts.dlq']);

  // Another process, with nothing in its caches.
  const handled: string[] = [];
  let done = (): void => undefined;
  const last = new Promise<void>((resolve) => (done = resolve));
  await using consumer = clientOf('consumer');
  const worker = consumer.worker('archive').on(Signed, ({ tenantId, data }) => {
    handled.push(`${tenantId} ${data.secret}`);
    if (data.secret === 'last') done();
  });
  await worker.start();
  await kafka.tenant('globex').publish(Signed, { id: '1', secret: 'last' });
  await last;
  // Its records may be in another partition.
  await worker.caughtUp();
  expect(handled).toEqual(['globex globex', 'globex last']);
  const { deadLettered, quarantined, erased } = worker.counts();
  expect([deadLettered, quarantined, erased]).toEqual([0, {}, 2]);
});
