// Single confidential fields from publish to handler, and what a plain client sees and can forge.
import { randomBytes } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { defineEvent, envelopeEncryption, localKeyring, TenantKafka } from 'tenantry';
import { EmbeddedKafka } from 'tenantry/testing';
import { expect, it } from 'vitest';
import { z } from 'zod';

const Charged = defineEvent({
  type: 'orders.charged',
  version: 1,
  topic: 'orders',
  schema: z.object({ orderId: z.string(), card: z.object({ brand: z.string(), number: z.string() }) }),
  aggregateId: ({ orderId }) => orderId,
  protection: { fields: ['/card/number'] },
});

it('are sealed on the broker, whole in the handler, and a record that has them in the clear is quarantined', async () => {
  await using broker = await EmbeddedKafka.start();
  await using kafka = new TenantKafka({
    clientId: 'shop',
    brokers: broker.brokers,
    encryption: envelopeEncryption({ kms: localKeyring({ keys: { acme: randomBytes(32) } }) }),
  });
  await kafka.admin.createTopics([Charged], { partitions: 1, replicationFactor: 1, groups: ['charges'] });
  const acme = kafka.tenant('acme');
  const charged = { orderId: '42', card: { brand: 'V', number: '4111' } };
  await acme.publish(Charged, charged);

  const plain = new Kafka({ clientId: 'plain', brokers: [...broker.brokers], logLevel: logLevel.NOTHING });
  const reader = plain.consumer({ groupId: 'plain' });
  const forger = plain.producer();
  await Promise.all([reader.connect(), forger.connect()]);
  await reader.subscribe({ topic: 'orders', fromBeginning: true });
  const seen = await new Promise<{ value: string; headers: object }>((resolve) => {
    void reader.run({
      eachMessage: async ({ message: { value, headers } }) => {
        resolve({ value: value?.toString() ?? '', headers: headers ?? {} });
      },
    });
  });
  await reader.disconnect();
  expect(seen.value).toBe('{"orderId":"42","card":{"brand":"V"}}');
  const forged = { key: 'acme:42', value: JSON.stringify(charged), headers: { ...seen.headers } };
  const bare = { ...forged, headers: { ...forged.headers, 'tenantry-seal': Buffer.alloc(0) } };
  await forger.send({ topic: 'orders', messages: [forged, bare] });
  await forger.disconnect();

  const handled: unknown[] = [];
  const worker = kafka.worker('charges').on(Charged, ({ data }) => void handled.push(data));
  await worker.start();
  await worker.caughtUp();
  expect(handled).toEqual([charged]);
  expect(worker.counts().quarantined).toEqual({ SEAL_INVALID: 1, ENVELOPE_MALFORMED: 1 });
  await worker.stop();
});
