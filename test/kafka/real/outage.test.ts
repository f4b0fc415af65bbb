import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { isTenantryError, type Receipt, type TenantKafka } from 'tenantry';
import { startKafka, type RunningKafka } from '../../../scripts/kafka/start-kafka.ts';
import { countedContract, TENANTS, testClient } from '../fixtures/sequence.js';

/** How long the broker is away. CI runs this file with a minute too. */
const AWAY_MS = Number(process.env['TENANTRY_OUTAGE_SECONDS'] ?? 1.5) * 1_000;
/** Over long before the broker is back. */
const HASTY_MS = Math.min(10_000, Math.max(1_000, AWAY_MS / 2));
/** By default a client may let 10 s pass before it tries to connect again. */
const EAGER = { global: { 'reconnect.backoff.max.ms': 1_000 } };

const Counted = countedContract('counted');

let kafka: RunningKafka;

beforeAll(async () => {
  kafka = await startKafka({ isShortLived: true });
  await using client = testClient(kafka.brokers);
  await client.admin.createTopics([Counted], { groups: ['outage'], partitions: 4, replicationFactor: 1 });
}, 120_000);

afterAll(async () => {
  await kafka.stop();
});

/** What a publish says whose wait for the broker was over; the last, where the topic was not even known by then. */
function isGivenUp(error: unknown): boolean {
  const codes = ['DELIVERY_UNKNOWN', 'PUBLISH_FAILED', 'BROKER_UNREACHABLE'] as const;
  return codes.some((code) => isTenantryError(error, code));
}

/** What a client publishes, a sequence for each tenant, and what became of it. */
class Publishing {
  readonly receipts: Promise<Receipt>[][] = TENANTS.map(() => []);
  readonly #client: TenantKafka;
  readonly #aggregate: string;

  constructor(client: TenantKafka, aggregate: string) {
    this.#client = client;
    this.#aggregate = aggregate;
  }

  publishOfEach(): void {
    for (const [index, tenant] of TENANTS.entries()) {
      const receipts = this.receipts[index]!;
      const data = { aggregate: this.#aggregate, sequence: receipts.length };
      const receipt = this.#client.tenant(tenant).publish(Counted, data);
      // It is looked at in the end only.
      receipt.catch(() => undefined);
      receipts.push(receipt);
    }
  }
}

async function publishFor(milliseconds: number, publishings: readonly Publishing[]): Promise<void> {
  const until = Date.now() + milliseconds;
  while (Date.now() < until) {
    for (const publishing of publishings) publishing.publishOfEach();
    await sleep(20);
  }
}

it(
  'threat 42: a broker that is killed and comes back while producing and consuming loses nothing',
  async () => {
    await using patientClient = testClient(kafka.brokers, { librdkafka: EAGER });
    await using hastyClient = testClient(kafka.brokers, { librdkafka: EAGER, deliveryTimeoutMs: HASTY_MS });
    const handled = new Map<string, { sequence: number; at: string }[]>();
    const worker = patientClient
      .worker('outage', { commitIntervalMs: 200 })
      .on(Counted, ({ tenantId, aggregateId, data: { sequence } }, { record: { partition, offset } }) => {
        const key = `${tenantId}:${aggregateId}`;
        handled.set(key, [...(handled.get(key) ?? []), { sequence, at: `${partition}/${offset}` }]);
      });
    await worker.start();

    const patient = new Publishing(patientClient, 'patient');
    const hasty = new Publishing(hastyClient, 'hasty');
    await publishFor(500, [patient, hasty]);
    await kafka.kill();
    await publishFor(AWAY_MS, [patient, hasty]);
    await kafka.restart();
    await publishFor(500, [patient, hasty]);
    await vi.waitFor(() => hastyClient.tenant('acme').publish(Counted, { aggregate: 'after', sequence: 0 }), 60_000);

    const settledOf = ({ receipts }: Publishing): Promise<PromiseSettledResult<Receipt>[][]> =>
      Promise.all(receipts.map((ofTenant) => Promise.allSettled(ofTenant)));
    const [patientSettled, hastySettled] = await Promise.all([settledOf(patient), settledOf(hasty)]);
    await worker.caughtUp();

    let unknown = 0;
    for (const [index, tenant] of TENANTS.entries()) {
      for (const [aggregate, settled] of [
        ['patient', patientSettled[index]!],
        ['hasty', hastySettled[index]!],
      ] as const) {
        const seen = handled.get(`${tenant}:${aggregate}`) ?? [];
        // A record may be handled twice, but it is in the log once.
        const inLog = new Map(seen.map(({ sequence, at }) => [at, sequence]));
        const sequences = [...inLog.values()];
        expect(sequences).toEqual([...new Set(sequences)].sort((one, other) => one - other));
        const missing = settled.flatMap((result, sequence) => {
          if (result.status === 'rejected') return [];
          const at = `${result.value.partition}/${result.value.offset}`;
          return inLog.get(at) === sequence ? [] : [{ sequence, at, thereIs: inLog.get(at) }];
        });
        const told = `${aggregate} of ${tenant}, ${settled.length} published: ${JSON.stringify(worker.headLag())}`;
        expect(missing, told).toEqual([]);
        const reasons = settled.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
        if (aggregate === 'patient') expect(reasons).toEqual([]);
        for (const reason of reasons) expect(isGivenUp(reason), String(reason)).toBe(true);
        unknown += reasons.length;
      }
    }
    expect(unknown).toBeGreaterThan(0);
    const published = patient.receipts.concat(hasty.receipts).flat().length;
    console.log(`away for ${AWAY_MS / 1_000} s: ${published} published, ${unknown} of the hasty given up`);
  },
  AWAY_MS + 120_000,
);

it('threat 42: a publish that the broker never acknowledges settles, and says that its outcome is unknown', async () => {
  await using client = testClient(kafka.brokers, { librdkafka: EAGER, deliveryTimeoutMs: 1_500 });
  const acme = client.tenant('acme');
  await acme.publish(Counted, { aggregate: 'first', sequence: 0 });
  await kafka.kill();
  const error: unknown = await acme
    .publish(Counted, { aggregate: 'lost', sequence: 0 })
    .catch((thrown: unknown) => thrown);
  expect(isGivenUp(error)).toBe(true);
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
});
