import { expect, it } from 'vitest';
import { consumerFault, deliveryFailure, requestError } from '../../../src/transport/librdkafka-errors.js';

it.each([
  ['unknown', [-192, -195, -185, -152, -151, -150, -148, -144, 7, 20, 45, 47, 59, -12_345, 12_345]],
  ['invalid', [2, 10, 18, 32, 44, 87]],
  ['refused', [-188, 17, 29, 31, 35, 43, 76]],
  ['failed', [-190, -184, 3, 5, 6, 19, 56]],
] as const)('a failed delivery is %s where it may be no other', (kind, codes) => {
  for (const code of codes) expect(deliveryFailure(code, 'why')).toEqual({ kind, reason: 'why' });
});

it.each([
  ['out-of-range', [-140, -139, 1]],
  ['unreadable', [-198, -199, 2, 10]],
  ['fatal', [-144, -169, 29, 30, 31]],
  ['other', [-147, 3, -195, 12_345]],
] as const)('threat 53: a fault of a consumer is %s', (kind, codes) => {
  for (const code of codes) expect(consumerFault(code, 'why')).toEqual({ kind, reason: 'why' });
});

it('a fatal fault says what a broker without KIP-848 needs', () => {
  expect(consumerFault(-150, 'why')).toMatchObject({
    kind: 'fatal',
    reason: expect.stringContaining("'classic'") as string,
  });
});

it.each([
  ['BROKER_UNREACHABLE', [-195, -185, -187, -180]],
  ['BROKER_ACCESS_DENIED', [-169, 29, 30, 31]],
  ['ADMIN_FAILED', [38, 0, -1]],
] as const)('a failed request is %s', (code, codes) => {
  for (const one of codes) expect(requestError('asking', one, 'why')).toMatchObject({ code });
});
