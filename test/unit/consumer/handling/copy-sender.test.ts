import { describe, expect, it } from 'vitest';
import { CopySender } from '../../../../src/consumer/handling/copy-sender.js';
import type { CopyReason } from '../../../../src/consumer/handling/copy-record.js';
import { VIOLATIONS, type Payer } from '../../../../src/consumer/handling/delivery.js';
import { parseTenantId, type TenantId } from '../../../../src/core/tenant-id.js';
import type { RateLimiter, RecordCost } from '../../../../src/rate-limit/limiter.js';
import { recordSizeBytes } from '../../../../src/record/wire-record.js';
import { telemetrySchema } from '../../../../src/telemetry/options.js';
import { Telemetry } from '../../../../src/telemetry/telemetry.js';
import { VirtualClock } from '../../../../src/testing/virtual-clock.js';
import type { DeliveryFailure } from '../../../../src/transport/port.js';
import { FakeKafka } from '../../../support/fake-kafka.js';
import type { FakeProducer } from '../../../support/fake-producer.js';
import { RecordingLogger } from '../../../support/recording-logger.js';
import { receivedRecord } from '../../../support/records.js';

const ACME = parseTenantId('acme');
const TARGET = '_dlq.notes';
const REASON: CopyReason = {
  code: 'HANDLER_FAILED',
  detail: undefined,
  groupId: '_shared.readers',
  attempts: 5,
  replay: false,
};
const REFUSED: DeliveryFailure = { kind: 'invalid', reason: 'Broker: Message size too large' };

interface Setting {
  readonly clock: VirtualClock;
  readonly kafka: FakeKafka;
  readonly producer: FakeProducer;
  readonly charged: readonly (readonly [TenantId, RecordCost])[];
  /** Copies a record of acme. */
  readonly begin: (payer: Payer, refusals?: number) => Promise<DeliveryFailure | undefined>;
  /** The same, and what comes of it. */
  readonly copy: (payer: Payer, refusals?: number) => Promise<DeliveryFailure | undefined>;
}

function setUp(topics: readonly string[] = [TARGET]): Setting {
  const clock = new VirtualClock();
  const kafka = new FakeKafka(clock);
  for (const topic of topics) kafka.createTopic(topic);
  const transport = kafka.transport();
  transport.createProducer();
  const producer = transport.producers[0]!;
  const charged: [TenantId, RecordCost][] = [];
  const limiter: RateLimiter = {
    tryAdmit: () => expect.fail('a copy must not wait for a limit'),
    charge: (tenantId, cost) => void charged.push([tenantId, cost]),
    refund: () => expect.fail('nothing is given back'),
  };
  const telemetry = new Telemetry({ clock, logger: new RecordingLogger(), options: telemetrySchema().parse({}) });
  const sender = new CopySender({ clock, producer, limiter, telemetry });
  const begin: Setting['begin'] = (payer, refusals = 0) =>
    sender.copy(receivedRecord({ tenant: 'acme' }), TARGET, REASON, payer, refusals);
  return {
    clock,
    kafka,
    producer,
    charged,
    begin,
    copy: (payer, refusals) => clock.advanceUntil(begin(payer, refusals)),
  };
}

describe('what a copy costs', () => {
  it("is the copy's bytes, with the headers that it got, charged to the record's tenant once", async () => {
    const { producer, charged, copy } = setUp();
    expect(await copy(ACME)).toBeUndefined();
    const [written] = producer.taken;
    expect(charged).toEqual([[ACME, { bytes: recordSizeBytes(written!) }]]);
    expect(charged[0]![1].bytes).toBeGreaterThan(recordSizeBytes({ ...written!, headers: [] }));
  });

  it('is that of the pointer where one takes the place of the copy', async () => {
    const { producer, charged, copy } = setUp();
    expect(await copy(ACME, 2)).toBeUndefined();
    const [pointer] = producer.taken;
    expect(pointer!.headers.at(-1)?.name).toBe('dlq-pointer');
    expect(charged).toEqual([[ACME, { bytes: recordSizeBytes(pointer!) }]]);
  });

  it('is nothing before the broker has acknowledged it', async () => {
    const { clock, kafka, charged, begin } = setUp();
    kafka.delays.delivery = () => 1_000;
    const copied = begin(ACME);
    await clock.advance(999);
    expect(charged).toEqual([]);
    await clock.advance(1);
    expect(await copied).toBeUndefined();
    expect(charged).toHaveLength(1);
  });

  it.each([
    ['the broker refuses it', REFUSED],
    ['the broker never answers', 'never'],
    ['the client has no room for it', 'queue-full'],
  ] as const)('is nothing where %s, and is paid once it was copied at last', async (_, fault) => {
    const { kafka, charged, copy } = setUp();
    kafka.faults.produce = () => fault;
    for (const refusals of [0, 1, 2]) expect(await copy(ACME, refusals)).toHaveProperty('reason');
    expect(charged).toEqual([]);
    kafka.faults.produce = () => undefined;
    expect(await copy(ACME, 2)).toBeUndefined();
    expect(charged).toHaveLength(1);
  });

  it('is nothing where the topic is away', async () => {
    const { charged, copy } = setUp([]);
    expect(await copy(ACME)).toMatchObject({ kind: 'failed' });
    expect(charged).toEqual([]);
  });

  it('is charged to nobody for a violation, whichever tenant its record names', async () => {
    const { producer, charged, copy } = setUp();
    expect(await copy(VIOLATIONS)).toBeUndefined();
    expect(producer.taken).toHaveLength(1);
    expect(charged).toEqual([]);
  });
});
