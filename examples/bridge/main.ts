// A bridge from a topic without tenants to one of tenantry's. Without --brokers it is a demonstration in this process.
import { parseArgs } from 'node:util';
import { envelopeEncryption, localKeyring, TenantKafka } from 'tenantry';
import { runBridge } from './bridge.js';
import { demonstrate } from './demonstrate.js';
import { OldTopic } from './old-topic.js';
import { eventIdOf } from './translate.js';

/** What the client may take to stop once the bridge was told to end. */
const STOP_MS = 2_000;

const { values } = parseArgs({
  options: {
    brokers: { type: 'string' },
    keys: { type: 'string', default: 'keys.json' },
    topic: { type: 'string', default: 'old-orders' },
    batch: { type: 'string', default: '500' },
    /** How long the batch under way may take after SIGTERM. */
    'grace-ms': { type: 'string', default: '10000' },
    'until-end': { type: 'boolean', default: false },
  },
});

try {
  if (values.brokers === undefined) await demonstrate();
  else await bridge(values.brokers.split(','));
} catch (error) {
  // One line, which says what to do about it: a trace would tell nobody more.
  const { message } = error as Error;
  console.error(`the bridge has ended: ${message.replaceAll('\n', ' ')}`);
  process.exitCode = 1;
}

async function bridge(brokers: string[]): Promise<void> {
  const ended = new AbortController();
  process.once('SIGTERM', () => {
    ended.abort();
  });
  const kafka = new TenantKafka({
    clientId: 'bridge',
    brokers,
    encryption: envelopeEncryption({ kms: localKeyring({ keyFile: values.keys }) }),
  });
  let from: OldTopic | undefined;
  try {
    from = await OldTopic.open(brokers, values.topic, 'bridge');
    await runBridge({
      from,
      to: kafka,
      batchRecords: Number(values.batch),
      signal: ended.signal,
      graceMs: Number(values['grace-ms']),
      untilEnd: values['until-end'],
      onRefused: (record, why) => {
        console.log(`refused ${eventIdOf(record)}: ${why}`);
      },
      onProgress: (records) => {
        console.log(`committed ${records}`);
      },
    });
  } finally {
    await from?.close();
    // What is not acknowledged yet is not committed either.
    await kafka.stop({ timeoutMs: ended.signal.aborted ? STOP_MS : undefined });
  }
}
