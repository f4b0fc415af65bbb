// Controls that are called by code which runs for a tenant.
import { expect, it } from 'vitest';
import type { GroupWorker } from '../../../../src/consumer/group-worker.js';
import type { TenantId } from '../../../../src/core/tenant-id.js';
import { controlTopic } from '../../../../src/routing/naming.js';
import { Noted } from '../../../support/contracts.js';
import { ConsumeHarness, GROUP, type ConsumerProcess } from '../../../support/consume-harness.js';
import { eventRecord } from '../../../support/records.js';

type Ask = (worker: GroupWorker) => Promise<unknown>;

const GLOBEX_CONTROLS: readonly [name: string, ask: Ask][] = [
  ['pauseTenant', (worker) => worker.pauseTenant('globex')],
  ['resumeTenant', (worker) => worker.resumeTenant('globex')],
  ['replayTenant', (worker) => worker.replayTenant('globex', { from: new Date(0) })],
  ['skipTenant', (worker) => worker.skipTenant('globex', { to: 'end' })],
  ['redrive', (worker) => worker.redrive('globex')],
  ['a dry run of redrive', (worker) => worker.redrive('globex', { dryRun: true })],
];
const UNREADABLE = { topic: 'notes', partition: 0, from: 0, to: 3 };
const ALL_CONTROLS: readonly [name: string, ask: Ask][] = [
  ...GLOBEX_CONTROLS,
  ['skipUnreadable', (worker) => worker.skipUnreadable(UNREADABLE)],
];

const endOf = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => 'done',
    (error: unknown) => (error as { readonly code: unknown }).code,
  );

/** How the controls end that a handler of acme asks for, once they have. */
async function askedInHandler(
  harness: ConsumeHarness,
  ask: (process: ConsumerProcess) => Promise<unknown>,
): Promise<unknown> {
  let answer: unknown;
  const process: ConsumerProcess = await harness.start(
    (consumer) =>
      consumer.on(Noted, async () => {
        answer = await endOf(ask(process));
      }),
    { options: { commitIntervalMs: 100 } },
  );
  harness.kafka.append(eventRecord({ tenant: 'acme' }));
  await harness.clock.advance(5_000);
  return answer;
}

const toldIn = (harness: ConsumeHarness): number => harness.kafka.log(controlTopic(GROUP)).records.length;

it.each(ALL_CONTROLS)('%s is refused in the handler of another tenant, and nothing is told', async (_name, ask) => {
  const harness = new ConsumeHarness();
  expect(await askedInHandler(harness, ({ consumer }) => ask(consumer))).toBe('TENANT_ISOLATION_VIOLATION');
  expect(toldIn(harness)).toBe(0);
});

it.each(ALL_CONTROLS)('%s is done there through withoutTenant', async (_name, ask) => {
  const inHandler = askedInHandler(new ConsumeHarness(), ({ ambient, consumer }) =>
    ambient.withoutTenant(() => ask(consumer)),
  );
  expect(await inHandler).toBe('done');
});

it('a handler may pause its own tenant', async () => {
  const harness = new ConsumeHarness();
  expect(await askedInHandler(harness, ({ consumer }) => consumer.pauseTenant('acme'))).toBe('done');
  expect(toldIn(harness)).toBe(1);
});

it('a request that runs for a tenant is held to it too', async () => {
  const harness = new ConsumeHarness();
  const { ambient, consumer } = await harness.start((worker) => worker.on(Noted, () => undefined));
  const ended = ambient.run('acme' as TenantId, () => endOf(consumer.pauseTenant('globex')));
  expect(await ended).toBe('TENANT_ISOLATION_VIOLATION');
});

it.each(ALL_CONTROLS)('%s is refused in what a handler has left behind', async (_name, ask) => {
  const harness = new ConsumeHarness();
  let later: Promise<unknown> | undefined;
  const process: ConsumerProcess = await harness.start((consumer) =>
    consumer.on(Noted, () => {
      later = new Promise((resolve) => {
        process.clock.setTimer(1_000, () => {
          resolve(endOf(ask(process.consumer)));
        });
      });
    }),
  );
  harness.kafka.append(eventRecord({ tenant: 'globex' }));
  await harness.clock.advance(5_000);
  expect(await later).toBe('TENANT_CONTEXT_EXPIRED');
});
