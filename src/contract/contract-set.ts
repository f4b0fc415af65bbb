import { tenantryError } from '../core/errors.js';
import { isEventContract, type AnyEventContract, type Protection } from './event-contract.js';
import { parseEventType } from './event-type.js';
import { olderVersions } from './upcast.js';

/** What a set knows of an event type: its contract, or how much of it is unknown. */
export type ContractLookup = AnyEventContract | 'unknown-version' | 'unknown-type';

function strengthOf(protection: Protection): number {
  if (typeof protection === 'object') return 2;
  return { none: 0, authentic: 1, confidential: 3 }[protection];
}

/** The contracts of one client or consumer, which can stand beside each other. */
export class ContractSet {
  readonly #byEventType = new Map<string, AnyEventContract>();
  readonly #newestByType = new Map<string, AnyEventContract>();
  readonly #firstByTopic = new Map<string, AnyEventContract>();
  readonly #acceptUnprotected: ReadonlySet<string>;

  /**
   * @param acceptUnprotected - event types such as `orders.placed.v1` that keep their own protection although
   * a newer version of the type is better protected
   */
  constructor(acceptUnprotected: Iterable<string> = []) {
    this.#acceptUnprotected = new Set(acceptUnprotected);
  }

  /**
   * Adds a contract, and the older versions that it upcasts from; what is there already changes nothing.
   *
   * @throws TenantryError `INVALID_CONTRACT` for what `defineEvent` did not make; `CONTRACT_CONFLICT` for
   * another contract of the same type and version, or one that says otherwise whether its topic is compacted
   */
  add(contract: AnyEventContract): void {
    if (!isEventContract(contract))
      throw tenantryError('INVALID_CONTRACT', 'an event contract must come from defineEvent');
    const present = this.#byEventType.get(contract.eventType);
    if (present === contract) return;
    const versions = [contract, ...olderVersions(contract)];
    for (const version of versions) this.#check(version);
    for (const version of versions) this.#put(version);
  }

  #check(contract: AnyEventContract): void {
    const { eventType, topic, compacted } = contract;
    const present = this.#byEventType.get(eventType);
    if (present !== undefined && present !== contract)
      throw tenantryError('CONTRACT_CONFLICT', `there are two contracts of ${eventType}`);
    const neighbour = this.#firstByTopic.get(topic);
    if (neighbour !== undefined && neighbour.compacted !== compacted) {
      throw tenantryError(
        'CONTRACT_CONFLICT',
        `${eventType} and ${neighbour.eventType} do not agree whether their topic ${topic} is compacted`,
      );
    }
  }

  #put(contract: AnyEventContract): void {
    const { eventType, type, topic } = contract;
    this.#byEventType.set(eventType, contract);
    if (!this.#firstByTopic.has(topic)) this.#firstByTopic.set(topic, contract);
    if (contract.version > (this.#newestByType.get(type)?.version ?? 0)) this.#newestByType.set(type, contract);
  }

  /** Looks an `event-type` header up. Text that is no event type at all is an unknown type. */
  lookup(eventType: string): ContractLookup {
    const contract = this.#byEventType.get(eventType);
    if (contract !== undefined) return contract;
    const parsed = parseEventType(eventType);
    return parsed !== undefined && this.#newestByType.has(parsed.type) ? 'unknown-version' : 'unknown-type';
  }

  /**
   * The protection a record of this event type must have. The newest version's governs all versions of a
   * type, or a forged record would only have to name an older, unprotected one; a version that is itself
   * protected as well or better keeps its own. An event type that is not in the set demands the most.
   */
  requiredProtection(eventType: string): Protection {
    const contract = this.#byEventType.get(eventType);
    if (contract === undefined) return 'confidential';
    const newest = this.#newestByType.get(contract.type) ?? contract;
    if (this.#acceptUnprotected.has(eventType)) return contract.protection;
    return strengthOf(newest.protection) > strengthOf(contract.protection) ? newest.protection : contract.protection;
  }
}
