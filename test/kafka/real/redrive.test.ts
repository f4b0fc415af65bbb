// Dead letters handled again, against a real Kafka: by a member that did not ask for it, and once.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, it } from 'vitest';
import type { TenantKafka } from 'tenantry';
import { countedContract, testClient } from '../fixtures/sequence.js';

it.each(['consumer', 'classic'] as const)(
  'a redrive reaches every dead letter of its tenant once, in a group of the %s protocol whose members change',
  async (groupProtocol) => {
    const brokers = inject('kafkaBrokers');
    const topic = `redriven-${randomUUID()}`;
    const Counted = countedContract(topic);
    await using client: TenantKafka = testClient(brokers, { groupProtocol });
    await client.admin.createTopics([Counted], { groups: ['again'], partitions: 3, replicationFactor: 1 });
    let isBroken = true;
    const redriven: string[] = [];
    const member = async (kafka: TenantKafka): Promise<ReturnType<TenantKafka['worker']>> => {
      const worker = kafka.worker('again', { retry: { attempts: 1 }, concurrency: 2 });
      worker.on(Counted, async ({ tenantId, data }, context) => {
        if (context.redriven) redriven.push(`${tenantId} ${data.aggregate} ${data.sequence}`);
        await sleep(context.redriven ? 20 : 0);
        if (isBroken) throw new Error('down');
      });
      await worker.start();
      return worker;
    };
    const first = await member(client);
    const events = Array.from({ length: 60 }, (_, index) => ({ aggregate: `a${index % 7}`, sequence: index }));
    for (const tenant of ['acme', 'globex']) await client.tenant(tenant).publishMany(Counted, events);
    await first.caughtUp();
    expect(first.counts().deadLettered).toBe(120);

    isBroken = false;
    const report = await first.redrive('acme');
    expect(report).toEqual({ matched: 60, codes: { HANDLER_FAILED: 60 }, isUnderWay: false });
    await using other = testClient(brokers, { groupProtocol });
    const second = await member(other);
    await first.stop();
    while (new Set(redriven).size < 60) await sleep(50);
    await second.caughtUp();
    expect(new Set(redriven)).toEqual(
      new Set(events.map(({ aggregate, sequence }) => `acme ${aggregate} ${sequence}`)),
    );
    // A handler that the change of members has cut short may begin again.
    expect(redriven.length).toBeLessThanOrEqual(62);
    expect(await second.redrive('acme')).toMatchObject({ matched: 0 });
    expect(await second.redrive('globex', { dryRun: true })).toMatchObject({ matched: 60 });
  },
  120_000,
);
