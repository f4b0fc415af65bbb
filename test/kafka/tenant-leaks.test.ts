// The services of the tests of the leak kit on a real worker: native client, broker in the process, no order that is
// chosen. What the kit finds and passes in memory must leak and not leak here too.
import { envelopeEncryption, TenantKafka } from 'tenantry';
import { ADVERSARIAL_TENANTS, EmbeddedKafka } from 'tenantry/testing';
import { describe, expect, it } from 'vitest';
import { testKeyring } from '../../src/testing/in-memory/test-keys.js';
import { checkLeakOptions } from '../../src/testing/leaks/leak-options.js';
import { Choices } from '../../src/testing/leaks/order/choices.js';
import type { CanaryMark } from '../../src/testing/leaks/plant/canary.js';
import { plantEvents } from '../../src/testing/leaks/plant/plant-events.js';
import { MarkSearch } from '../../src/testing/leaks/search/mark-search.js';
import { CORRECT } from '../unit/testing/leaks/services/correct.js';
import { LEAKY } from '../unit/testing/leaks/services/leaky.js';
import { inputs, InvoiceMade, OrderPlaced, type Service } from '../unit/testing/leaks/services/shop.js';

const PLANTED = [
  'a cache whose key joins tenant and id',
  'a cache that makes tenants lower-case',
  'a cache of the module that forgets the tenant',
  'a pooled object that is used again too soon',
  'a cache under a hash code of the tenant',
];
const PUBLISHING = [
  'a cache by tenant and id, and a promise that is remembered for each tenant',
  'a pool whose objects have one user at a time and are cleared behind each',
  'one queue for all tenants, worked off outside of handlers, each item as its tenant',
];

interface Found {
  readonly invoices: number;
  /** Of these, those with canaries of their own tenant. */
  readonly own: number;
  /** Of these, those with another's. */
  readonly foreign: number;
}

/** Runs a service on interleaved events of all tenants, and looks into what it has published. */
async function run(service: Service): Promise<Found> {
  await using broker = await EmbeddedKafka.start();
  await using kafka = new TenantKafka({
    clientId: 'shop',
    brokers: broker.brokers,
    encryption: envelopeEncryption({ kms: testKeyring }),
  });
  const admin = { partitions: 4, replicationFactor: 1, groups: ['shop', 'auditor'] };
  await kafka.admin.createTopics([OrderPlaced, InvoiceMade], admin);
  const search = new MarkSearch<CanaryMark>();
  const options = checkLeakOptions({ register: service, inputs, recordsPerTenant: 4 });
  const { events } = plantEvents(1, options, search, new Choices(1));
  const worker = kafka.worker('shop', { concurrency: 32 });
  service(worker, kafka);
  let [invoices, own, foreign] = [0, 0, 0];
  const auditor = kafka.worker('auditor').on(InvoiceMade, ({ tenantId, data }) => {
    const owners = search.in(JSON.stringify(data)).map(({ mark }) => mark.tenantId);
    invoices += 1;
    if (owners.includes(tenantId)) own += 1;
    if (owners.some((owner) => owner !== tenantId)) foreign += 1;
  });
  await Promise.all(
    events.map(({ contract, tenantId, data, eventId }) => kafka.tenant(tenantId).publish(contract, data, { eventId })),
  );
  await worker.start();
  await worker.caughtUp();
  // What it does outside of its handlers is published before it stops.
  await worker.stop();
  await auditor.start();
  await auditor.caughtUp();
  await auditor.stop();
  expect(invoices).toBeGreaterThan(ADVERSARIAL_TENANTS.length);
  return { invoices, own, foreign };
}

const named = <S extends { readonly title: string }>(services: readonly S[], titles: readonly string[]): S[] => {
  const found = services.filter(({ title }) => titles.includes(title));
  expect(found).toHaveLength(titles.length);
  return found;
};

describe('a leak comes out of a real worker:', () => {
  it.each(named(LEAKY, PLANTED))('$title', async ({ make }) => {
    expect((await run(make(''))).foreign).toBeGreaterThan(0);
  });
});

describe('nothing crosses in a real worker:', () => {
  it.each(named(CORRECT, PUBLISHING))('$title', async ({ make }) => {
    const { invoices, own, foreign } = await run(make(''));
    expect({ own, foreign }).toEqual({ own: invoices, foreign: 0 });
  });
});
