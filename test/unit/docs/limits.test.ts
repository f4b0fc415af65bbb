// The defaults and fixed limits in the guides are those of the code.
import { expect, it } from 'vitest';
import { compileOptions } from '../../../src/client/client-options.js';
import { MAX_HEADERS } from '../../../src/consumer/handling/tenant-guard.js';
import { consumerOptionsSchema } from '../../../src/consumer/consumer-options.js';
import { MAX_APPLICATION_HEADERS } from '../../../src/producer/application-headers.js';
import { readText } from './pages.ts';

const client = compileOptions({ clientId: 'c', brokers: ['localhost:9092'] });
const consumer = consumerOptionsSchema().parse({ dedupe: { store: { has: () => false, mark: () => undefined } } });

/** Options with defaults that a table of a guide tells, as numbers or text. */
const DEFAULTS: readonly (readonly [page: string, option: string, value: unknown])[] = [
  ['limits', 'rateLimit.onLimit', client.rateLimit.onLimit],
  ['limits', 'rateLimit.maxWaitMs', client.rateLimit.maxWaitMs],
  ['limits', 'rateLimit.burstMs', client.rateLimit.burstMs],
  ['limits', 'rateLimit.maxWaiting', client.rateLimit.maxWaiting],
  ['limits', 'maxRecordBytes', client.maxRecordBytes],
  ['limits', 'maxWaitingBytes', client.maxWaitingBytes],
  ['limits', 'maxInFlight', client.maxInFlight],
  ['limits', 'maxInFlightBytes', client.maxInFlightBytes],
  ['limits', 'deliveryTimeoutMs', client.deliveryTimeoutMs],
  ['limits', 'handlerTimeoutMs', consumer.handlerTimeoutMs],
  ['limits', 'retry.attempts', consumer.retry.attempts],
  ['limits', 'retry.backoffMs', consumer.retry.backoffMs],
  ['limits', 'retry.maxBackoffMs', consumer.retry.maxBackoffMs],
  ['limits', 'dedupe.ttlMs', consumer.dedupe?.ttlMs],
  ['consuming', 'concurrency', consumer.concurrency],
  ['consuming', 'maxBufferedRecords', consumer.maxBufferedRecords],
  ['consuming', 'maxBufferedBytes', consumer.maxBufferedBytes],
  ['consuming', 'commitIntervalMs', consumer.commitIntervalMs],
];

it.each(DEFAULTS)('%s.md: the default of %s is %s', (page, option, value) => {
  expect(valueOf(cell(page, `\`${option}\``))).toBe(value);
});

it.each([
  ['headers of your own', MAX_APPLICATION_HEADERS],
  ['headers of a record that is read', MAX_HEADERS],
])('limits.md: %s are %i at most', (what, limit) => {
  expect(Number.parseInt(cell('limits', what), 10)).toBe(limit);
});

/** The second cell of the row that begins with `first`. */
function cell(page: string, first: string): string {
  const row = readText(`docs/${page}.md`)
    .split('\n')
    .map((line) => line.split('|').map((part) => part.trim()))
    .find(([, name]) => name === first);
  return row?.[2] ?? expect.fail(`${page}.md has no row ${first}`);
}

function valueOf(text: string): number | string {
  const [, digits = '', unit] = /^([\d,]+)( MiB)?$/.exec(text) ?? [];
  if (digits === '') return text.replaceAll('`', '');
  return Number(digits.replaceAll(',', '')) * (unit === undefined ? 1 : 2 ** 20);
}
