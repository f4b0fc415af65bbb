// The commands about cursors against a real Kafka and a worker's group.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, inject, it } from 'vitest';
import { encodeMetadata, logHash } from '../../../src/consumer/ledger/commit-metadata.js';
import { fingerprintOf } from '../../../src/consumer/ledger/record-owner.js';
import { makeTransport, Member, newTopic, produce, record, until } from '../transport/harness.js';
import { run, type Run } from '../../unit/cli/run.js';

const folder = mkdtempSync(join(tmpdir(), 'tenantry-cursors-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

it.each(['consumer', 'classic'] as const)(
  'shows, exports, resets and puts back the cursors of a group of the %s protocol',
  async (groupProtocol) => {
    const brokers = inject('kafkaBrokers');
    const transport = makeTransport(brokers.split(','), { groupProtocol });
    const topic = await newTopic(transport, 1);
    const producer = transport.createProducer();
    await producer.connect();
    for (let i = 0; i < 10; i++) await produce(producer, record(topic, 0));
    await producer.disconnect(10_000);

    const groupId = `_shared.g-${randomUUID()}`;
    const cursors = (command: string, ...args: string[]): Promise<Run> =>
      run('cursors', command, groupId, topic, '--brokers', brokers, ...args);
    const group = { groupId, topics: [topic], clientIdSuffix: 'test' };
    const member = await new Member(transport.createGroupConsumer(group)).start();
    await until(() => member.owned.size === 1);
    const progress = {
      watermark: 2,
      head: 8,
      cursors: [{ fingerprint: fingerprintOf('acme'), offset: 4 }],
      taken: [{ start: 2, length: 1 }],
    };
    const { text: metadata } = encodeMetadata(progress, logHash(`/${topic}/0`), 4_000);
    const commit = { topic, partition: 0, offset: 2, metadata, leaderEpoch: undefined };
    expect(await member.consumer.commit(commit)).toEqual({ ok: true });

    const shown = await cursors('show', '--tenant', 'acme');
    expect([shown.exitCode, shown.out]).toEqual([
      0,
      expect.stringContaining('parked     acme (05c4ba3e) at 4, 4 behind'),
    ]);
    const exported = await cursors('export');
    expect(JSON.parse(exported.out)).toMatchObject({ partitions: [{ offset: 2, metadata }] });
    const file = join(folder, `${groupProtocol}.json`);
    writeFileSync(file, exported.out);

    const refused = await cursors('reset', '--to', 'latest', '--yes');
    expect([refused.exitCode, refused.note]).toEqual([1, expect.stringContaining('INVALID_STATE')]);
    await member.stop();
    expect(await cursors('reset', '--to', 'latest', '--yes')).toMatchObject({ exitCode: 0 });
    expect((await cursors('show')).out).toContain('watermark  10, everything below it is finished\n  metadata   none');
    expect(await cursors('reset', '--from', file, '--yes')).toMatchObject({ exitCode: 0 });
    expect((await cursors('show', '--tenant', 'acme')).out).toBe(shown.out);
  },
);
