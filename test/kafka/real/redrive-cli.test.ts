// `tenantry dlq redrive` tells a running group, from outside of it, against a real Kafka.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TenantKafka } from 'tenantry';
import { expect, inject, it } from 'vitest';
import { countedContract, testClient } from '../fixtures/sequence.js';
import { run, runAsking, type Run } from '../../unit/cli/run.js';

it('has the dead letters of one tenant handled again, once', async () => {
  const brokers = inject('kafkaBrokers');
  const topic = `redriven-${randomUUID()}`;
  const name = `again-${randomUUID()}`;
  const group = `_shared.${name}`;
  const Counted = countedContract(topic);
  await using client: TenantKafka = testClient(brokers);
  await client.admin.createTopics([Counted], { groups: [name], partitions: 2, replicationFactor: 1 });
  let isBroken = true;
  const redriven: string[] = [];
  const worker = client.worker(name, { retry: { attempts: 1 } }).on(Counted, ({ tenantId, data }, context) => {
    if (context.redriven) redriven.push(`${tenantId} ${data.sequence}`);
    if (isBroken) throw new Error('down');
  });
  await worker.start();
  const events = Array.from({ length: 6 }, (_, sequence) => ({ aggregate: `a${sequence}`, sequence }));
  for (const tenant of ['acme', 'globex']) await client.tenant(tenant).publishMany(Counted, events);
  await worker.caughtUp();
  isBroken = false;

  const dlq = (...args: string[]): Promise<Run> => run('dlq', ...args, '--group', group, '--brokers', brokers);
  const told = (ran: Run): unknown => {
    expect(ran.exitCode, ran.note).toBe(0);
    return JSON.parse(ran.out);
  };
  const counted = { tenant: 'acme', group, matched: 6, codes: { HANDLER_FAILED: 6 }, isUnderWay: false };
  expect(told(await dlq('redrive', 'acme', '--dry-run', '--json'))).toEqual({ ...counted, told: false });
  const none = await dlq('redrive', 'acme', '--code', 'PAYLOAD_INVALID', '--yes');
  expect(none).toMatchObject({ exitCode: 0, out: 'There are no such dead letters.\n' });
  const questions: string[] = [];
  const refusing = await runAsking(
    async (question) => {
      questions.push(question);
      return false;
    },
    ...['dlq', 'redrive', 'acme', '--group', group, '--brokers', brokers],
  );
  expect(refusing).toMatchObject({ exitCode: 1, note: expect.stringContaining('ABORTED') as string });
  expect(refusing.out).toMatch(/^REASON +RECORDS\nHANDLER_FAILED +6\n$/);
  expect(questions).toEqual(['Have 6 dead letters of acme handled again?']);
  expect(redriven).toEqual([]);

  expect(told(await dlq('redrive', 'acme', '--yes', '--json'))).toEqual({ ...counted, told: true });
  while (new Set(redriven).size < 6) await sleep(50);
  await worker.caughtUp();
  expect(redriven.sort()).toEqual(events.map(({ sequence }) => `acme ${sequence}`));
  expect(told(await dlq('redrive', 'acme', '--yes', '--json'))).toMatchObject({ matched: 0, told: false });
  expect(told(await dlq('list', '--json'))).toMatchObject({
    deadLetters: [
      { tenant: 'acme', records: 6, redriven: 6 },
      { tenant: 'globex', records: 6, redriven: 0 },
    ],
  });

  await worker.stop();
  const stopped = await dlq('redrive', 'globex', '--yes');
  expect(stopped).toMatchObject({
    exitCode: 1,
    note: expect.stringContaining(`group ${group} has no members`) as string,
  });
  const dry = await dlq('redrive', 'globex', '--dry-run');
  expect(dry.note).toBe(
    `Group ${group} has no members now: a redrive would be refused.\nNothing was told to the group.\n`,
  );
}, 120_000);
