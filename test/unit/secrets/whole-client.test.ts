// A client that publishes, handles, fails, quarantines and loses its key service, with an SDK that traces all of it.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { envelopeEncryption } from '../../../src/encryption/encryption-options.js';
import { KeyServiceFailure } from '../../../src/encryption/key-service.js';
import { controlTopic, deadLetterTopic, quarantineTopic } from '../../../src/routing/naming.js';
import { ClientHarness } from '../../support/client-harness.js';
import { Lettered, Signed, Whispered } from '../../support/contracts.js';
import { RecordingLogger } from '../../support/recording-logger.js';
import { secretWatch } from '../../support/secrets/secret-watch.js';
import { FakeKeyService } from '../encryption/fixtures.js';
import { registerTracing, unregisterAll, type SeenSpans } from '../telemetry/otel-sdk.js';

vi.mock('../../../src/transport/confluent-transport.js', async () => {
  const { clientTransport } = await import('../../support/client-transport.js');
  return { createConfluentTransport: clientTransport };
});

const NOTE = 'nobody else may read this';
const GROUP = '_shared.readers';
const CONTRACTS = [Whispered, Lettered, Signed];

let spans: SeenSpans;
beforeEach(() => {
  spans = registerTracing();
});
afterEach(unregisterAll);

it('threat 37: tells no secret in any error, log event, span or header of a copy', async () => {
  secretWatch.secret('a field', NOTE);
  const service = new FakeKeyService();
  const logger = new RecordingLogger();
  const harness = new ClientHarness({ encryption: envelopeEncryption({ kms: service }), logger });
  const { client, kafka } = harness;
  kafka.createTopic(controlTopic(GROUP));
  for (const topic of ['notes', 'states']) {
    kafka.createTopic(quarantineTopic(topic));
    kafka.createTopic(deadLetterTopic(GROUP, topic));
  }
  const worker = client.worker('readers', { retry: { attempts: 2, backoffMs: 10 } });
  let handled = 0;
  for (const contract of CONTRACTS) {
    worker.on(contract, ({ data }) => {
      handled += 1;
      throw new Error(`cannot handle ${JSON.stringify(data)}`);
    });
  }
  await harness.settle(worker.start());

  const acme = client.tenant('acme');
  for (const [index, contract] of CONTRACTS.entries()) {
    await harness.settle(acme.publish(contract, { id: `n${index}`, note: NOTE }));
  }
  await harness.settle(worker.caughtUp());
  // All of them once more, each changed in its last byte, and in the clear.
  for (const topic of ['notes', 'states']) {
    for (const record of [...kafka.log(topic).records]) {
      const flip = (bytes: Buffer): Buffer => Buffer.concat([bytes.subarray(0, -1), Buffer.of(bytes.at(-1)! ^ 1)]);
      const headers = record.headers.map(({ name, value }) => ({
        name,
        value: name === 'tenantry-seal' ? flip(value) : value,
      }));
      const forged = { topic, partition: 0, key: record.key, timestampMs: undefined };
      kafka.append({ ...forged, headers, value: record.value && flip(record.value) });
      const plain = Buffer.from(JSON.stringify({ id: 'n', note: NOTE }));
      kafka.append({ ...forged, headers: record.headers, value: plain });
    }
  }
  await harness.settle(worker.caughtUp());

  const secret = service.seen[0]!.toString('base64');
  const failures: Error[] = [];
  // What the service says is none of ours; what becomes of it is.
  const said = await secretWatch.apart(() => {
    failures.push(
      new KeyServiceFailure('key-refused', secret),
      new KeyServiceFailure('key-gone', `body: ${secret}`),
      new KeyServiceFailure('data-key-refused', secret),
      Object.assign(new Error(`connect ${secret}`), { code: secret }),
    );
  });
  expect(said).toHaveLength(3);
  const codes: unknown[] = [];
  for (const failure of failures) {
    service.failure = failure;
    client.renewKeys();
    await harness.clock.advance(2_000);
    codes.push(await harness.codeOf(acme.publish(Whispered, { id: 'n9', note: NOTE })));
  }
  await harness.settle(client.stop());

  for (const { name, attributes, events, links, status } of spans.spans()) {
    secretWatch.saw('a span', { name, attributes, events, links, status });
  }
  expect(codes).toEqual(['KEY_REFUSED', 'KEY_GONE', 'KEY_REFUSED', 'KEY_SERVICE_AWAY']);
  expect(handled).toBe(6);
  expect(worker.counts()).toMatchObject({ deadLettered: 3, quarantined: expect.anything() as unknown });
  expect(Object.values(worker.counts().quarantined).reduce((sum, count) => sum + count, 0)).toBe(6);
  expect(spans.spans().length).toBeGreaterThanOrEqual(3 + 6 + 4);
  expect(logger.of('keyRefused').length).toBeGreaterThan(0);
  expect(secretWatch.leaks()).toEqual([]);
});
