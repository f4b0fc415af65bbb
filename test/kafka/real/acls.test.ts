// What docs/operating.md says a worker and whoever publishes need is enough, at a broker that refuses all else.
import { Admin, AclOperations, AclPermissionTypes, ResourcePatternTypes, ResourceTypes } from '@platformatic/kafka';
import { deadLetter, defineEvent, TenantKafka } from 'tenantry';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { type RunningKafka, startKafka } from '../../../scripts/kafka/start-kafka.ts';
import { freePort } from '../../../scripts/server-process.ts';
import { makeTransport, produce, record } from '../transport/harness.js';

const GROUP = '_shared.order-processor';
const DLQ = `${GROUP}.orders.dlq`;
const CONTROL = `_control.${GROUP}`;
const Placed = defineEvent({
  type: 'orders.placed',
  version: 1,
  topic: 'orders',
  schema: z.object({ orderId: z.string() }),
  aggregateId: ({ orderId }) => orderId,
  protection: 'none',
});

let kafka: RunningKafka;
let secured: string;

beforeAll(async () => {
  const [port, controller, client] = await Promise.all([freePort(), freePort(), freePort()]);
  secured = `127.0.0.1:${client}`;
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
  kafka = await startKafka({
    isShortLived: true,
    port,
    config: {
      listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller},CLIENT://${secured}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},CLIENT://${secured}`,
      'controller.quorum.voters': `1@127.0.0.1:${controller}`,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,CLIENT:SASL_PLAINTEXT',
      'inter.broker.listener.name': 'PLAINTEXT',
      'sasl.enabled.mechanisms': 'PLAIN',
      'listener.name.client.plain.sasl.jaas.config': `${login} user_worker="w" user_shop="s";`,
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
    },
  });
  await using platform = new TenantKafka({ clientId: 'platform', brokers: [kafka.brokers] });
  await platform.admin.createTopics([Placed], { partitions: 2, replicationFactor: 1, groups: ['order-processor'] });
}, 120_000);
afterAll(() => kafka.stop());

const { READ, WRITE, DESCRIBE } = AclOperations;
type Row = readonly [name: string, ...operations: (typeof AclOperations)[keyof typeof AclOperations][]];

async function allow(user: string, topics: readonly Row[], groups: readonly Row[] = []): Promise<void> {
  const acls = new Admin({ clientId: 'acls', bootstrapBrokers: [kafka.brokers] });
  const rulesOf = (resourceType: number, rows: readonly Row[]) =>
    rows.flatMap(([resourceName, ...operations]) =>
      operations.map((operation) => ({
        resourceType,
        resourceName,
        resourcePatternType: ResourcePatternTypes.LITERAL,
        principal: `User:${user}`,
        host: '*',
        operation,
        permissionType: AclPermissionTypes.ALLOW,
      })),
    );
  const creations = [...rulesOf(ResourceTypes.TOPIC, topics), ...rulesOf(ResourceTypes.GROUP, groups)];
  await acls.createAcls({ creations } as Parameters<Admin['createAcls']>[0]);
  await acls.close();
}

function clientOf(username: string, password: string): TenantKafka {
  return new TenantKafka({
    clientId: username,
    brokers: [secured],
    connection: { ssl: false, sasl: { mechanism: 'plain', username, password } },
  });
}

it('lets a worker handle, dead-letter, quarantine, pause and redrive with what the table says, and another publish', async () => {
  await allow('shop', [['orders', WRITE, DESCRIBE]]);
  await allow(
    'worker',
    [
      ['orders', READ, DESCRIBE],
      [DLQ, READ, WRITE, DESCRIBE],
      ['_quarantine.orders', WRITE, DESCRIBE],
      [CONTROL, READ, DESCRIBE, WRITE],
    ],
    [[GROUP, READ]],
  );
  await using shop = clientOf('shop', 's');
  await shop.tenant('acme').publish(Placed, { orderId: 'good' });
  await shop.tenant('acme').publish(Placed, { orderId: 'bad' });
  const forged = makeTransport([kafka.brokers]).createProducer();
  await forged.connect();
  await produce(forged, record('orders', 0, { key: Buffer.from('nobody') }));
  await forged.disconnect(5_000);

  const handled: string[] = [];
  let isMended = false;
  await using client = clientOf('worker', 'w');
  const worker = client.worker('order-processor').on(Placed, ({ data }) => {
    if (data.orderId === 'bad' && !isMended) throw deadLetter('not yet');
    handled.push(data.orderId);
  });
  await worker.start();
  await worker.caughtUp();
  expect(handled).toEqual(['good']);
  await worker.pauseTenant('acme');
  await worker.resumeTenant('acme');
  isMended = true;
  expect(await worker.redrive('acme')).toMatchObject({ matched: 1 });
  await vi.waitFor(() => {
    expect(handled).toEqual(['good', 'bad']);
  }, 20_000);
  expect(worker.health()).toMatchObject({ status: 'live' });

  const platform = makeTransport([kafka.brokers]).createGroupOffsets('platform');
  await platform.connect();
  expect(await platform.logRange({ topic: '_quarantine.orders', partition: 0 }, 5_000)).toMatchObject({
    highOffset: 1,
  });
  await platform.disconnect(5_000);

  // The worker has no more than that.
  await expect(client.tenant('acme').publish(Placed, { orderId: 'x' })).rejects.toMatchObject({
    code: expect.stringMatching(/^PUBLISH_|^TOPIC_/) as string,
  });
});
