import { setTimeout as sleep } from 'node:timers/promises';
import { deadLetter, defineEvent } from 'tenantry';
import { InMemoryKafka, outcomes, settled } from 'tenantry/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const contract = (type: string) =>
  defineEvent({
    type,
    version: 1,
    topic: 'steps',
    protection: 'none',
    schema: z.object({ id: z.string() }),
    aggregateId: ({ id }) => id,
  });
const [First, Second, Third] = [contract('steps.first'), contract('steps.second'), contract('steps.third')];
const FAST = { commitIntervalMs: 5 };

describe('outcomes', () => {
  it('waits until as many have ended as were expected, and fails at once for others', async () => {
    await using memory = new InMemoryKafka();
    const kafka = memory.client();
    const worker = kafka.worker('steps', FAST).on(First, ({ aggregateId }) => {
      if (aggregateId === 'bad') throw deadLetter('bad');
    });
    await worker.start();
    const waiting = outcomes(worker, { handled: 2 });
    await kafka.tenant('acme').publish(First, { id: '1' });
    await kafka.tenant('acme').publish(First, { id: '2' });
    expect(await waiting).toMatchObject({ handled: 2, deadLettered: 0 });
    await expect(outcomes(worker, { handled: 3 }, { timeoutMs: 20 })).rejects.toThrow(
      '_shared.steps: not after 20 ms: handled 2 of 3, deadLettered 0 of 0',
    );
    const failing = outcomes(worker, { handled: 3 });
    await kafka.tenant('acme').publish(First, { id: 'bad' });
    await expect(failing).rejects.toThrow('more than expected: handled 2 of 3, deadLettered 1 of 0');
    expect(await outcomes(worker, { handled: 2, deadLettered: 1 })).toMatchObject({ handled: 2 });
  });
});

describe('settled', () => {
  it('waits for what handlers publish too, whichever consumer comes first', async () => {
    await using memory = new InMemoryKafka();
    const kafka = memory.client();
    const done: string[] = [];
    const last = kafka.worker('last', FAST).on(Third, ({ aggregateId }) => done.push(aggregateId));
    const middle = kafka.worker('middle', FAST).on(Second, async ({ data }, { tenant }) => {
      await sleep(50);
      await tenant.publish(Third, data);
    });
    const first = kafka.worker('first', FAST).on(First, async ({ data }, { tenant }) => {
      await sleep(50);
      await tenant.publish(Second, data);
    });
    for (const worker of [last, middle, first]) await worker.start();
    await kafka.tenant('acme').publish(First, { id: '7' });
    await settled([last, middle, first]);
    expect(done).toEqual(['7']);
    await expect(settled([kafka.worker('none')])).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });
});
