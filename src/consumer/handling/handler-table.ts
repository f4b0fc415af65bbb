import type { EventHandler } from '../../api/handler.js';
import { ContractSet } from '../../contract/contract-set.js';
import type { AnyEventContract } from '../../contract/event-contract.js';
import { olderVersions } from '../../contract/upcast.js';
import { tenantryError } from '../../core/errors.js';
import type { HandlerPolicy } from './handler-policy.js';

/** A contract and the handler that takes its events. */
export interface Route {
  /** The version in which the events were published. */
  readonly contract: AnyEventContract;
  /** The versions that they become for the handler, one after the other; none where it takes them as they are. */
  readonly upcasts: readonly AnyEventContract[];
  /** The version that the handler gets. */
  readonly handled: AnyEventContract;
  readonly handler: EventHandler;
  readonly policy: HandlerPolicy;
}

/** Which handler takes which event type and version. */
export class HandlerTable {
  readonly #contracts: ContractSet;
  readonly #routes = new Map<string, Route>();

  /** @param acceptUnprotected - event types that keep their own, weaker protection beside a newer version */
  constructor(acceptUnprotected: readonly string[] = []) {
    this.#contracts = new ContractSet(acceptUnprotected);
  }

  /**
   * Adds a handler for a version, and for the older ones that are upcast to it and have no handler of their own. Of
   * several handlers that an old version can be upcast to, that of the lowest version gets it.
   *
   * @throws TenantryError `CONTRACT_CONFLICT`
   */
  add(contract: AnyEventContract, handler: EventHandler, policy: HandlerPolicy): void {
    if (this.#routes.get(contract.eventType)?.handled.version === contract.version) {
      throw tenantryError('CONTRACT_CONFLICT', `event contract ${contract.eventType} has a handler already`);
    }
    this.#contracts.add(contract);
    const route = { handled: contract, handler, policy };
    this.#routes.set(contract.eventType, { ...route, contract, upcasts: [] });
    let upcasts = [contract];
    for (const older of olderVersions(contract)) {
      const present = this.#routes.get(older.eventType);
      if (present === undefined || present.handled.version > contract.version)
        this.#routes.set(older.eventType, { ...route, contract: older, upcasts });
      upcasts = [older, ...upcasts];
    }
  }

  /** All versions that are handled, as they are or upcast. */
  get contracts(): readonly AnyEventContract[] {
    return [...this.#routes.values()].map(({ contract }) => contract);
  }

  /** The logical topics of all handled contracts. */
  get topics(): readonly string[] {
    return [...new Set(this.contracts.map(({ topic }) => topic))];
  }

  get eventTypes(): readonly string[] {
    return [...this.#routes.keys()];
  }

  /** An event type whose records have to be opened with a key; undefined where there is none. */
  get aProtectedType(): string | undefined {
    return [...this.#routes.keys()].find((eventType) => this.#contracts.requiredProtection(eventType) !== 'none');
  }

  /** The route of an `event-type` header on a logical topic, or why there is none. */
  find(eventType: string, logicalTopic: string): Route | 'unknown-version' | 'unknown-type' {
    const route = this.#routes.get(eventType);
    if (route !== undefined) return route.contract.topic === logicalTopic ? route : 'unknown-type';
    const known = this.#contracts.lookup(eventType);
    return known === 'unknown-version' ? known : 'unknown-type';
  }

  /** What the newest version of an event's type demands of it. */
  requiredProtection(contract: AnyEventContract): AnyEventContract['protection'] {
    return this.#contracts.requiredProtection(contract.eventType);
  }
}
