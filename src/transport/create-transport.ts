import type { TransportContext } from './client-config.js';
import { createConfluentTransport } from './confluent-transport.js';
import type { ResolvedTransportOptions } from './options.js';
import type { Transport } from './port.js';

/** Makes the clients of a cluster that needs no network. */
export type InProcessTransport = (context: TransportContext) => Transport;

const inProcess = new Map<string, InProcessTransport>();

/**
 * Announces a cluster in the memory of this process: whoever names its address as a broker gets it.
 *
 * @returns a function that takes the announcement back
 */
export function announceInProcessTransport(broker: string, make: InProcessTransport): () => void {
  inProcess.set(broker, make);
  return () => inProcess.delete(broker);
}

/** The transport to the brokers that the options name. */
export function createTransport(options: ResolvedTransportOptions, context: TransportContext): Transport {
  const make = options.brokers.length === 1 ? inProcess.get(options.brokers[0] ?? '') : undefined;
  return make?.(context) ?? createConfluentTransport(options, context);
}
