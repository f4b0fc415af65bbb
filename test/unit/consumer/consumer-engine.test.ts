import { describe, expect, it } from 'vitest';
import { tenantryError } from '../../../src/core/errors.js';
import { deadLetter, retryAfter } from '../../../src/consumer/handling/handler-verdict.js';
import { quarantineTopic } from '../../../src/routing/naming.js';
import { ACME, GLOBEX, Noted, Signed, Whispered } from '../../support/contracts.js';
import { ConsumeHarness, GROUP, type ConsumerProcess, type ProcessOptions } from '../../support/consume-harness.js';
import type { TenantProfile } from '../../../src/tenant/directory.js';
import { eventRecord, header, type RecordSketch } from '../../support/records.js';

const never = new Promise<void>(() => undefined);

/** Handles `Noted` and keeps the ids of the events that came. */
async function reading(
  harness: ConsumeHarness,
  handle: (id: string, attempt: number) => unknown = () => undefined,
  given: ProcessOptions = {},
): Promise<{ process: ConsumerProcess; seen: string[] }> {
  const seen: string[] = [];
  const process = await harness.start(
    (consumer) =>
      consumer.on(Noted, (event, { attempt }) => {
        seen.push(event.id);
        return handle(event.id, attempt);
      }),
    given,
  );
  await harness.clock.advance(150);
  return { process, seen };
}

function append(harness: ConsumeHarness, ...sketches: RecordSketch[]): void {
  for (const sketch of sketches) harness.kafka.append(eventRecord(sketch));
}

const events = (count: number, more: RecordSketch = {}): RecordSketch[] =>
  Array.from({ length: count }, (_, index) => ({ eventId: `e${index}`, aggregate: `n${index}`, ...more }));

describe('a record', () => {
  it('is handled, then committed', async () => {
    const harness = new ConsumeHarness();
    append(harness, ...events(5));
    const { process, seen } = await reading(harness);
    expect(seen).toEqual(['e0', 'e1', 'e2', 'e3', 'e4']);
    await harness.clock.advanceUntil(process.consumer.caughtUp());
    expect(harness.committed()).toBe(5);
    expect(process.consumer.counts()).toMatchObject({ handled: 5, failedAttempts: 0 });
    expect(process.consumer.health()).toEqual({ status: 'live', reasons: [] });
  });

  it('threat 20: that was written twice is handled twice', async () => {
    const harness = new ConsumeHarness();
    append(harness, ...events(1), ...events(1));
    expect((await reading(harness)).seen).toEqual(['e0', 'e0']);
  });

  it('that fails is tried again in place, and its key waits, and no other', async () => {
    const harness = new ConsumeHarness();
    append(harness, { eventId: 'a1' }, { eventId: 'a2' }, { eventId: 'b1', aggregate: 'n2' });
    const { process, seen } = await reading(harness, (id, attempt) => {
      if (id === 'a1' && attempt < 3) throw new Error('not yet');
    });
    expect(seen).toEqual(['a1', 'b1']);
    await harness.clock.advance(2_000);
    expect(seen).toEqual(['a1', 'b1', 'a1', 'a1', 'a2']);
    expect(process.consumer.counts()).toMatchObject({ handled: 3, failedAttempts: 2, deadLettered: 0 });
  });

  it('threat 45: whose handler keeps throwing goes to the dead letters, as it was, and the key goes on', async () => {
    const harness = new ConsumeHarness();
    append(harness, { eventId: 'bad', moreHeaders: [header('__proto__', 'x')] }, { eventId: 'good' });
    const { process, seen } = await reading(
      harness,
      (id) => {
        if (id === 'bad') throw new TypeError('holds tenant data');
      },
      { options: { retry: { attempts: 3, backoffMs: 10 } } },
    );
    await harness.clock.advance(2_000);
    expect(seen).toEqual(['bad', 'bad', 'bad', 'good']);
    expect(harness.deadLetters).toEqual([{ id: 'bad', code: 'HANDLER_FAILED' }]);
    const [original] = harness.kafka.log('notes').records;
    const [copy] = harness.kafka.log(`${GROUP}.notes.dlq`).records;
    expect(copy?.key).toEqual(original?.key);
    expect(copy?.value).toEqual(original?.value);
    expect(copy?.headers.slice(0, 4)).toEqual(original?.headers);
    expect(JSON.stringify([copy?.headers, process.logger.entries])).not.toContain('holds tenant data');
    expect(process.consumer.counts()).toMatchObject({ handled: 1, failedAttempts: 3, deadLettered: 1 });
    expect(harness.committed()).toBe(2);
  });

  it('follows deadLetter and retryAfter', async () => {
    const harness = new ConsumeHarness();
    append(harness, ...events(2));
    const times: number[] = [];
    const { seen } = await reading(harness, (id, attempt) => {
      if (id === 'e0') throw deadLetter('no such note');
      times.push(harness.clock.monotonicMs());
      if (attempt === 1) throw retryAfter(7_000);
    });
    await harness.clock.advance(10_000);
    expect(seen).toEqual(['e0', 'e1', 'e1']);
    expect(times[1]! - times[0]!).toBe(7_000);
    const headers = harness.kafka
      .log(`${GROUP}.notes.dlq`)
      .records[0]?.headers.map(({ name, value }) => [name, value.toString()] as const);
    expect(new Map(headers).get('dlq-reason')).toBe('no such note');
    expect(new Map(headers).get('dlq-code')).toBe('DEAD_LETTERED');
  });
});

describe('threat 39: a payload that lies', () => {
  it.each([
    ['is not JSON', { value: Buffer.from('{"secret": tenant-data') }, 'PAYLOAD_MALFORMED'],
    ['does not fit the schema', { value: Buffer.from('{"id":"tenant-data","note":5}') }, 'PAYLOAD_INVALID'],
    ['has a version that no handler knows', { eventType: 'notes.noted.v2' }, 'UNKNOWN_EVENT_VERSION'],
    ['is a tombstone on a topic that has none', { value: null }, 'UNEXPECTED_TOMBSTONE'],
    ['threat 40: is empty', { value: Buffer.alloc(0) }, 'PAYLOAD_MALFORMED'],
  ] as const)('%s: dead letter, at once, without its text', async (_what, sketch, code) => {
    const harness = new ConsumeHarness();
    append(harness, { eventId: 'bad', ...sketch }, { eventId: 'good' });
    const { process, seen } = await reading(harness);
    await harness.clock.advance(2_000);
    expect(seen).toEqual(['good']);
    expect(harness.deadLetters).toEqual([{ id: 'bad', code }]);
    expect(process.consumer.counts().failedAttempts).toBe(0);
    expect(JSON.stringify(process.logger.entries)).not.toContain('tenant-data');
    const dlq = harness.kafka.log(`${GROUP}.notes.dlq`).records[0];
    expect(dlq?.headers.map(({ value }) => value.toString()).join()).not.toContain('tenant-data');
  });

  it('of a type nobody handles is skipped and counted, or dead-lettered where that is wanted', async () => {
    for (const otherTypes of ['skip', 'dead-letter'] as const) {
      const harness = new ConsumeHarness();
      append(harness, { eventId: 'other', eventType: 'notes.burned.v1' }, { eventId: 'good' });
      const { process, seen } = await reading(harness, undefined, { options: { otherTypes } });
      await harness.clock.advance(2_000);
      expect(seen).toEqual(['good']);
      expect(process.consumer.counts().skipped).toBe(otherTypes === 'skip' ? 1 : 0);
      expect(harness.deadLetters).toEqual(otherTypes === 'skip' ? [] : [{ id: 'other', code: 'UNKNOWN_EVENT_TYPE' }]);
      expect(harness.committed()).toBe(2);
    }
  });

  it('threat 40: a tombstone of a compacted contract is an event with null', async () => {
    const harness = new ConsumeHarness();
    const seen: unknown[] = [];
    const key = Buffer.from('acme:s');
    const seal = Buffer.from(`seal acme ${key.toString('hex')} id-1`);
    harness.kafka.append(
      eventRecord({
        topic: 'states',
        key,
        value: null,
        eventType: Signed.eventType,
        moreHeaders: [header('tenantry-seal', seal)],
      }),
    );
    await harness.start((consumer) => consumer.on(Signed, ({ data }) => seen.push(data)));
    await harness.clock.advance(100);
    expect(seen).toEqual([null]);
  });

  it('threat 56: a forged tombstone of a protected contract goes to quarantine', async () => {
    const harness = new ConsumeHarness();
    for (const moreHeaders of [[], [header('tenantry-seal', 'of something else')]]) {
      harness.kafka.append(eventRecord({ topic: 'states', value: null, eventType: Signed.eventType, moreHeaders }));
    }
    await harness.start((consumer) => consumer.on(Signed, () => expect.fail('handled')));
    await harness.clock.advance(300);
    expect(harness.copies(quarantineTopic('states')).map(({ code }) => code)).toEqual(['SEAL_MISSING', 'SEAL_INVALID']);
  });
});

describe('a record that contradicts its boundary', () => {
  it('goes to quarantine, is never handled, and passes only once the copy is acknowledged', async () => {
    const harness = new ConsumeHarness();
    const forged = { eventId: 'forged', key: Buffer.from('globex:n1') };
    append(harness, { eventId: 'e0' }, forged, { eventId: 'e2' });
    harness.kafka.faults.produce = () => 'never';
    const { process, seen } = await reading(harness);
    await harness.clock.advance(60_000);
    expect(seen).toEqual(['e0', 'e2']);
    expect(harness.committed()).toBe(1);
    process.transport.producers[0]?.inFlight.forEach(({ report }) => {
      report();
    });
    await harness.clock.advance(2_000);
    expect(harness.committed()).toBe(3);
    expect(harness.quarantined).toEqual([{ id: 'forged', code: 'TENANT_MISMATCH' }]);
    expect(process.consumer.counts()).toMatchObject({ handled: 2, quarantined: { TENANT_MISMATCH: 1 } });
  });

  it('threat 19: with 5,000 headers is quarantined, and the chunks become small', async () => {
    const harness = new ConsumeHarness();
    const many = Array.from({ length: 5_000 }, () => header('x', 'y'));
    append(harness, { eventId: 'big', moreHeaders: many }, ...events(200));
    const { process, seen } = await reading(harness);
    await harness.clock.advance(1_000);
    expect(seen).toHaveLength(200);
    expect(harness.quarantined).toEqual([{ id: 'big', code: 'TOO_MANY_HEADERS' }]);
    const asked = process.member.asked;
    expect(asked[asked.indexOf(1)]).toBe(1);
  });

  it("threat 15: of another tenant is foreign to a tenant's own consumer: skipped and counted, without the cipher", async () => {
    const groupId = 'acme.readers';
    const harness = new ConsumeHarness(1, [groupId]);
    append(harness, { eventId: 'own' }, { eventId: 'foreign', tenant: 'globex' });
    append(harness, { eventId: 'lie', tenant: 'globex', key: Buffer.from('acme:n1') });
    const { process, seen } = await reading(harness, undefined, { groupId, scope: ACME });
    await harness.clock.advance(2_000);
    expect(seen).toEqual(['own']);
    expect(process.consumer.counts()).toMatchObject({ handled: 1, foreign: 1, quarantined: { TENANT_MISMATCH: 1 } });
    expect(harness.committed(0, groupId)).toBe(3);
  });
});

describe('threat 47: dead-letter or quarantine topic away', () => {
  it.each([
    ['missing', (harness: ConsumeHarness) => harness.kafka.dropTopic(`${GROUP}.notes.dlq`)],
    [
      'refusing everything',
      (harness: ConsumeHarness) => {
        harness.kafka.faults.produce = () => ({ kind: 'refused', reason: 'Broker: Topic authorization failed' });
      },
    ],
    [
      'failing',
      (harness: ConsumeHarness) => {
        harness.kafka.faults.produce = () => ({ kind: 'failed', reason: 'Local: Message timed out' });
      },
    ],
    [
      'behind a full client queue',
      (harness: ConsumeHarness) => {
        harness.kafka.faults.produce = () => 'queue-full';
      },
    ],
  ])('%s: the offset does not pass, others do, and it goes on once it is back', async (_how, breakIt) => {
    const harness = new ConsumeHarness();
    const { process, seen } = await reading(
      harness,
      (id) => {
        if (id === 'bad') throw deadLetter('no');
      },
      { limit: { eventsPerSecond: 5 } },
    );
    breakIt(harness);
    append(harness, { eventId: 'bad' }, ...events(3, { tenant: 'globex' }));
    await harness.clock.advance(120_000);
    expect(seen).toEqual(['bad', 'e0', 'e1', 'e2']);
    expect(harness.committed()).toBe(0);
    expect(process.consumer.health()).toMatchObject({ status: 'degraded' });
    expect(process.consumer.counts().deadLettered).toBe(0);
    // A topic that is away must not use the tenant's publish rate up.
    expect(process.limiter.tryAdmit(ACME, { bytes: 1 })).toBe(0);

    harness.kafka.faults.produce = () => undefined;
    harness.kafka.createTopic(`${GROUP}.notes.dlq`);
    await harness.clock.advance(5_000);
    expect(harness.committed()).toBe(4);
    expect(harness.deadLetters).toEqual([{ id: 'bad', code: 'DEAD_LETTERED' }]);
    await harness.clock.advance(30_000);
    expect(process.consumer.health().status).toBe('live');
  });

  it('threat 55: a copy that is refused for what it is leaves a pointer, and passes after that', async () => {
    const harness = new ConsumeHarness();
    harness.kafka.faults.produce = ({ headers }) =>
      headers.some(({ name }) => name === 'dlq-pointer')
        ? undefined
        : { kind: 'invalid', reason: 'Broker: Message size too large' };
    append(harness, { eventId: 'large' });
    await reading(harness, () => {
      throw deadLetter('no');
    });
    await harness.clock.advance(10_000);
    const [pointer] = harness.kafka.log(`${GROUP}.notes.dlq`).records;
    expect(JSON.parse(pointer?.value?.toString() ?? '')).toMatchObject({
      topic: 'notes',
      partition: 0,
      offset: 0,
      reason: 'DEAD_LETTERED',
      valueSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(pointer?.headers.map(({ name }) => name)).not.toContain('event-id');
    expect(harness.committed()).toBe(1);
  });
});

describe('threat 29: a key service that is away', () => {
  it.each([true, false])(
    'holds its tenant, commits nothing of it, and it goes on by itself (at once: %s)',
    async (atOnce) => {
      const harness = new ConsumeHarness();
      const seen: string[] = [];
      const process = await harness.start((consumer) =>
        consumer.on(Whispered, ({ tenantId }) => void seen.push(tenantId)),
      );
      let away = true;
      process.cipher.wait = (tenantId) => {
        if (!away || tenantId !== ACME) return undefined;
        const error = tenantryError('KEY_SERVICE_AWAY', 'away');
        if (atOnce) throw error;
        return Promise.reject(error);
      };
      const sealed = { eventType: Whispered.eventType, value: Buffer.from('sealed:{"id":"n1"}') };
      append(harness, sealed, { ...sealed, tenant: 'globex' }, { ...sealed, tenant: 'globex' });
      await harness.clock.advance(600_000);
      expect(seen).toEqual(['globex', 'globex']);
      expect(harness.committed()).toBe(0);
      expect([harness.deadLetters, harness.quarantined]).toEqual([[], []]);
      expect(process.consumer.counts().failedAttempts).toBe(0);
      expect(process.logger.of('recordHeld')[0]).toMatchObject({ tenant: 'acme', code: 'KEY_SERVICE_AWAY' });
      away = false;
      await harness.clock.advance(3_000);
      expect(seen).toEqual(['globex', 'globex', 'acme']);
      expect(harness.committed()).toBe(3);
    },
  );

  it('that hangs does not start a handler once the partition has gone, nor keep it', async () => {
    const harness = new ConsumeHarness();
    const seen: string[] = [];
    const process = await harness.start((consumer) => consumer.on(Whispered, ({ id }) => void seen.push(id)));
    let answer: () => void = () => undefined;
    process.cipher.wait = () => new Promise((resolve) => (answer = resolve));
    append(harness, { eventType: Whispered.eventType, value: Buffer.from('sealed:{"id":"n1"}') });
    await harness.clock.advance(100);
    const stopped = await harness.clock.advanceUntil(process.consumer.stop());
    answer();
    await harness.clock.advance(1_000);
    expect(stopped).toEqual({ timedOut: false, unfinished: 0, uncommitted: 0 });
    expect(seen).toEqual([]);
    expect(harness.committed()).toBe(0);
  });
});

describe('threat 45: a handler that does not settle', () => {
  it('is told to end after its time, then counted as stuck; its key waits, no other tenant does', async () => {
    const harness = new ConsumeHarness();
    let aborted = false;
    const seen: string[] = [];
    const process = await harness.start(
      (consumer) =>
        consumer.on(Noted, ({ id }, { signal }) => {
          seen.push(id);
          signal.addEventListener('abort', () => (aborted = true));
          return id === 'hangs' ? never : undefined;
        }),
      { options: { concurrency: 2, tenantConcurrency: 1, handlerTimeoutMs: 1_000 } },
    );
    append(harness, { eventId: 'hangs' }, { eventId: 'behind' }, { eventId: 'beside', aggregate: 'n2' });
    append(harness, ...events(3, { tenant: 'globex' }));
    await harness.clock.advance(900);
    expect(seen).toEqual(['hangs', 'e0', 'e1', 'e2']);
    await harness.clock.advance(200);
    expect(aborted).toBe(true);
    await harness.clock.advance(10_000);
    expect(seen).toEqual(['hangs', 'e0', 'e1', 'e2', 'beside']);
    expect(process.consumer.health()).toMatchObject({ status: 'stuck' });
    expect(harness.committed()).toBe(0);
  });

  it('and then fails counts as timed out, and is tried again', async () => {
    const harness = new ConsumeHarness();
    const { process, seen } = await reading(
      harness,
      (_id, attempt) =>
        attempt === 1
          ? new Promise((_resolve, reject) => {
              harness.clock.setTimer(3_000, () => {
                reject(new Error('late'));
              });
            })
          : undefined,
      { options: { handlerTimeoutMs: 1_000 } },
    );
    append(harness, ...events(1));
    await harness.clock.advance(10_000);
    expect(seen).toEqual(['e0', 'e0']);
    expect(process.logger.of('handlerFailed')[0]).toMatchObject({ code: 'HANDLER_TIMEOUT' });
    expect(harness.committed()).toBe(1);
  });

  it('and whose partition goes away and comes back keeps its lane shut, and its memory is counted once', async () => {
    const harness = new ConsumeHarness();
    let settle: () => void = () => undefined;
    let calls = 0;
    const { process, seen } = await reading(
      harness,
      (id) => {
        if (id !== 'hangs') return undefined;
        calls += 1;
        return calls === 1 ? new Promise<void>((resolve) => (settle = resolve)) : undefined;
      },
      { options: { handlerTimeoutMs: 100, maxBufferedRecords: 2 } },
    );
    append(harness, { eventId: 'hangs' });
    await harness.clock.advance(10_000);
    expect(process.consumer.health().status).toBe('stuck');
    const group = harness.kafka.group(GROUP);
    group.lose(process.member, process.member);
    await harness.clock.advance(5_000);
    expect(seen).toEqual(['hangs']);
    settle();
    await harness.clock.advance(5_000);
    expect(seen).toEqual(['hangs', 'hangs']);
    append(harness, ...events(40));
    await harness.clock.advance(5_000);
    expect(harness.committed()).toBe(41);
    expect(Math.max(...process.member.asked)).toBeLessThanOrEqual(2);
    expect(process.consumer.health().status).toBe('live');
  });

  it('no handler starts when the last poll is too old, and those that waited start after the next one', async () => {
    const harness = new ConsumeHarness();
    let release: () => void = () => undefined;
    const { process, seen } = await reading(harness, (id) =>
      id === 'e0' ? new Promise<void>((resolve) => (release = resolve)) : undefined,
    );
    append(harness, ...events(2, { aggregate: 'same' }));
    await harness.clock.advance(200);
    expect(seen).toEqual(['e0']);
    // The client hangs in a poll for longer than max.poll.interval.ms.
    const { member } = process;
    const poll = member.poll.bind(member);
    let goOn: () => void = () => undefined;
    member.poll = async (maxRecords) => {
      await new Promise<void>((resolve) => (goOn = resolve));
      return poll(maxRecords);
    };
    await harness.clock.advance(400_000);
    release();
    await harness.clock.advance(100);
    expect(seen).toEqual(['e0']);
    member.poll = poll;
    goOn();
    await harness.clock.advance(200);
    expect(seen).toEqual(['e0', 'e1']);
  });
});

describe('memory', () => {
  it('reading stops at the bounds and goes on below them, polling all the while', async () => {
    const harness = new ConsumeHarness();
    const waiting: (() => void)[] = [];
    append(harness, ...Array.from({ length: 100 }, (_, index) => ({ tenant: `t${index}`, eventId: `e${index}` })));
    const { process } = await reading(
      harness,
      () =>
        new Promise<void>((resolve) => {
          waiting.push(resolve);
        }),
      { options: { maxBufferedRecords: 10, concurrency: 4, tenantConcurrency: 4, handlerTimeoutMs: 86_400_000 } },
    );
    await harness.clock.advance(60_000);
    const { member } = process;
    expect(member.paused).toContainEqual({ topic: 'notes', partition: 0 });
    const polls = member.polls;
    await harness.clock.advance(10_000);
    expect(member.polls).toBeGreaterThan(polls + 50);
    let most = 0;
    for (let turn = 0; turn < 200; turn += 1) {
      most = Math.max(most, waiting.length);
      waiting.shift()?.();
      await harness.clock.advance(400);
    }
    expect(most).toBeLessThanOrEqual(4);
    expect(Math.max(...member.asked)).toBeLessThanOrEqual(10);
    await harness.clock.advance(2_000);
    expect(harness.committed()).toBe(100);
  });

  it('bytes count too', async () => {
    const harness = new ConsumeHarness();
    const data = { id: 'n', note: 'x'.repeat(1_000) };
    append(harness, ...Array.from({ length: 50 }, (_, index) => ({ tenant: `t${index}`, data })));
    const { process } = await reading(harness, () => never, {
      options: { maxBufferedBytes: 5_000, handlerTimeoutMs: 86_400_000, concurrency: 1 },
    });
    await harness.clock.advance(10_000);
    expect(process.member.paused).toContainEqual({ topic: 'notes', partition: 0 });
  });
});

describe('the ambient tenant', () => {
  it('threat 52: is never another handler’s, however their awaits interleave', async () => {
    const harness = new ConsumeHarness();
    const wrong: string[] = [];
    let handled = 0;
    const process: ConsumerProcess = await harness.start((consumer) =>
      consumer.on(Noted, async ({ tenantId }, { tenant }) => {
        for (let turn = 0; turn < 10; turn += 1) {
          await new Promise<void>((resolve) => harness.clock.setTimer((turn * 7 + tenantId.length) % 5, resolve));
          if (process.ambient.current !== tenantId || tenant.id !== tenantId) wrong.push(tenantId);
        }
        handled += 1;
      }),
    );
    for (let index = 0; index < 20; index += 1) {
      append(harness, { tenant: index % 2 === 0 ? 'acme' : 'globex', aggregate: `n${index}` });
    }
    await harness.clock.advance(1_000);
    expect([handled, wrong]).toEqual([20, []]);
    expect(process.ambient.current).toBeUndefined();
  });

  it('threat 58: is dead once its handler has settled', async () => {
    const harness = new ConsumeHarness();
    const codes: unknown[] = [];
    const process: ConsumerProcess = await harness.start((consumer) =>
      consumer.on(Noted, () => {
        harness.clock.setTimer(50, () => {
          try {
            process.ambient.require();
          } catch (error) {
            codes.push((error as { code: unknown }).code);
          }
        });
      }),
    );
    append(harness, ...events(1));
    await harness.clock.advance(200);
    expect(codes).toEqual(['TENANT_CONTEXT_EXPIRED']);
  });
});

describe('threat 60: an older, unprotected version of a type that is protected now', () => {
  it('is refused, unless it is listed as acceptable', async () => {
    const { defineEvent } = await import('../../../src/contract/define-event.js');
    const { z } = await import('zod');
    const version = <V extends number>(number: V, protection: 'none' | 'confidential') =>
      defineEvent({
        type: 'notes.grown',
        version: number,
        topic: 'notes',
        schema: z.object({ id: z.string() }),
        aggregateId: ({ id }) => id,
        protection,
      });
    for (const acceptUnprotected of [[], ['notes.grown.v1']]) {
      const harness = new ConsumeHarness();
      const seen: number[] = [];
      append(harness, { eventType: 'notes.grown.v1' });
      await harness.start(
        (consumer) =>
          consumer.on([version(1, 'none'), version(2, 'confidential')], (event) => seen.push(event.version)),
        { options: { acceptUnprotected } },
      );
      await harness.clock.advance(1_000);
      expect(seen).toEqual(acceptUnprotected.length === 0 ? [] : [1]);
      expect(harness.quarantined.map(({ code }) => code)).toEqual(
        acceptUnprotected.length === 0 ? ['ENVELOPE_MALFORMED'] : [],
      );
    }
  });
});

describe('a forged record', () => {
  it('is quarantined at nobody’s cost: a forger cannot use up the rate of the tenant that it names', async () => {
    const harness = new ConsumeHarness();
    for (let index = 0; index < 20; index += 1) {
      harness.kafka.append(eventRecord({ topic: 'states', value: Buffer.from('forged'), eventType: Signed.eventType }));
    }
    const process = await harness.start((consumer) => consumer.on(Signed, () => expect.fail('handled')), {
      limit: { eventsPerSecond: 1 },
    });
    await harness.clock.advance(3_000);
    expect(process.consumer.counts().quarantined).toEqual({ SEAL_MISSING: 20 });
    expect(process.limiter.tryAdmit(ACME, { bytes: 1 })).toBe(0);
  });

  it.each(['skip', 'dead-letter'] as const)(
    'of a version or type that nobody handles is dead-lettered at nobody’s cost, too (%s)',
    async (otherTypes) => {
      const harness = new ConsumeHarness();
      for (let index = 0; index < 20; index += 1) {
        append(harness, { eventType: index % 2 === 0 ? 'notes.noted.v2' : 'notes.burned.v1' });
      }
      const process = await harness.start((consumer) => consumer.on(Noted, () => expect.fail('handled')), {
        limit: { eventsPerSecond: 1 },
        options: { otherTypes },
      });
      await harness.clock.advance(3_000);
      expect(process.consumer.counts().deadLettered).toBe(otherTypes === 'skip' ? 10 : 20);
      expect(process.limiter.tryAdmit(ACME, { bytes: 1 })).toBe(0);
    },
  );
});

describe('a directory', () => {
  it('that does not know a tenant: its records go to quarantine', async () => {
    const harness = new ConsumeHarness();
    append(harness, { eventId: 'known' }, { eventId: 'unknown', tenant: 'globex' });
    const directory = { get: (id: string) => (id === GLOBEX ? undefined : {}) };
    const { seen } = await reading(harness, undefined, { directory });
    expect(seen).toEqual(['known']);
    expect(harness.quarantined).toEqual([{ id: 'unknown', code: 'UNKNOWN_TENANT' }]);
  });

  it('that throws holds the record, commits nothing of it, and handles it once the directory answers', async () => {
    const harness = new ConsumeHarness();
    append(harness, ...events(3));
    let broken = true;
    const directory = {
      get: (): TenantProfile => {
        if (broken) throw new Error('a tenant secret');
        return {};
      },
    };
    const { process, seen } = await reading(harness, undefined, { directory });
    await harness.clock.advance(20_000);
    expect(seen).toEqual([]);
    expect(harness.committed()).toBe(0);
    expect(JSON.stringify(process.logger.entries)).not.toContain('secret');
    expect(process.consumer.health()).toEqual({
      status: 'degraded',
      reasons: [expect.stringMatching(/^[1-3] records are held, and asked about again: UNKNOWN_TENANT$/)],
    });
    broken = false;
    await harness.clock.advance(3_000);
    expect(seen).toEqual(['e0', 'e1', 'e2']);
    expect(harness.committed()).toBe(3);
    expect(process.consumer.health()).toEqual({ status: 'live', reasons: [] });
  });
});
