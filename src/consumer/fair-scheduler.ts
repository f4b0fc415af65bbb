import type { Delivery, Payer } from './delivery.js';

interface Lane {
  readonly key: string;
  readonly queue: Delivery[];
  /** `ready`: its first record may run. `running`: it runs. `overdue`: it runs and has no slot any more. `held`: it waits before it runs again. */
  state: 'ready' | 'running' | 'overdue' | 'held';
}

interface PayerQueue {
  readonly payer: Payer;
  readonly lanes: Map<string, Lane>;
  readonly ready: Lane[];
  running: number;
  queued: number;
}

/** Bounds of what runs at once. */
export interface SchedulerLimits {
  readonly concurrency: number;
  /** Of one payer. */
  readonly payerConcurrency: number;
}

/**
 * Decides which record runs next. Records of one key form a lane: one at a time, in order. Payers take
 * turns, a record each, so one with many records waiting delays no other; none may fill all the slots.
 */
export class FairScheduler {
  readonly #limits: SchedulerLimits;
  readonly #payers = new Map<Payer, PayerQueue>();
  /** Payers with a ready lane and a slot of their own left, in the order of their turns. */
  readonly #turns = new Set<PayerQueue>();
  #running = 0;
  #queued = 0;

  constructor(limits: SchedulerLimits) {
    this.#limits = limits;
  }

  /** Records that wait or run. */
  get held(): number {
    return this.#queued;
  }

  get running(): number {
    return this.#running;
  }

  enqueue(delivery: Delivery): void {
    const payer = this.#payerQueue(delivery.payer);
    const key = delivery.lane;
    let lane = payer.lanes.get(key);
    if (lane === undefined) {
      lane = { key, queue: [], state: 'ready' };
      payer.lanes.set(key, lane);
      payer.ready.push(lane);
    }
    lane.queue.push(delivery);
    payer.queued += 1;
    this.#queued += 1;
    this.#offerTurn(payer);
  }

  /** The next record to run, or undefined where none may. It runs until `settle` or `hold`, also once `overrun`. */
  next(): Delivery | undefined {
    if (this.#running >= this.#limits.concurrency) return undefined;
    for (const payer of this.#turns) {
      this.#turns.delete(payer);
      const lane = payer.ready.shift();
      const delivery = lane?.queue[0];
      if (lane === undefined || delivery === undefined) continue;
      lane.state = 'running';
      payer.running += 1;
      this.#running += 1;
      this.#offerTurn(payer);
      return delivery;
    }
    return undefined;
  }

  /** A running or held record is finished, or dropped; the next of its lane may run. */
  settle(delivery: Delivery): void {
    const payer = this.#payers.get(delivery.payer);
    const lane = payer?.lanes.get(delivery.lane);
    if (payer === undefined || lane?.queue[0] !== delivery) return;
    this.#freeSlot(payer, lane);
    lane.queue.shift();
    payer.queued -= 1;
    this.#queued -= 1;
    this.#makeReady(payer, lane);
  }

  /** A running record gives its slot back, and its lane waits for `release` or `settle`. */
  hold(delivery: Delivery): void {
    const payer = this.#payers.get(delivery.payer);
    const lane = payer?.lanes.get(delivery.lane);
    if (payer === undefined || lane?.queue[0] !== delivery) return;
    this.#freeSlot(payer, lane);
    lane.state = 'held';
    this.#offerTurn(payer);
  }

  /** A running record takes too long: it runs on and its lane stays shut, but others get its slot. */
  overrun(delivery: Delivery): void {
    const payer = this.#payers.get(delivery.payer);
    const lane = payer?.lanes.get(delivery.lane);
    if (payer === undefined || lane?.queue[0] !== delivery || lane.state !== 'running') return;
    this.#freeSlot(payer, lane);
    lane.state = 'overdue';
    this.#offerTurn(payer);
  }

  /** A held record may run again. */
  release(delivery: Delivery): void {
    const payer = this.#payers.get(delivery.payer);
    const lane = payer?.lanes.get(delivery.lane);
    if (payer === undefined || lane?.queue[0] !== delivery || lane.state !== 'held') return;
    this.#makeReady(payer, lane);
  }

  /** Removes every record that matches and does not run; held ones too. */
  drop(matches: (delivery: Delivery) => boolean): Delivery[] {
    const dropped: Delivery[] = [];
    for (const payer of [...this.#payers.values()]) {
      for (const lane of [...payer.lanes.values()]) this.#dropFromLane(payer, lane, matches, dropped);
    }
    return dropped;
  }

  #dropFromLane(payer: PayerQueue, lane: Lane, matches: (delivery: Delivery) => boolean, dropped: Delivery[]): void {
    const firstDroppable = lane.state === 'running' || lane.state === 'overdue' ? 1 : 0;
    const gone = new Set(lane.queue.filter((delivery, index) => index >= firstDroppable && matches(delivery)));
    if (gone.size === 0) return;
    const head = lane.queue[0];
    const headGone = head !== undefined && gone.has(head);
    dropped.push(...gone);
    payer.queued -= gone.size;
    this.#queued -= gone.size;
    lane.queue.splice(0, lane.queue.length, ...lane.queue.filter((delivery) => !gone.has(delivery)));
    if (!headGone) return;
    if (lane.state === 'ready') payer.ready.splice(payer.ready.indexOf(lane), 1);
    this.#makeReady(payer, lane);
  }

  #freeSlot(payer: PayerQueue, lane: Lane): void {
    if (lane.state !== 'running') return;
    payer.running -= 1;
    this.#running -= 1;
  }

  #makeReady(payer: PayerQueue, lane: Lane): void {
    if (lane.queue.length > 0) {
      lane.state = 'ready';
      payer.ready.push(lane);
    } else {
      payer.lanes.delete(lane.key);
    }
    if (payer.lanes.size === 0) {
      this.#payers.delete(payer.payer);
      this.#turns.delete(payer);
    } else {
      this.#offerTurn(payer);
    }
  }

  #offerTurn(payer: PayerQueue): void {
    if (payer.ready.length > 0 && payer.running < this.#limits.payerConcurrency) this.#turns.add(payer);
  }

  #payerQueue(payer: Payer): PayerQueue {
    let queue = this.#payers.get(payer);
    if (queue === undefined) {
      queue = { payer, lanes: new Map(), ready: [], running: 0, queued: 0 };
      this.#payers.set(payer, queue);
    }
    return queue;
  }
}
