import type { Transport } from '../../src/transport/port.js';

let current: Transport | undefined;

/** What the next client that is made stands on. */
export function useTransport(transport: Transport): void {
  current = transport;
}

/** Stands in for `createConfluentTransport` where a test file mocks its module. */
export function clientTransport(): Transport {
  if (current === undefined) throw new Error('make a ClientHarness first');
  return current;
}
