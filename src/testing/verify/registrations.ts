import type { EventHandler, HandlerOptions } from '../../api/handler.js';
import type { Worker } from '../../api/worker.js';
import type { TenantKafka } from '../../client/tenant-kafka.js';
import { isEventContract, type AnyEventContract } from '../../contract/event-contract.js';
import type { Registration } from '../deliver/delivery-run.js';

/** Registers handlers with a worker, as a service does. */
export type Register = (worker: Worker, kafka: TenantKafka) => unknown;

/** The handlers that a service registers. They are registered with a worker that never starts. */
export async function registrationsOf(register: Register, kafka: TenantKafka): Promise<readonly Registration[]> {
  const registrations: Registration[] = [];
  const worker = kafka.worker('registrations');
  const on = worker.on.bind(worker);
  const noted = (
    given: AnyEventContract | readonly AnyEventContract[],
    handler: EventHandler,
    options?: HandlerOptions,
  ) => {
    on(given, handler, options);
    const contracts = isEventContract(given) ? [given] : given;
    registrations.push({ contracts, handler, options: options ?? {} });
    return worker;
  };
  worker.on = noted as Worker['on'];
  await register(worker, kafka);
  return registrations;
}
