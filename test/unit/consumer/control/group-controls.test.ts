// Pause, resume, replay and skip of tenants, on the whole engine over a fake cluster.
import { describe, expect, it } from 'vitest';
import type { ReplayRange } from '../../../../src/api/worker.js';
import { delay } from '../../../../src/core/clock.js';
import { controlTopic } from '../../../../src/routing/naming.js';
import { Noted } from '../../../support/contracts.js';
import { ConsumeHarness, GROUP, type ConsumerProcess } from '../../../support/consume-harness.js';
import { eventRecord } from '../../../support/records.js';

interface Reading {
  readonly process: ConsumerProcess;
  /** Ids of the events whose handlers began, in order; a replayed one has a `*`. */
  readonly begun: string[];
}

async function reading(harness: ConsumeHarness, handlerMs = 1, concurrency = 8): Promise<Reading> {
  const begun: string[] = [];
  const process: ConsumerProcess = await harness.start(
    (consumer) =>
      consumer.on(Noted, async (event, { replay }) => {
        begun.push(replay ? `${event.id}*` : event.id);
        await delay(process.clock, handlerMs);
      }),
    { options: { maxBufferedRecords: 20, concurrency, commitIntervalMs: 100 } },
  );
  await harness.clock.advance(20);
  return { process, begun };
}

function write(harness: ConsumeHarness, tenant: string, count: number, from = 0, partition = 0): void {
  for (let index = from; index < from + count; index += 1) {
    harness.kafka.append(eventRecord({ tenant, aggregate: `n${index}`, eventId: `${tenant}-${index}`, partition }));
  }
}

const of = (begun: readonly string[], tenant: string): string[] => begun.filter((id) => id.startsWith(`${tenant}-`));
const ids = (tenant: string, from: number, to: number, mark = ''): string[] =>
  Array.from({ length: to - from }, (_, at) => `${tenant}-${from + at}${mark}`);

describe('a paused tenant', () => {
  it('has no handler started once the call resolves, and others go on; resumed, it goes on where it was', async () => {
    const harness = new ConsumeHarness();
    write(harness, 'acme', 200);
    const { process, begun } = await reading(harness, 20);
    await harness.clock.advanceUntil(process.consumer.pauseTenant('acme'));
    const before = of(begun, 'acme').length;
    expect(before).toBeLessThan(150);
    write(harness, 'acme', 50, 200);
    write(harness, 'globex', 50);
    await harness.clock.advance(3_000);
    expect([of(begun, 'acme').length, of(begun, 'globex').length]).toEqual([before, 50]);
    expect(process.consumer.lag()).toMatchObject([{ tenantId: 'acme', parked: true, paused: true }]);
    await harness.clock.advanceUntil(process.consumer.resumeTenant('acme'));
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(new Set(of(begun, 'acme')).size).toBe(250);
    expect(process.consumer.lag()).toEqual([]);
  });

  it('is paused in every member, and in those that start later, also after all of them have gone', async () => {
    const harness = new ConsumeHarness(2);
    const first = await reading(harness);
    const second = await reading(harness);
    harness.kafka.group(GROUP).give({ topic: 'notes', partition: 1 }, second.process.member);
    await harness.clock.advance(500);
    await harness.clock.advanceUntil(first.process.consumer.pauseTenant('acme'));
    write(harness, 'acme', 5, 0, 1);
    await harness.clock.advance(500);
    first.process.kill();
    second.process.kill();
    const third = await reading(harness);
    write(harness, 'acme', 5, 5, 0);
    await harness.clock.advance(1_000);
    expect([...first.begun, ...second.begun, ...third.begun]).toEqual([]);
    await harness.clock.advanceUntil(third.process.consumer.resumeTenant('acme'));
    await harness.clock.advanceUntil(third.process.consumer.caughtUp());
    expect([...third.begun].sort()).toEqual(ids('acme', 0, 10).sort());
  });

  it('lets running handlers finish, and tries what fails again only once it is resumed', async () => {
    const harness = new ConsumeHarness();
    let tries = 0;
    const process: ConsumerProcess = await harness.start((consumer) =>
      consumer.on(Noted, async () => {
        tries += 1;
        await delay(process.clock, 300);
        if (tries === 1) throw new Error('not yet');
      }),
    );
    write(harness, 'acme', 1);
    await harness.clock.advance(100);
    await harness.clock.advanceUntil(process.consumer.pauseTenant('acme'));
    await harness.clock.advance(20_000);
    expect(tries).toBe(1);
    await harness.clock.advanceUntil(process.consumer.resumeTenant('acme'));
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(tries).toBe(2);
  });

  it('may be one that nobody knows yet', async () => {
    const harness = new ConsumeHarness();
    const { process, begun } = await reading(harness);
    await harness.clock.advanceUntil(process.consumer.pauseTenant('later'));
    write(harness, 'later', 3);
    await harness.clock.advance(500);
    expect(begun).toEqual([]);
  });

  it('is not confirmed while a partition commits nothing, and holds all the same', async () => {
    const harness = new ConsumeHarness();
    const { process, begun } = await reading(harness);
    harness.kafka.faults.commit = () => 'refuse';
    await expect(
      harness.clock.advanceUntil(process.consumer.pauseTenant('acme', { timeoutMs: 2_000 })),
    ).rejects.toMatchObject({
      code: 'CONTROL_UNCONFIRMED',
      partitions: ['notes/0', `${GROUP}.notes.dlq/0`],
      retryable: true,
    });
    write(harness, 'acme', 3);
    await harness.clock.advance(500);
    expect(begun).toEqual([]);
  });

  it('is confirmed by those who have read it, also where the broker does not tell its offset', async () => {
    const harness = new ConsumeHarness();
    const { process } = await reading(harness);
    const [producer] = process.transport.producers;
    if (producer === undefined) throw new Error('no producer');
    const { produce } = producer;
    producer.produce = (record, onDelivery) =>
      produce.call(producer, record, (delivery) => {
        onDelivery(delivery.failure === undefined ? { ...delivery, offset: -1 } : delivery);
      });
    harness.kafka.faults.commit = () => 'refuse';
    await expect(
      harness.clock.advanceUntil(process.consumer.pauseTenant('acme', { timeoutMs: 2_000 })),
    ).rejects.toMatchObject({ code: 'CONTROL_UNCONFIRMED' });
    harness.kafka.faults.commit = () => undefined;
    await harness.clock.advanceUntil(process.consumer.resumeTenant('acme'));
  });

  it('is not what a stranger’s record in the control topic asks for: it is ignored, and told', async () => {
    const harness = new ConsumeHarness();
    const topic = controlTopic(GROUP);
    for (const [key, value] of [
      ['pause:../x', '{"paused":true}'],
      ['nonsense', '{"paused":true}'],
      ['move:acme', 'not json'],
      ['move:acme', '{"replay":{"notes/0":[-1,"x"]}}'],
      ['pause:acme', '{"paused":"yes"}'],
    ] as const) {
      harness.kafka.append({ ...eventRecord(), topic, key: Buffer.from(key), value: Buffer.from(value), headers: [] });
    }
    const { process, begun } = await reading(harness);
    write(harness, 'acme', 3);
    await harness.clock.advance(500);
    expect(begun).toEqual(ids('acme', 0, 3));
    expect(process.logger.of('controlIgnored')).toHaveLength(4);
  });

  it('cannot be asked for before the worker runs, nor for a bad tenant id', async () => {
    const harness = new ConsumeHarness();
    const { process } = await reading(harness);
    await expect(process.consumer.pauseTenant('a b')).rejects.toMatchObject({ code: 'INVALID_TENANT_ID' });
    await harness.clock.advanceUntil(process.consumer.stop());
    await expect(process.consumer.pauseTenant('acme')).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });
});

describe('what a control is asked with', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no beginning', {}],
    ['a text for a time', { from: '2026-01-01' }],
    ['a time that is none', { from: new Date(Number.NaN) }],
    ['a negative offset', { from: [{ topic: 'notes', partition: 0, offset: -5 }] }],
    ['no offsets at all', { from: [] }],
    ['a misspelt field', { from: new Date(0), untill: new Date(1) }],
  ])('is checked: a replay from %s is refused', async (_what, range) => {
    const { process } = await reading(new ConsumeHarness());
    await expect(process.consumer.replayTenant('acme', range as ReplayRange)).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
  });

  it('is checked: a strange topic, a wrong time-out, and a time where no broker finds any', async () => {
    const harness = new ConsumeHarness();
    const { process } = await reading(harness);
    const { consumer, member } = process;
    const from = [{ topic: 'strange', partition: 0, offset: 0 }];
    await expect(consumer.replayTenant('acme', { from })).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' });
    await expect(consumer.skipTenant('acme', { to: from })).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' });
    await expect(consumer.pauseTenant('acme', { timeoutMs: -1 })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    member.findsTimes = false;
    const byTime = harness.clock.advanceUntil(consumer.replayTenant('acme', { from: new Date(0) }));
    await expect(byTime).rejects.toMatchObject({ code: 'INVALID_STATE' });
  });
});

describe('a partition that there is not', () => {
  const nowhere = [{ topic: 'notes', partition: 2, offset: 0 }];
  const here = [{ topic: 'notes', partition: 1, offset: 0 }];

  it.each<[string, (consumer: ConsumerProcess['consumer']) => Promise<unknown>]>([
    ['a skip to it', (consumer) => consumer.skipTenant('acme', { to: nowhere })],
    ['a skip that names it beside another', (consumer) => consumer.skipTenant('acme', { to: [...here, ...nowhere] })],
    ['a replay from it', (consumer) => consumer.replayTenant('acme', { from: nowhere })],
    ['a replay until it', (consumer) => consumer.replayTenant('acme', { from: here, until: nowhere })],
    [
      'giving up unreadable records of it',
      (consumer) => consumer.skipUnreadable({ topic: 'notes', partition: 2, from: 0, to: 3 }),
    ],
    [
      'a skip of dead letters in it',
      (consumer) => consumer.skipTenant('acme', { to: [{ topic: `${GROUP}.notes.dlq`, partition: 1, offset: 0 }] }),
    ],
  ])('is a mistake: %s is refused, and nothing is told', async (_what, ask) => {
    const harness = new ConsumeHarness(2);
    const { process } = await reading(harness);
    await harness.clock.advance(1_000);
    await expect(harness.clock.advanceUntil(ask(process.consumer))).rejects.toMatchObject({
      code: 'TOPIC_NOT_FOUND',
      message: expect.stringMatching(/has no partition [12]/),
    });
    expect(harness.kafka.log(controlTopic(GROUP)).records).toEqual([]);
  });
});

describe('a replay', () => {
  it('handles a tenant’s records again, flagged and in order, while its new ones wait, and no other’s', async () => {
    const harness = new ConsumeHarness();
    write(harness, 'acme', 30);
    write(harness, 'globex', 5);
    const { process, begun } = await reading(harness);
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    begun.length = 0;
    const from = [{ topic: 'notes', partition: 0, offset: 10 }];
    await harness.clock.advanceUntil(process.consumer.replayTenant('acme', { from }));
    write(harness, 'acme', 3, 30);
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(begun).toEqual([...ids('acme', 10, 30, '*'), ...ids('acme', 30, 33)]);
    expect(harness.committed()).toBe(38);
  });

  it('ends at `until`, and may begin at a time', async () => {
    const harness = new ConsumeHarness();
    for (let index = 0; index < 10; index += 1) {
      write(harness, 'acme', 1, index);
      await harness.clock.advance(1_000);
    }
    const startMs = harness.clock.nowMs() - 10_000;
    const { process, begun } = await reading(harness);
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    begun.length = 0;
    const range = { from: new Date(startMs + 2_000), until: new Date(startMs + 5_000) };
    await harness.clock.advanceUntil(process.consumer.replayTenant('acme', range));
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(begun).toEqual(ids('acme', 2, 5, '*'));
  });

  it('survives a crash in its middle, and is not begun again by a restart after its end', async () => {
    const harness = new ConsumeHarness();
    write(harness, 'acme', 100);
    const first = await reading(harness, 10);
    await harness.clock.advanceUntil(first.process.consumer.caughtUp());
    first.begun.length = 0;
    await harness.clock.advanceUntil(first.process.consumer.replayTenant('acme', { from: new Date(0) }));
    await harness.clock.advance(60);
    expect(first.begun.length).toBeLessThan(100);
    first.process.kill();
    const second = await reading(harness, 1);
    await harness.clock.advanceUntil(second.process.consumer.caughtUp());
    expect(new Set([...first.begun, ...second.begun])).toEqual(new Set(ids('acme', 0, 100, '*')));
    second.process.kill();
    const third = await reading(harness, 1);
    await harness.clock.advanceUntil(third.process.consumer.caughtUp());
    expect(third.begun).toEqual([]);
  });

  it('from before the log begins with it, and from after its end does nothing', async () => {
    const harness = new ConsumeHarness();
    write(harness, 'acme', 10);
    harness.kafka.log('notes').dropBelow(4);
    const { process, begun } = await reading(harness);
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    begun.length = 0;
    const at = (offset: number) => ({ from: [{ topic: 'notes', partition: 0, offset }] });
    await harness.clock.advanceUntil(process.consumer.replayTenant('acme', at(99)));
    await harness.clock.advanceUntil(
      process.consumer.replayTenant('acme', { from: new Date(harness.clock.nowMs() + 1) }),
    );
    expect(begun).toEqual([]);
    await harness.clock.advanceUntil(process.consumer.replayTenant('acme', at(0)));
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(begun).toEqual(ids('acme', 4, 10, '*'));
  });

  it('of a tenant that is parked goes back, and then on from where it waited', async () => {
    const harness = new ConsumeHarness();
    write(harness, 'acme', 200);
    const { process, begun } = await reading(harness, 50);
    await harness.clock.advance(500);
    await harness.clock.advanceUntil(process.consumer.replayTenant('acme', { from: new Date(0) }));
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    const plain = new Set(begun.map((id) => id.replace('*', '')));
    expect(plain.size).toBe(200);
    expect(begun).toContain('acme-0*');
    expect(harness.committed()).toBe(200);
  });
});

describe('a skip', () => {
  it('passes over what a tenant has not handled, and leaves others alone; a replay brings it back', async () => {
    const harness = new ConsumeHarness();
    write(harness, 'acme', 200);
    write(harness, 'globex', 20);
    const { process, begun } = await reading(harness, 50);
    await harness.clock.advance(200);
    await harness.clock.advanceUntil(process.consumer.skipTenant('acme', { to: 'end' }));
    write(harness, 'acme', 2, 200);
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(of(begun, 'globex')).toHaveLength(20);
    expect(of(begun, 'acme').length).toBeLessThan(60);
    expect(of(begun, 'acme').slice(-2)).toEqual(ids('acme', 200, 202));
    expect(harness.committed()).toBe(222);
    expect(process.logger.of('tenantMoved')).toMatchObject([{ kind: 'skip', tenant: 'acme', until: 220 }]);
    await harness.clock.advanceUntil(process.consumer.replayTenant('acme', { from: new Date(0) }));
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(new Set(of(begun, 'acme').map((id) => id.replace('*', ''))).size).toBe(202);
  });

  it('up to a place leaves what comes after it', async () => {
    const harness = new ConsumeHarness();
    write(harness, 'acme', 100);
    const { process, begun } = await reading(harness, 50);
    await harness.clock.advanceUntil(
      process.consumer.skipTenant('acme', { to: [{ topic: 'notes', partition: 0, offset: 90 }] }),
    );
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(of(begun, 'acme').slice(-10)).toEqual(ids('acme', 90, 100));
    expect(begun.length).toBeLessThan(50);
  });
});
