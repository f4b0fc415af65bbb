// What the official SDK reads of our events, and what we read of its own.
import { randomBytes } from 'node:crypto';
import { CloudEvent, Kafka as Binding, type KafkaMessage } from 'cloudevents';
import { Kafka, logLevel, type EachMessagePayload } from 'kafkajs';
import { defineEvent, envelopeEncryption, localKeyring, TenantKafka } from 'tenantry';
import { EmbeddedKafka } from 'tenantry/testing';
import { expect, it } from 'vitest';
import { z } from 'zod';

const schema = z.object({ orderId: z.string(), card: z.string() });
const aggregateId = ({ orderId }: z.output<typeof schema>): string => orderId;
const base = { version: 1, topic: 'orders', schema, aggregateId } as const;
const Placed = defineEvent({ ...base, type: 'orders.placed', protection: 'none' });
const Signed = defineEvent({ ...base, type: 'orders.signed', protection: 'authentic' });
const Charged = defineEvent({ ...base, type: 'orders.charged', protection: { fields: ['/card'] } });
const Sealed = defineEvent({ ...base, type: 'orders.sealed', protection: 'confidential' });

const order = { orderId: '42', card: '4111' };
const timestamp = new Date('2026-01-31T10:00:00.123Z');

/** A message of kafkajs as the SDK takes it: its headers are texts. */
function asMessage({ message }: EachMessagePayload): KafkaMessage {
  const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]);
  return {
    key: message.key?.toString() ?? '',
    value: message.value,
    headers: Object.fromEntries(headers) as Record<string, string>,
  } as unknown as KafkaMessage;
}

it('speaks CloudEvents in binary mode', { timeout: 60_000 }, async () => {
  await using broker = await EmbeddedKafka.start();
  await using kafka = new TenantKafka({
    clientId: 'shop',
    brokers: broker.brokers,
    encryption: envelopeEncryption({ kms: localKeyring({ keys: { acme: randomBytes(32) } }) }),
    cloudEvents: { source: '/shop/orders' },
  });
  await kafka.admin.createTopics([Placed], { partitions: 1, replicationFactor: 1, groups: ['readers'] });
  const acme = kafka.tenant('acme');
  for (const [contract, eventId] of [
    [Placed, 'id-1'],
    [Signed, 'id-2'],
    [Charged, 'id-3'],
    [Sealed, 'id-4'],
  ] as const) {
    await acme.publish(contract, order, { eventId, timestamp, headers: { shelf: 'a' } });
  }

  const plain = new Kafka({ clientId: 'plain', brokers: [...broker.brokers], logLevel: logLevel.NOTHING });
  const reader = plain.consumer({ groupId: 'plain' });
  const writer = plain.producer();
  await Promise.all([reader.connect(), writer.connect()]);
  await reader.subscribe({ topic: 'orders', fromBeginning: true });
  const messages: KafkaMessage[] = [];
  await new Promise<void>((resolve) => {
    void reader.run({
      eachMessage: async (payload) => {
        messages.push(asMessage(payload));
        if (messages.length === 4) resolve();
      },
    });
  });
  await reader.disconnect();

  const read = messages.map((message) => Binding.toEvent(message) as CloudEvent<unknown>);
  expect(read.every((event) => event.validate())).toBe(true);
  const common = { specversion: '1.0', source: '/shop/orders', time: timestamp.toISOString(), partitionkey: 'acme:42' };
  const json = { ...common, datacontenttype: 'application/json' };
  const sealed = { ...common, datacontenttype: 'application/vnd.tenantry.sealed' };
  expect(read.map((event) => JSON.parse(event.toString()) as unknown)).toEqual([
    { ...json, id: 'id-1', type: 'orders.placed.v1', data: order },
    { ...json, id: 'id-2', type: 'orders.signed.v1', data: order },
    { ...json, id: 'id-3', type: 'orders.charged.v1', data: { orderId: '42' } },
    { ...sealed, id: 'id-4', type: 'orders.sealed.v1', data_base64: expect.stringMatching(/^51QBAQ/) as string },
  ]);

  // An event of the SDK's, which also says whose it is; what it says as a CloudEvent is another thing.
  const data = { ...order, orderId: '43' };
  const datacontenttype = 'application/json';
  const own = Binding.binary(
    new CloudEvent({ id: 'other-id', type: 'other.type', source: '/elsewhere', datacontenttype, data }),
  );
  // The SDK leaves headers undefined, which kafkajs does not take.
  const attributes = Object.entries(own.headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const headers = { ...Object.fromEntries(attributes), 'event-id': 'id-5', 'event-type': 'orders.placed.v1' };
  const value = JSON.stringify(own.value);
  await writer.send({
    topic: 'orders',
    messages: [
      { key: 'acme:43', value, headers: { ...headers, 'tenant-id': 'acme' } },
      // Without a tenant it is nobody's.
      { key: 'acme:43', value, headers },
    ],
  });
  await writer.disconnect();

  const handled: [id: string, data: unknown, headers: unknown][] = [];
  const worker = kafka
    .worker('readers')
    .on([Placed, Signed, Charged, Sealed], (event) => void handled.push([event.id, event.data, event.headers]));
  await worker.start();
  await worker.caughtUp();
  // Events of two aggregates come in any order.
  handled.sort(([one], [other]) => one.localeCompare(other));
  expect(handled).toEqual([
    ...['id-1', 'id-2', 'id-3', 'id-4'].map((id) => [id, order, { shelf: 'a' }]),
    ['id-5', data, {}],
  ]);
  expect(worker.counts().quarantined).toEqual({ RECORD_HEADER_INVALID: 1 });
});
