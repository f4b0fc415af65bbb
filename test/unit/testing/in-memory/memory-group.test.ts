import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/core/clock.js';
import { MemoryCluster } from '../../../../src/testing/in-memory/memory-cluster.js';
import { memoryTransport } from '../../../../src/testing/in-memory/memory-transport.js';

const AT = { topic: 'orders', partition: 0, offset: 0, leaderEpoch: undefined };

describe('a group in memory', () => {
  it('takes commits of the owner of a partition only, with metadata as long as brokers take it', async () => {
    const cluster = new MemoryCluster(false);
    cluster.createTopic('orders', 1);
    const transport = memoryTransport(cluster, systemClock);
    const member = transport.createGroupConsumer({ groupId: 'g', topics: ['orders'], clientIdSuffix: '' });
    expect(await member.commit({ ...AT, metadata: 'x' })).toMatchObject({ ok: false });
    await new Promise<void>((resolve) => {
      const nothing = (): void => undefined;
      const onAssigned = (): void => {
        resolve();
      };
      void member.connect({ onAssigned, onRevoked: nothing, onReadable: nothing, onEnd: nothing, onError: nothing });
    });
    const other = transport.createGroupConsumer({ groupId: 'g', topics: ['orders'], clientIdSuffix: '' });
    expect(await other.commit({ ...AT, metadata: 'y' })).toMatchObject({ ok: false, metadataTooLarge: false });
    expect(await member.commit({ ...AT, metadata: 'x'.repeat(4_097) })).toMatchObject({ metadataTooLarge: true });
    expect(await member.commit({ ...AT, metadata: 'x'.repeat(4_096) })).toEqual({ ok: true });
    expect(await member.committed([AT], 1)).toMatchObject([{ offset: 0, metadata: 'x'.repeat(4_096) }]);
    await expect(transport.createGroupOffsets('g').commit([{ ...AT, metadata: '' }], 1)).rejects.toMatchObject({
      code: 'INVALID_STATE',
    });
    await member.disconnect(1);
  });
});
