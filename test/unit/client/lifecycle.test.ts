import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { compileOptions } from '../../../src/client/client-options.js';
import { RunningConsumers } from '../../../src/client/running-consumers.js';
import type { StopReport } from '../../../src/api/consumer.js';
import type { RegisteredConsumer } from '../../../src/consumer/consumer-parts.js';
import { defineEvent } from '../../../src/contract/define-event.js';
import { tenantryError } from '../../../src/core/errors.js';
import { ClientHarness } from '../../support/client-harness.js';
import { Noted } from '../../support/contracts.js';
import { eventRecord } from '../../support/records.js';

vi.mock('../../../src/transport/confluent-transport.js', async () => {
  const { clientTransport } = await import('../../support/client-transport.js');
  return { createConfluentTransport: clientTransport };
});

const Renoted = defineEvent({
  type: 'notes.renoted',
  version: 1,
  topic: 'notes',
  schema: z.object({ id: z.string() }),
  aggregateId: ({ id }) => id,
  protection: 'none',
});
const ignore = (): void => undefined;
const NOTHING = { timedOut: false, unfinished: 0, uncommitted: 0 };

async function harnessWithTopics(): Promise<ClientHarness> {
  const harness = new ClientHarness();
  await harness.settle(
    harness.client.admin.createTopics([Noted], { groups: ['readers'], tenantGroups: { acme: ['mailer'] } }),
  );
  return harness;
}

describe('stop of a client', () => {
  it('that never started ends at once, twice with the same answer', async () => {
    const harness = new ClientHarness();
    const first = harness.client.stop();
    expect(harness.client.stop({ timeoutMs: 1 })).toBe(first);
    expect(await harness.settle(first)).toEqual(NOTHING);
    expect(harness.clock.monotonicMs()).toBeLessThan(1_000);
  });

  it('during its start, and during that of a worker, leaves nothing behind', async () => {
    const harness = await harnessWithTopics();
    const { client } = harness;
    const worker = client.worker('readers').on(Noted, ignore);
    const starts = Promise.allSettled([client.start(), worker.start()]);
    expect(await harness.settle(client.stop())).toEqual(NOTHING);
    await harness.settle(starts);
    expect(harness.producer.disconnected).toBe(true);
    expect(harness.transport.consumers.every(({ disconnected }) => disconnected)).toBe(true);
  });

  it('does not wait beyond its time for a worker that still starts, and that one never reads', async () => {
    const harness = await harnessWithTopics();
    const worker = harness.client.worker('readers').on(Noted, ignore);
    harness.kafka.delays.describe = 60_000;
    const start = harness.codeOf(worker.start());
    const stoppedAtMs = harness.clock.monotonicMs() + 2_000;
    await harness.settle(harness.client.stop({ timeoutMs: 2_000 }));
    expect(harness.clock.monotonicMs()).toBeLessThanOrEqual(stoppedAtMs);
    await harness.clock.advance(120_000);
    expect(await start).toBe('NOT_RUNNING');
    expect(harness.transport.consumers).toHaveLength(0);
  });

  it.each([false, true])('from inside a handler ends in its time (which waits for it: %s)', async (isAwaited) => {
    const harness = await harnessWithTopics();
    const reports: StopReport[] = [];
    const { client } = harness;
    const worker = client.worker('readers').on(Noted, async () => {
      const stopping = client.stop({ timeoutMs: 10_000 }).then((report) => reports.push(report));
      if (isAwaited) await stopping;
    });
    await harness.settle(worker.start());
    harness.kafka.append(eventRecord());
    await harness.clock.advance(11_000);
    expect(reports).toEqual([isAwaited ? { timedOut: true, unfinished: 1, uncommitted: 0 } : NOTHING]);
    expect(harness.producer.disconnected).toBe(true);
    const committed = harness.kafka.group('_shared.readers').committed({ topic: 'notes', partition: 0 }).offset;
    expect(committed).toBe(isAwaited ? 0 : 1);
  });

  it('tells again of a handler that a worker stopped before could not end', async () => {
    const harness = await harnessWithTopics();
    const { client } = harness;
    const worker = client.worker('readers').on(Noted, () => new Promise(() => undefined));
    await harness.settle(worker.start());
    harness.kafka.append(eventRecord());
    await harness.clock.advance(200);
    const unfinished = { timedOut: true, unfinished: 1, uncommitted: 0 };
    expect(await harness.settle(worker.stop({ timeoutMs: 1_000 }))).toEqual(unfinished);
    expect(await harness.settle(client.stop({ timeoutMs: 1_000 }))).toEqual(unfinished);
  });

  it('lets nothing start or be made after it, also what was made before', async () => {
    const harness = await harnessWithTopics();
    const { client } = harness;
    const worker = client.worker('readers').on(Noted, ignore);
    const own = client.tenant('acme').consumer('mailer').on(Noted, ignore);
    const acme = client.tenant('acme');
    const stopped = client.stop();
    for (const work of [
      () => client.start(),
      () => worker.start(),
      () => own.start(),
      () => client.admin.createTopics([Noted]),
    ]) {
      expect(await harness.codeOf(work())).toBe('NOT_RUNNING');
    }
    await harness.settle(stopped);
    for (const work of [() => worker.start(), () => acme.publish(Noted, { id: 'n1' })]) {
      expect(await harness.codeOf(work())).toBe('NOT_RUNNING');
    }
    const notRunning = expect.objectContaining({ code: 'NOT_RUNNING' }) as Error;
    expect(() => client.worker('readers')).toThrow(notRunning);
    expect(() => acme.consumer('mailer')).toThrow(notRunning);
    expect(harness.transport.consumers).toHaveLength(0);
  });
});

describe('a logger that throws', () => {
  it('is kept from every part of a client', () => {
    const broken = (): never => {
      throw new Error('the disk is full');
    };
    const { logger } = compileOptions({
      clientId: 'test',
      brokers: ['localhost:1'],
      logger: { debug: broken, info: broken, warn: broken, error: broken },
    });
    expect(() => {
      logger.warn({}, 'text');
    }).not.toThrow();
  });
});

describe('a consumer of a client', () => {
  it('that was stopped does not start, not even at once', async () => {
    const harness = await harnessWithTopics();
    const worker = harness.client.worker('readers').on(Noted, ignore);
    const stopped = worker.stop();
    expect(await harness.codeOf(worker.start())).toBe('NOT_RUNNING');
    expect(await harness.settle(stopped)).toEqual(NOTHING);
    expect(harness.transport.consumers).toHaveLength(0);
  });

  it('starts once it has the handlers that it lacked', async () => {
    const harness = await harnessWithTopics();
    const worker = harness.client.worker('readers');
    expect(await harness.codeOf(worker.start())).toBe('INVALID_STATE');
    worker.on(Noted, ignore);
    expect(await harness.codeOf(worker.start())).toBe('no error');
  });

  it.each([undefined, null, [], 5, 'notes', new Set([Noted]), [undefined], {}])(
    'takes no handler for %j',
    (contracts) => {
      const worker = new ClientHarness().client.worker('readers');
      expect(() => worker.on(contracts as never, ignore)).toThrow(
        expect.objectContaining({ code: 'INVALID_CONTRACT' }),
      );
    },
  );
});

describe('the consumers that a client has to stop', () => {
  const sizes = (): { readonly now: () => number } => {
    const seen = new Set<RunningConsumers>();
    const add = vi.spyOn(RunningConsumers.prototype, 'add');
    return {
      now: () => {
        for (const register of add.mock.contexts) seen.add(register as RunningConsumers);
        return [...seen].reduce((sum, { size }) => sum + size, 0);
      },
    };
  };

  it('are those that started and have not stopped: no other is kept', async () => {
    const size = sizes();
    const harness = await harnessWithTopics();
    const { client } = harness;
    for (let index = 0; index < 100; index += 1) client.worker('readers').on(Noted, ignore);
    expect(size.now()).toBe(0);
    for (let index = 0; index < 3; index += 1) {
      const worker = client.worker('readers').on(Noted, ignore);
      await harness.settle(worker.start());
      expect(size.now()).toBe(1);
      await harness.settle(worker.stop());
      expect(size.now()).toBe(0);
    }
  });

  it('of one group handle the same: each would skip what only the other handles', async () => {
    const harness = await harnessWithTopics();
    const { client } = harness;
    const both = client.worker('readers').on([Noted, Renoted], ignore);
    await harness.settle(both.start());
    const differs = client.worker('readers').on(Noted, ignore);
    expect(await harness.codeOf(differs.start())).toBe('CONTRACT_CONFLICT');
    const same = client.worker('readers').on(Renoted, ignore).on(Noted, ignore);
    await harness.settle(same.start());
    await harness.settle(both.stop());
    await harness.settle(same.stop());
    await harness.settle(differs.start());
    await harness.settle(differs.stop());
  });

  it('are not those whose start failed', async () => {
    const size = sizes();
    const harness = await harnessWithTopics();
    harness.kafka.faults.connect = () => tenantryError('BROKER_UNREACHABLE', 'away');
    const worker = harness.client.worker('readers').on(Noted, ignore);
    expect(await harness.codeOf(worker.start())).toBe('BROKER_UNREACHABLE');
    expect(size.now()).toBe(0);
  });

  it('are stopped together, and what they could not end is added up', async () => {
    const running = new RunningConsumers();
    const asked: unknown[] = [];
    const consumer = (unfinished: number): RegisteredConsumer => ({
      groupId: '_shared.readers',
      eventTypes: [Noted.eventType],
      stop: (options: unknown) => {
        asked.push(options);
        return Promise.resolve({ timedOut: unfinished > 0, unfinished, uncommitted: 1 });
      },
    });
    running.add(consumer(0));
    running.add(consumer(2));
    running.add(consumer(3));
    expect(await running.stop(700)).toEqual({ timedOut: true, unfinished: 5, uncommitted: 3 });
    expect(asked).toEqual([{ timeoutMs: 700 }, { timeoutMs: 700 }, { timeoutMs: 700 }]);
    expect(() => {
      running.add(consumer(0));
    }).toThrow(expect.objectContaining({ code: 'NOT_RUNNING' }));
  });
});

describe('admin.createTopics', () => {
  it.each<[string, unknown, unknown, string]>([
    ['no contracts', undefined, {}, 'INVALID_CONTRACT'],
    ['null for contracts', null, {}, 'INVALID_CONTRACT'],
    ['one contract', Noted, {}, 'INVALID_CONTRACT'],
    ['what is no contract', [{ ...Noted }], {}, 'INVALID_CONTRACT'],
    ['null for options', [Noted], null, 'INVALID_OPTIONS'],
    ['an unknown option', [Noted], { partition: 3 }, 'INVALID_OPTIONS'],
    ['a tenant id that is none', [Noted], { tenantGroups: { 'a.b': ['mailer'] } }, 'INVALID_OPTIONS'],
    ['a group that is none', [Noted], { groups: ['a.b'] }, 'INVALID_OPTIONS'],
  ])('refuses %s before it connects', async (_, contracts, options, code) => {
    const harness = new ClientHarness();
    const work = harness.client.admin.createTopics(contracts as never, options as never);
    expect(await harness.codeOf(work)).toBe(code);
    expect(harness.adminsMade).toBe(0);
  });

  it('names each topic once, however often its group is given', async () => {
    const harness = new ClientHarness();
    const { created, existing } = await harness.settle(
      harness.client.admin.createTopics([Noted, Noted], {
        groups: ['readers', 'readers'],
        tenantGroups: { acme: ['mailer', 'mailer'] },
      }),
    );
    expect(existing).toEqual(['notes']);
    expect(created).toEqual([
      '_quarantine.notes',
      '_shared.readers.notes.dlq',
      'acme.mailer.notes.dlq',
      '_control._shared.readers',
      '_control.acme.mailer',
    ]);
    expect(harness.adminsMade).toBe(1);
  });
});
