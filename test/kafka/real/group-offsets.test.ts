import { randomUUID } from 'node:crypto';
import { expect, inject, it } from 'vitest';
import { describeGroupOffsetsContract } from '../transport/group-offsets-contract.js';
import { makeTransport, Member, newTopic, produce, record, until } from '../transport/harness.js';

const TIMEOUT_MS = 10_000;

describeGroupOffsetsContract('a real Kafka', () => inject('kafkaBrokers').split(','));

// Only here: to the embedded broker a group that once had members has them for ever.
it.each(['consumer', 'classic'] as const)(
  'only a group without members takes offsets from outside, under the %s protocol, and goes on there',
  async (groupProtocol) => {
    const transport = makeTransport(inject('kafkaBrokers').split(','), { groupProtocol });
    const topic = await newTopic(transport, 1);
    const producer = transport.createProducer();
    await producer.connect();
    for (let i = 0; i < 3; i++) await produce(producer, record(topic, 0));
    await producer.disconnect(TIMEOUT_MS);

    const groupId = `g-${randomUUID()}`;
    const group = { groupId, topics: [topic], clientIdSuffix: 'test' };
    const first = await new Member(transport.createGroupConsumer(group)).start();
    await until(() => first.owned.size === 1);
    const own = { topic, partition: 0, offset: 3, metadata: 'own', leaderEpoch: undefined };
    const other = { ...own, offset: 2, metadata: 'other' };
    expect(await first.consumer.commit(own)).toEqual({ ok: true });

    const offsets = transport.createGroupOffsets(groupId);
    await offsets.connect();
    expect(await offsets.hasMembers(TIMEOUT_MS)).toBe(true);
    await expect(offsets.commit([other], TIMEOUT_MS)).rejects.toMatchObject({
      code: 'INVALID_STATE',
      message: expect.stringContaining('has members') as unknown,
    });
    expect(await offsets.committed([own], TIMEOUT_MS)).toMatchObject([{ offset: 3, metadata: 'own' }]);

    await first.stop();
    expect(await offsets.hasMembers(TIMEOUT_MS)).toBe(false);
    await offsets.commit([other], TIMEOUT_MS);
    expect(await offsets.committed([own], TIMEOUT_MS)).toMatchObject([{ offset: 2, metadata: 'other' }]);
    await offsets.disconnect(TIMEOUT_MS);

    const second = await new Member(transport.createGroupConsumer(group)).start();
    await until(() => second.records.length > 0);
    await second.stop();
    expect(second.records.map(({ offset }) => offset)).toEqual([2]);
  },
);

it('refuses metadata that is larger than the broker takes, and sets nothing', async () => {
  const transport = makeTransport(inject('kafkaBrokers').split(','));
  const topic = await newTopic(transport, 1);
  const offsets = transport.createGroupOffsets(`g-${randomUUID()}`);
  await offsets.connect();
  const tooLarge = { topic, partition: 0, offset: 0, metadata: 'x'.repeat(5_000), leaderEpoch: undefined };
  await expect(offsets.commit([tooLarge], TIMEOUT_MS)).rejects.toMatchObject({ code: 'ADMIN_FAILED' });
  expect(await offsets.committed([tooLarge], TIMEOUT_MS)).toMatchObject([{ offset: undefined }]);
  await offsets.disconnect(TIMEOUT_MS);
});
