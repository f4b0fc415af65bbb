import { tenantryError } from '../core/errors.js';
import type { ConsumerClient } from './consumer-client.js';
import type { DriverError } from './driver-types.js';
import { CODE, codeOf, consumerFault, reasonOf } from './librdkafka-errors.js';
import { partitionKey } from './partition-key.js';
import type { GroupListener, StartPosition, TopicPartition } from './port.js';

const JOIN_STATE = /"join_state": *"([a-z-]+)"/;
/** How librdkafka's statistics call it while a request to join is made or waits, behind which all others wait. */
const JOINING: ReadonlySet<string> = new Set(['init', 'wait-join', 'wait-metadata', 'wait-sync']);

/**
 * Which partitions are this member's, and what the group waits for.
 *
 * The client has one question open at a time, and takes the next change of the assignment for its answer,
 * whatever that changes. So where one is open, nothing but its answer may change the assignment.
 */
export class GroupAssignment {
  readonly #client: ConsumerClient;
  readonly #listener: GroupListener;
  readonly #isClassic: boolean;
  /** The member joins again, because it was shut out. */
  readonly #onJoiningAgain: () => void;
  /** What the group has given and not taken back. */
  readonly #given = new Set<string>();
  /** What of it the client was told to read. */
  readonly #assigned = new Set<string>();
  #open: 'assign' | 'revoke' | undefined;
  /** How many assignments the group owes this member before it is stable; joining it owes the first. */
  #owed = 1;
  #owedAfterRevoke = 0;
  #wasAssigned = false;
  #isLost = false;

  constructor(client: ConsumerClient, listener: GroupListener, isClassic: boolean, onJoiningAgain: () => void) {
    this.#client = client;
    this.#listener = listener;
    this.#isClassic = isClassic;
    this.#onJoiningAgain = onJoiningAgain;
  }

  get isRejoining(): boolean {
    return this.#isClassic && this.#owed > 0;
  }

  onRebalance(error: DriverError | undefined, event: readonly TopicPartition[]): void {
    const partitions = event.map(({ topic, partition }) => ({ topic, partition }));
    const code = codeOf(error);
    if (code === CODE.assignPartitions) this.#onAssigned(partitions);
    else if (code === CODE.revokePartitions) this.#onRevoked(partitions);
    else if (error !== undefined) this.#client.report(consumerFault(code, reasonOf(error)));
  }

  /**
   * Of a rebalance that others began, the client tells nothing until its end but in its statistics, which are
   * librdkafka's JSON: 8 to 80 KB and more, of which one word matters.
   */
  onStatistics(json: string): void {
    const state = JOIN_STATE.exec(json)?.[1] ?? '';
    if (state === 'steady') this.#owed = 0;
    else if (JOINING.has(state)) this.#owed = Math.max(1, this.#owed);
  }

  /** Tells the listener that there is nothing for it, where the group has told it nothing. */
  tellNone(): void {
    if (!this.#wasAssigned && !this.#client.isClosing) this.#listener.onAssigned([]);
    this.#wasAssigned = true;
  }

  /**
   * A member of a classic group that ends without partitions would not tell the group (librdkafka 2.15): the others
   * would wait for it at the next rebalance, until its session is over. One that unsubscribes does tell.
   */
  leave(): void {
    if (!this.#isClassic || this.#given.size > 0) return;
    this.#change((native) => native.unsubscribe());
  }

  /** Leaves out what was revoked meanwhile. */
  assign(positions: readonly StartPosition[]): void {
    const given = positions.filter((position) => this.#given.has(partitionKey(position)));
    if (given.length === 0 && this.#open !== 'assign') return;
    this.#change((native) => native.incrementalAssign(given));
    for (const position of given) this.#assigned.add(partitionKey(position));
    if (this.#open === 'assign') this.#open = undefined;
  }

  unassign(partitions: readonly TopicPartition[]): void {
    const assigned = partitions.filter((partition) => this.#assigned.has(partitionKey(partition)));
    this.#change((native) => native.incrementalUnassign(assigned));
    for (const partition of partitions) {
      this.#given.delete(partitionKey(partition));
      this.#assigned.delete(partitionKey(partition));
    }
    if (this.#open !== 'revoke') return;
    this.#open = undefined;
    this.#owed = this.#owedAfterRevoke;
    if (!this.#isLost) return;
    this.#isLost = false;
    this.#wasAssigned = false;
    if (!this.#client.isClosing) this.#onJoiningAgain();
  }

  /** Takes a partition away and gives it back, which moves one that stands still. */
  restart(position: StartPosition): void {
    const what = `seeking in ${position.topic}/${position.partition}`;
    if (!this.#assigned.has(partitionKey(position))) {
      throw tenantryError('INVALID_STATE', `${what}: the partition is not assigned`);
    }
    if (this.#open !== undefined) {
      throw tenantryError('BROKER_UNREACHABLE', `${what}: not while the group is being balanced`);
    }
    const { topic, partition } = position;
    this.#change((native) => native.incrementalUnassign([{ topic, partition }]));
    this.#change((native) => native.incrementalAssign([position]));
  }

  #onAssigned(partitions: readonly TopicPartition[]): void {
    this.#owed = Math.max(0, this.#owed - 1);
    this.#wasAssigned = true;
    this.#open = 'assign';
    for (const partition of partitions) this.#given.add(partitionKey(partition));
    if (this.#client.isClosing) {
      this.#refuse();
      return;
    }
    if (partitions.length === 0) this.assign([]);
    this.#listener.onAssigned(partitions);
  }

  /**
   * While the client ends it still asks what nobody has heard yet, and waits for the answer without end, in its own
   * `disconnect`. But the node binding takes no assignment then. librdkafka takes any change for the answer.
   */
  #refuse(): void {
    this.#open = undefined;
    try {
      this.#client.native.incrementalAssign([]);
    } catch {
      this.#change((native) => native.incrementalUnassign([]));
    }
  }

  #onRevoked(partitions: readonly TopicPartition[]): void {
    this.#open = 'revoke';
    if (this.#client.isClosing || partitions.length === 0) {
      this.unassign(partitions);
      return;
    }
    const isLost = this.#client.native.assignmentLost();
    // A member that gave something back is told what it got for it, then joins again and is told the rest.
    this.#owedAfterRevoke = isLost ? 1 : 2;
    this.#isLost = isLost;
    this.#listener.onRevoked(partitions, isLost);
  }

  /** A group that waits for an answer it will never have is not one to stay in. */
  #change(call: (native: ConsumerClient['native']) => unknown): void {
    try {
      call(this.#client.native);
    } catch (error) {
      if (!this.#client.isClosing) this.#client.report({ kind: 'fatal', reason: reasonOf(error) });
    }
  }
}
