import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isTenantryError, type Receipt } from 'tenantry';
import { startKafka, type RunningKafka } from '../../../scripts/kafka/start-kafka.ts';
import { countedContract, TENANTS, testClient } from '../fixtures/sequence.js';

const Counted = countedContract('counted');

let kafka: RunningKafka;

beforeAll(async () => {
  kafka = await startKafka();
}, 120_000);

afterAll(async () => {
  await kafka.stop();
});

it('threat 42: a broker that is killed and comes back while producing and consuming loses nothing', async () => {
  await using client = testClient(kafka.brokers);
  await client.admin.createTopics([Counted], { groups: ['outage'], partitions: 4, replicationFactor: 1 });
  const seen = new Map<string, number[]>();
  const worker = client.worker('outage', { commitIntervalMs: 200 }).on(Counted, (event) => {
    const key = `${event.tenantId}:${event.aggregateId}`;
    seen.set(key, [...(seen.get(key) ?? []), event.data.sequence]);
  });
  await worker.start();

  const receipts: Promise<Receipt>[] = [];
  const publishFor = async (milliseconds: number): Promise<void> => {
    const until = Date.now() + milliseconds;
    while (Date.now() < until) {
      for (const tenant of TENANTS) {
        const sequence = Math.floor(receipts.length / TENANTS.length);
        receipts.push(client.tenant(tenant).publish(Counted, { aggregate: 'only', sequence }));
      }
      await sleep(5);
    }
  };
  await publishFor(500);
  await kafka.kill();
  await publishFor(1_500);
  await kafka.restart();
  await publishFor(500);

  const settled = await Promise.allSettled(receipts);
  expect(settled.filter(({ status }) => status === 'rejected')).toEqual([]);
  await worker.caughtUp();
  for (const tenant of TENANTS) {
    const sequences = seen.get(`${tenant}:only`) ?? [];
    const firstTimes = [...new Set(sequences)];
    expect(firstTimes).toEqual(Array.from({ length: receipts.length / TENANTS.length }, (_, index) => index));
  }
});

it('threat 42: a publish that the broker never acknowledges settles, and says that its outcome is unknown', async () => {
  await using client = testClient(kafka.brokers, { deliveryTimeoutMs: 1_500 });
  const acme = client.tenant('acme');
  await acme.publish(Counted, { aggregate: 'first', sequence: 0 });
  await kafka.kill();
  const error: unknown = await acme
    .publish(Counted, { aggregate: 'lost', sequence: 0 })
    .catch((thrown: unknown) => thrown);
  expect(isTenantryError(error, 'DELIVERY_UNKNOWN') || isTenantryError(error, 'PUBLISH_FAILED')).toBe(true);
  await kafka.restart();
  await expect(acme.publish(Counted, { aggregate: 'second', sequence: 0 })).resolves.toMatchObject({
    tenantId: 'acme',
  });
});

it('threat 50: stop settles every publish, whether or not the broker is there', async () => {
  const client = testClient(kafka.brokers, { maxInFlight: 4_000 });
  const acme = client.tenant('acme');
  await acme.publish(Counted, { aggregate: 'warm', sequence: 0 });
  await kafka.kill();
  const publishes = Array.from({ length: 5_000 }, (_, sequence) =>
    acme.publish(Counted, { aggregate: 'many', sequence }),
  );
  const settled = Promise.allSettled(publishes);
  const report = await client.stop({ timeoutMs: 1_000 });
  const codes = new Set(
    (await settled).map((result) => (result.status === 'rejected' ? (result.reason as { code: string }).code : 'ok')),
  );
  expect(report.timedOut).toBe(true);
  expect([...codes].sort()).toEqual(['DELIVERY_UNKNOWN', 'NOT_RUNNING']);
  await kafka.restart();
});
