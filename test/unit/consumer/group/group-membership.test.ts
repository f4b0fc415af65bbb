import { describe, expect, it } from 'vitest';
import { Noted } from '../../../support/contracts.js';
import { ConsumeHarness, ConsumerProcess, GROUP } from '../../../support/consume-harness.js';
import { eventRecord } from '../../../support/records.js';

const never = new Promise<void>(() => undefined);

function write(harness: ConsumeHarness, ids: readonly string[], aggregate?: string): void {
  for (const id of ids) harness.kafka.append(eventRecord({ eventId: id, aggregate: aggregate ?? id, partition: 0 }));
}

type Handle = (id: string, signal: AbortSignal) => unknown;

async function reading(
  harness: ConsumeHarness,
  handle: Handle = () => undefined,
): Promise<{ process: ConsumerProcess; seen: string[] }> {
  const seen: string[] = [];
  const process = await harness.start(
    (consumer) =>
      consumer.on(Noted, ({ id }, { signal }) => {
        seen.push(id);
        return handle(id, signal);
      }),
    { options: { retry: { attempts: 2, backoffMs: 1_000 } } },
  );
  await harness.clock.advance(150);
  return { process, seen };
}

const after = (harness: ConsumeHarness, ms: number): Promise<void> =>
  new Promise((resolve) => harness.clock.setTimer(ms, resolve));

function move(harness: ConsumeHarness, to: ConsumerProcess): void {
  harness.kafka.group(GROUP).give({ topic: 'notes', partition: 0 }, to.member);
}

describe('threat 44: a revocation', () => {
  it('lets running handlers end and commits them, begins nothing more, and the next owner goes on', async () => {
    const harness = new ConsumeHarness();
    write(harness, ['a1', 'a2', 'a3'], 'a');
    write(harness, ['b1'], 'b');
    const first = await reading(harness, (id) => (id === 'a1' ? after(harness, 3_000) : undefined));
    const second = await reading(harness);
    move(harness, second.process);
    await harness.clock.advance(1_000);
    write(harness, ['c1'], 'c');
    await harness.clock.advance(1_000);
    expect([first.seen, second.seen]).toEqual([['a1', 'b1'], []]);
    await harness.clock.advance(2_000);
    expect([first.seen, second.seen]).toEqual([
      ['a1', 'b1'],
      ['a2', 'c1', 'a3'],
    ]);
    await harness.clock.advance(2_000);
    expect(harness.committed()).toBe(5);
    expect(harness.kafka.misuses).toEqual([]);
  });

  it('tells a handler to end before its time is over, and leaves what does not end to the next owner', async () => {
    const harness = new ConsumeHarness();
    write(harness, ['swallows', 'listens', 'done']);
    const abortedAtMs: number[] = [];
    const first = await reading(harness, (id, signal) => {
      if (id === 'done') return undefined;
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          abortedAtMs.push(harness.clock.monotonicMs());
          if (id === 'listens') reject(new Error('aborted'));
        });
      });
    });
    const second = await reading(harness);
    const startMs = harness.clock.monotonicMs();
    move(harness, second.process);
    await harness.clock.advance(12_000);
    expect(abortedAtMs.map((ms) => Math.round((ms - startMs) / 1_000))).toEqual([8, 8]);
    expect(second.seen).toEqual(['swallows', 'listens']);
    expect(harness.deadLetters).toEqual([]);
    expect(first.process.consumer.counts()).toMatchObject({ handled: 1, failedAttempts: 0 });
    expect(first.process.logger.of('revoked')).toMatchObject([{ lost: false, unfinished: 1 }]);
  });

  it('of lost partitions commits nothing, and waits for nobody', async () => {
    const harness = new ConsumeHarness();
    write(harness, ['a', 'hangs']);
    const first = await reading(harness, (id) => (id === 'hangs' ? never : undefined));
    const second = await reading(harness);
    harness.kafka.group(GROUP).lose(first.process.member, second.process.member);
    await harness.clock.advance(100);
    expect(second.seen).toEqual(['a', 'hangs']);
    expect(first.process.logger.of('revoked')).toMatchObject([{ lost: true, unfinished: 1 }]);
    expect(harness.kafka.misuses).toEqual([]);
  });

  it('of what is lost while it was asked for commits nothing over what its next owner has committed', async () => {
    const harness = new ConsumeHarness();
    write(harness, ['a1']);
    const first = await reading(harness, () => after(harness, 8_000));
    const second = await reading(harness);
    const group = harness.kafka.group(GROUP);
    move(harness, second.process);
    await harness.clock.advance(100);
    group.lose(first.process.member, second.process.member);
    await harness.clock.advance(3_000);
    expect(harness.committed()).toBe(1);
    // It comes back before the first member has answered.
    group.lose(second.process.member, first.process.member);
    const commits: number[] = [];
    harness.kafka.onCommit = ({ topic, offset }) => {
      if (topic === 'notes') commits.push(offset);
    };
    await harness.clock.advanceUntil(first.process.consumer.pauseTenant('globex', { timeoutMs: 60_000 }));
    await harness.clock.advance(20_000);
    expect(Math.min(...commits)).toBe(1);
  });

  it('of what is lost while its start is committed comes before anything of it begins', async () => {
    const harness = new ConsumeHarness();
    const { kafka, clock } = harness;
    write(harness, ['a', 'b']);
    kafka.delays.commit = 20;
    kafka.onCommit = ({ topic }) => {
      if (topic === 'notes') clock.setTimer(5, () => kafka.group(GROUP).lose(lost.member, undefined));
    };
    const seen: string[] = [];
    const lost = new ConsumerProcess(kafka);
    lost.consumer.on(Noted, ({ id }) => void seen.push(id));
    await clock.advanceUntil(lost.consumer.start());
    await clock.advance(5_000);
    expect(lost.logger.of('revoked')).toMatchObject([{ lost: true }]);
    expect(seen).toEqual([]);
  });

  it('forgets the queue and the waiting retries', async () => {
    const harness = new ConsumeHarness();
    write(harness, ['bad', 'behind'], 'a');
    const first = await reading(harness, () => {
      throw new Error('always');
    });
    const second = await reading(harness);
    move(harness, second.process);
    await harness.clock.advance(10_000);
    expect(first.seen).toEqual(['bad']);
    expect(second.seen).toEqual(['bad', 'behind']);
    expect(harness.clock.pendingTimers).toBeLessThan(15);
  });

  it('of an answer that was awaited from the group: an assignment that cannot be opened is left alone', async () => {
    const harness = new ConsumeHarness();
    write(harness, ['a']);
    harness.kafka.faults.lookup = () => true;
    const first = await reading(harness);
    await harness.clock.advance(5_000);
    harness.kafka.faults.lookup = () => false;
    const second = await reading(harness);
    move(harness, second.process);
    await harness.clock.advance(5_000);
    expect([...first.seen, ...second.seen]).toEqual(['a']);
    await harness.clock.advance(2_000);
    expect(harness.committed()).toBe(1);
  });
});

describe('a paused partition', () => {
  it('that goes and comes back is read again', async () => {
    const harness = new ConsumeHarness();
    let block = true;
    const seen: string[] = [];
    const process = await harness.start(
      (consumer) =>
        consumer.on(Noted, async ({ id }) => {
          seen.push(id);
          while (block) await after(harness, 50);
        }),
      { options: { maxBufferedRecords: 1 } },
    );
    write(harness, ['a', 'b', 'c']);
    await harness.clock.advance(2_000);
    expect(process.member.paused).toContainEqual({ topic: 'notes', partition: 0 });
    block = false;
    harness.kafka.group(GROUP).lose(process.member, process.member);
    await harness.clock.advance(5_000);
    expect(new Set(seen)).toEqual(new Set(['a', 'b', 'c']));
    expect(process.member.paused).toEqual([]);
    expect(harness.committed()).toBe(3);
  });
});

describe('threat 46: stop', () => {
  it('waits for handlers, commits and leaves', async () => {
    const harness = new ConsumeHarness();
    write(harness, ['a', 'b']);
    const { process } = await reading(harness, () => after(harness, 2_000));
    const report = await harness.clock.advanceUntil(process.consumer.stop());
    expect(report).toEqual({ timedOut: false, unfinished: 0, uncommitted: 0 });
    expect(harness.committed()).toBe(2);
    expect([process.member.disconnected, harness.clock.monotonicMs() < 4_000]).toEqual([true, true]);
  });

  it('returns in its time where a handler swallows its signal, and what was not done is delivered again', async () => {
    const harness = new ConsumeHarness();
    write(harness, ['swallows', 'done']);
    const { process } = await reading(harness, (id) => (id === 'swallows' ? never : undefined));
    const startMs = harness.clock.monotonicMs();
    const report = await harness.clock.advanceUntil(process.consumer.stop({ timeoutMs: 5_000 }));
    expect(report).toEqual({ timedOut: true, unfinished: 1, uncommitted: 0 });
    expect(harness.clock.monotonicMs() - startMs).toBeLessThanOrEqual(5_100);
    const next = await reading(harness);
    expect(next.seen).toEqual(['swallows']);
  });

  it.each([
    [
      'a broker that does not tell what is committed',
      (harness: ConsumeHarness) => (harness.kafka.faults.lookup = () => true),
    ],
    ['a broker that never answers', (harness: ConsumeHarness) => (harness.kafka.delays.lookup = 3_600_000)],
  ])('returns in its time with %s', async (_what, breakIt) => {
    const harness = new ConsumeHarness();
    breakIt(harness);
    const { process } = await reading(harness);
    await harness.clock.advance(5_000);
    const startMs = harness.clock.monotonicMs();
    await harness.clock.advanceUntil(process.consumer.stop({ timeoutMs: 2_000 }));
    expect(harness.clock.monotonicMs() - startMs).toBeLessThanOrEqual(2_100);
  });

  it('returns soon after its time where commits are not answered', async () => {
    const harness = new ConsumeHarness();
    write(harness, ['a']);
    const { process } = await reading(harness);
    harness.kafka.delays.commit = 3_600_000;
    write(harness, ['b']);
    await harness.clock.advance(2_000);
    const startMs = harness.clock.monotonicMs();
    await harness.clock.advanceUntil(process.consumer.stop({ timeoutMs: 1_000 }));
    expect(harness.clock.monotonicMs() - startMs).toBeLessThanOrEqual(2_100);
  });

  it('waits for the answer to a start that is being committed, and tells of no failure', async () => {
    const harness = new ConsumeHarness(2);
    harness.kafka.delays.commit = 300;
    const process = new ConsumerProcess(harness.kafka);
    process.consumer.on(Noted, () => undefined);
    await harness.clock.advanceUntil(process.consumer.start());
    await harness.clock.advance(100);
    await harness.clock.advanceUntil(process.consumer.stop());
    expect(harness.committed()).toBe(0);
    expect(process.logger.of('commitFailed')).toEqual([]);
  });

  it('cuts the drain of a revocation short', async () => {
    const harness = new ConsumeHarness();
    write(harness, ['swallows']);
    const first = await reading(harness, () => never);
    const second = await reading(harness);
    move(harness, second.process);
    await harness.clock.advance(1_000);
    const startMs = harness.clock.monotonicMs();
    await harness.clock.advanceUntil(first.process.consumer.stop({ timeoutMs: 2_000 }));
    expect(harness.clock.monotonicMs() - startMs).toBeLessThanOrEqual(2_100);
    await harness.clock.advance(1_000);
    expect(second.seen).toEqual(['swallows']);
  });

  it('begins nothing that is assigned meanwhile', async () => {
    const harness = new ConsumeHarness();
    const first = await reading(harness);
    const { seen } = await reading(harness);
    const second = await reading(harness, () => undefined);
    write(harness, ['a']);
    await harness.clock.advance(100);
    harness.kafka.delays.lookup = 200;
    move(harness, second.process);
    await harness.clock.advance(10);
    const stopping = second.process.consumer.stop();
    write(harness, ['b']);
    await harness.clock.advanceUntil(stopping);
    await harness.clock.advance(1_000);
    expect([first.seen, seen, second.seen]).toEqual([['a'], [], []]);
  });
});

it('a stop while a revocation waits for a handler has those of the other partitions end in their time', async () => {
  const harness = new ConsumeHarness(2);
  const { process } = await reading(harness, async (id, signal) => {
    if (id === 'deaf') await never;
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        resolve();
      });
    });
  });
  harness.kafka.append(eventRecord({ partition: 0, eventId: 'deaf', aggregate: 'deaf' }));
  harness.kafka.append(eventRecord({ partition: 1, eventId: 'heeds', aggregate: 'heeds' }));
  await harness.clock.advance(500);
  const other = await reading(harness);
  harness.kafka.group(GROUP).give({ topic: 'notes', partition: 0 }, other.process.member);
  await harness.clock.advance(500);
  const report = await harness.clock.advanceUntil(process.consumer.stop({ timeoutMs: 5_000 }));
  expect([report.unfinished, harness.committed(1)]).toEqual([1, 1]);
});

it('a stop that waits for its group to be balanced starts no handler meanwhile', async () => {
  const harness = new ConsumeHarness();
  const { process, seen } = await reading(harness);
  process.member.isRejoining = true;
  const stopped = process.consumer.stop({ timeoutMs: 5_000 });
  write(harness, ['late']);
  await harness.clock.advance(1_000);
  expect(seen).toEqual([]);
  process.member.isRejoining = false;
  expect(await harness.clock.advanceUntil(stopped)).toMatchObject({ timedOut: false });
});
