import type { EventHandler } from '../../api/handler.js';
import type { AnyEventContract, InputOf } from '../../contract/event-contract.js';
import { invalidOptions } from '../../core/invalid-options.js';
import { InMemoryKafka } from '../in-memory/in-memory-kafka.js';
import type { DeliverOptions } from './deliver-options.js';
import { runDeliveries } from './delivery-run.js';
import type { DeliveryResult } from './delivery-result.js';
import { uncheckedContract } from './unchecked-contract.js';

const GIVE_UP_AFTER_MS = 10_000;

/**
 * Delivers one event to a handler, without a broker: it is published for a tenant, read, guarded, opened, validated,
 * upcast and handled in its tenant's context as in production, with retries and dead letters, and what the handler
 * publishes is read again from what was written.
 *
 * @param contracts - as of `consumer.on`
 * @param input - what is published: as the first of the contracts, or as what `options.as` says
 * @throws TenantryError what publishing the input fails with, such as `VALIDATION_FAILED`; `INVALID_OPTIONS`;
 * `INVALID_STATE` where what was published cannot be read again
 *
 * @example
 * ```ts
 * import { deliver } from 'tenantry/testing';
 *
 * const { outcome, published } = await deliver(handleOrder, OrderPlaced, { orderId: '42', total: 9.5 }, { tenant: 'acme' });
 * ```
 */
export function deliver<C extends AnyEventContract, As extends AnyEventContract = C>(
  handler: EventHandler<C>,
  contracts: C | readonly C[],
  input: InputOf<As>,
  options: DeliverOptions & { readonly as?: As | undefined },
): Promise<DeliveryResult> {
  const contract = options.as ?? firstOf(contracts);
  return deliverOne(handler, contracts, { contract, data: input, aggregateId: undefined }, options);
}

/** Options of `deliverUnchecked`. */
export interface DeliverUncheckedOptions extends DeliverOptions {
  /** What it is published as. Default: the first of the contracts */
  readonly as?: AnyEventContract | undefined;
  /** Default `unchecked` */
  readonly aggregateId?: string | undefined;
}

/**
 * `deliver` of data that no schema has seen, as a producer with another schema would write them: the consumer's
 * validation decides. Of a contract with `compacted: true`, null is a tombstone.
 */
export function deliverUnchecked<C extends AnyEventContract>(
  handler: EventHandler<C>,
  contracts: C | readonly C[],
  data: unknown,
  options: DeliverUncheckedOptions,
): Promise<DeliveryResult> {
  const { aggregateId = 'unchecked' } = options;
  const contract = uncheckedContract(options.as ?? firstOf(contracts), aggregateId);
  const isTombstone = data === null && contract.compacted;
  return deliverOne(
    handler,
    contracts,
    { contract, data, aggregateId: isTombstone ? aggregateId : undefined },
    options,
  );
}

async function deliverOne<C extends AnyEventContract>(
  handler: EventHandler<C>,
  contracts: C | readonly C[],
  written: { readonly contract: AnyEventContract; readonly data: unknown; readonly aggregateId: string | undefined },
  options: DeliverOptions,
): Promise<DeliveryResult> {
  const { tenant, eventId, timestamp, headers, retry, timeoutMs, giveUpAfterMs = GIVE_UP_AFTER_MS } = options;
  const input = { ...written, tenant, eventId, timestamp, headers };
  const list: readonly AnyEventContract[] = [contracts].flat();
  const registration = { contracts: list, handler: handler as EventHandler, options: { retry, timeoutMs } };
  await using memory = new InMemoryKafka();
  const kafka = options.kafka ?? memory.client();
  const { endings, published } = await runDeliveries(kafka, [registration], [input], giveUpAfterMs);
  const [ending] = endings as [(typeof endings)[number]];
  return { ...ending, published };
}

function firstOf<C>(contracts: C | readonly C[]): C {
  const [first] = [contracts].flat() as C[];
  if (first !== undefined) return first;
  throw invalidOptions('deliver', [{ path: 'contracts', message: 'must be a contract, or an array of them' }]);
}
