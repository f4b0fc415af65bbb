// A record whose handler kills the process. What is done about it here is what docs/consuming.md tells operators to do.
import { expect, it } from 'vitest';
import { retryAfter } from '../../../src/consumer/handling/handler-verdict.js';
import { Noted } from '../../support/contracts.js';
import { ConsumeHarness, type ConsumerProcess } from '../../support/consume-harness.js';
import { eventRecord } from '../../support/records.js';

interface Member {
  readonly process: ConsumerProcess;
  readonly seen: string[];
  /** The attempt that killed it. */
  readonly death: number | undefined;
}

async function start(harness: ConsumeHarness): Promise<Member> {
  const seen: string[] = [];
  let death: number | undefined;
  const process: ConsumerProcess = await harness.start((consumer) =>
    consumer.on(Noted, ({ id }, { attempt }) => {
      if (id !== 'deadly') return void seen.push(id);
      death = attempt;
      process.kill();
      return new Promise(() => undefined);
    }),
  );
  await harness.clock.advance(3_000);
  return { process, seen, death };
}

it('kills one owner after the other, until its tenant is paused by a member whose handlers do nothing, and it is skipped', async () => {
  const harness = new ConsumeHarness();
  harness.kafka.append(eventRecord({ eventId: 'deadly', aggregate: 'n1' }));
  harness.kafka.append(eventRecord({ eventId: 'behind', aggregate: 'n1' }));
  harness.kafka.append(eventRecord({ eventId: 'quiet', tenant: 'globex' }));
  // Nothing counts the deaths: for each owner it is the first try.
  expect([(await start(harness)).death, (await start(harness)).death]).toEqual([1, 1]);
  expect(harness.committed()).toBe(0);

  const operator = await harness.start(
    (consumer) =>
      consumer.on(
        Noted,
        () => {
          throw retryAfter(600_000);
        },
        { retry: { attempts: 1_000 } },
      ),
    {},
  );
  await harness.clock.advanceUntil(operator.consumer.pauseTenant('acme'));
  await harness.clock.advanceUntil(operator.consumer.stop());
  expect([harness.committed(), harness.deadLetters]).toEqual([0, []]);

  const { process, seen, death } = await start(harness);
  expect([death, seen]).toEqual([undefined, ['quiet']]);
  const to = [{ topic: 'notes', partition: 0, offset: 1 }];
  await harness.clock.advanceUntil(process.consumer.skipTenant('acme', { to }));
  await harness.clock.advanceUntil(process.consumer.resumeTenant('acme'));
  await harness.clock.advanceUntil(process.consumer.caughtUp());
  expect(seen).toEqual(['quiet', 'behind']);
  expect(harness.committed()).toBe(3);
});
