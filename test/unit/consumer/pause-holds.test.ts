import { expect, it } from 'vitest';
import { delay } from '../../../src/core/clock.js';
import { controlTopic } from '../../../src/routing/naming.js';
import { Noted, Whispered } from '../../support/contracts.js';
import { ConsumeHarness, GROUP, type ConsumerProcess } from '../../support/consume-harness.js';
import { eventRecord } from '../../support/records.js';

const sealed = (i: number, partition = 0) =>
  eventRecord({
    aggregate: `n${i}`,
    eventId: `s-${i}`,
    partition,
    eventType: Whispered.eventType,
    value: Buffer.from(`sealed:{"id":"n${i}"}`),
  });

it('no handler starts after a pause whose key was being asked for', async () => {
  const h = new ConsumeHarness();
  const begun: number[] = [];
  const p: ConsumerProcess = await h.start(
    (c) =>
      c.on(Whispered, () => {
        begun.push(h.clock.monotonicMs());
      }),
    { options: { commitIntervalMs: 50 } },
  );
  await h.clock.advance(2_000);
  p.cipher.wait = () => delay(p.clock, 3_000);
  h.kafka.append(sealed(1));
  await h.clock.advance(50);
  await h.clock.advanceUntil(p.consumer.pauseTenant('acme'));
  await h.clock.advance(10_000);
  expect(begun).toEqual([]);
});

it('nor one whose dedupe store was being asked', async () => {
  const h = new ConsumeHarness();
  const begun: number[] = [];
  const p: ConsumerProcess = await h.start(
    (c) =>
      c.on(Noted, () => {
        begun.push(h.clock.monotonicMs());
      }),
    {
      options: {
        commitIntervalMs: 50,
        dedupe: {
          store: { has: () => delay(h.clock, 2_000).then(() => false), mark: async () => undefined },
          ttlMs: 60_000,
        },
      },
    },
  );
  await h.clock.advance(2_000);
  h.kafka.append(eventRecord());
  await h.clock.advance(50);
  await h.clock.advanceUntil(p.consumer.pauseTenant('acme'));
  await h.clock.advance(10_000);
  expect(begun).toEqual([]);
});

it('nor in a member whose reader of the control topic is behind', async () => {
  const h = new ConsumeHarness(1);
  const begun: string[] = [];
  const make = (name: string): Promise<ConsumerProcess> =>
    h.start(
      (c) =>
        c.on(Noted, () => {
          begun.push(name);
        }),
      { options: { commitIntervalMs: 50 } },
    );
  const a = await make('a');
  const b = await make('b');
  await h.clock.advance(1_000);
  // the control reader of b is slow now (b's reader only)
  const [reader] = b.transport.readers;
  reader!.poll = async () => [];
  await h.clock.advanceUntil(a.consumer.pauseTenant('acme'));
  h.kafka.append(eventRecord());
  await h.clock.advance(500);
  expect(begun).toEqual([]);
  h.kafka.group(GROUP).give({ topic: 'notes', partition: 0 }, b.member);
  await h.clock.advance(3_000);
  expect(begun).toEqual([]);
});

it('a control topic that was made anew confirms nothing that nobody has obeyed', async () => {
  const h = new ConsumeHarness(1);
  const begun: string[] = [];
  const p: ConsumerProcess = await h.start(
    (c) =>
      c.on(Noted, (e) => {
        begun.push(e.id);
      }),
    { options: { commitIntervalMs: 50 } },
  );
  await h.clock.advance(100);
  for (let i = 0; i < 3; i += 1) {
    await h.clock.advanceUntil(p.consumer.pauseTenant('other'));
    await h.clock.advanceUntil(p.consumer.resumeTenant('other'));
  }
  h.kafka.dropTopic(controlTopic(GROUP));
  h.kafka.createTopic(controlTopic(GROUP));
  await h.clock.advance(60_000);
  const result = await h.clock.advanceUntil(
    p.consumer.pauseTenant('acme').then(
      () => 'confirmed',
      (e: unknown) => (e as { code: string }).code,
    ),
  );
  h.kafka.append(eventRecord());
  await h.clock.advance(120_000);
  expect(result === 'confirmed' && begun.length > 0).toBe(false);
});

it('two calls about one tenant at once are both obeyed where both are confirmed', async () => {
  const h = new ConsumeHarness(2);
  const begun: string[] = [];
  const make = (): Promise<ConsumerProcess> =>
    h.start(
      (c) =>
        c.on(Noted, (e, { replay }) => {
          begun.push(e.id + (replay ? '*' : ''));
        }),
      { options: { commitIntervalMs: 50 } },
    );
  const a = await make();
  for (let i = 0; i < 4; i += 1)
    h.kafka.append(eventRecord({ aggregate: `n${i}`, eventId: `e-${i}`, partition: i % 2 }));
  await h.clock.advanceUntil(a.consumer.caughtUp());
  const b = await make();
  h.kafka.group(GROUP).give({ topic: 'notes', partition: 1 }, b.member);
  await h.clock.advance(2_000);
  begun.length = 0;
  const at = (partition: number) => [{ topic: 'notes', partition, offset: 0 }];
  // b reads the first control, and is slow with the second
  const [reader] = b.transport.readers;
  const poll = reader!.poll.bind(reader);
  let seen = 0;
  reader!.poll = async (n) => {
    if (seen > 0) return [];
    const r = await poll(n);
    seen += r.length;
    return r;
  };
  const t0 = h.clock.monotonicMs();
  h.kafka.faults.commit = () => (h.clock.monotonicMs() < t0 + 60 ? 'refuse' : undefined);
  const first = a.consumer.replayTenant('acme', { from: at(0) });
  await h.clock.advance(20);
  const second = a.consumer.replayTenant('acme', { from: at(1) }).then(
    () => 'confirmed',
    (e: unknown) => (e as { code: string }).code,
  );
  await h.clock.advanceUntil(first);
  await h.clock.advance(1_000);
  b.kill();
  h.kafka.group(GROUP).give({ topic: 'notes', partition: 1 }, a.member);
  const result = await h.clock.advanceUntil(second);
  await h.clock.advance(5_000);
  expect(result === 'confirmed' && !begun.includes('e-1*')).toBe(false);
});

it('a look-up that fails once does not end a pause', async () => {
  const h = new ConsumeHarness(1);
  const p: ConsumerProcess = await h.start((c) => c.on(Noted, () => undefined), { options: { commitIntervalMs: 50 } });
  await h.clock.advance(100);
  let n = 1;
  h.kafka.faults.lookup = () => n-- > 0;
  const result = await h.clock.advanceUntil(
    p.consumer.pauseTenant('acme').then(
      () => 'ok',
      (e: unknown) => e,
    ),
  );
  expect(result).toBe('ok');
});
