import type { Clock } from '../../core/clock.js';
import type { Delivery, Payer } from './delivery.js';

interface Lane {
  readonly key: string;
  queue: Delivery[];
  /** `ready`: its first record may run. `running`: it runs. `overdue`: it runs and has no slot any more. `held`: it waits before it runs again. */
  state: 'ready' | 'running' | 'overdue' | 'held';
}

interface PayerQueue {
  readonly payer: Payer;
  readonly lanes: Map<string, Lane>;
  readonly ready: Lane[];
  running: number;
  overdue: number;
  /** Handler time that it may still use before others have their turn, in milliseconds; below zero it has used more. */
  creditMs: number;
  /** Up to when what runs is charged. */
  chargedAtMs: number;
}

/** Bounds of what runs at once. */
export interface SchedulerLimits {
  readonly concurrency: number;
  /** Of one payer. */
  readonly payerConcurrency: number;
}

/** What the scheduler stands on. */
export interface SchedulerParts {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** The share of a payer relative to others', above 0. */
  readonly weightOf: (payer: Payer) => number;
}

/** Handler time that a turn is worth, for a weight of 1. */
const QUANTUM_MS = 10;
/**
 * A round comes after so many records at the latest. Whoever's queue was empty comes with credit, and those who come again
 * and again could else keep one that has used its credit up from ever running.
 */
const LEAST_TURNS = 64;
const TURNS_A_PAYER = 4;
/** What a record costs beside the time of its handler, so that those whose handlers take no time take turns too. */
const START_MS = 0.05;
/** Slots that are only for payers with nothing running, where one may not have all: so much of them, and at least one. */
const RESERVED_SHARE = 0.1;
/** Handlers of one payer that do not settle, at most: then none of it starts any more. */
export const MAX_OVERDUE = 64;

/**
 * Decides which record runs next. Records of one key form a lane: one at a time, in order. Payers take turns
 * a record each while they have credit, as in deficit round robin (Shreedhar and Varghese, 1995): a round gives each
 * credit by its weight, the time that its handlers run is charged to it as it passes, and who has used up its
 * credit waits for the next round, which comes when nobody else has any. So everybody gets its turn, whatever its
 * weight. A part of the slots is only for payers that have nothing running: one with slow handlers in all the
 * others delays nobody's first record.
 */
export class FairScheduler {
  readonly #limits: SchedulerLimits;
  readonly #parts: SchedulerParts;
  readonly #reserved: number;
  readonly #payers = new Map<Payer, PayerQueue>();
  /** Payers with a ready lane, a slot of their own left, and credit, in the order of their turns. */
  readonly #turns = new Set<PayerQueue>();
  /** The same without credit: they wait for the next round. */
  readonly #spent = new Set<PayerQueue>();
  #running = 0;
  #queued = 0;
  /** Records that were started since the last round. */
  #sinceRound = 0;

  constructor(limits: SchedulerLimits, parts: SchedulerParts) {
    this.#limits = limits;
    this.#parts = parts;
    const { concurrency, payerConcurrency } = limits;
    this.#reserved = payerConcurrency < concurrency ? Math.max(1, Math.floor(concurrency * RESERVED_SHARE)) : 0;
  }

  /** Records that wait or run. */
  get held(): number {
    return this.#queued;
  }

  get running(): number {
    return this.#running;
  }

  /** Whether some record waits for nothing but its turn. */
  get hasWork(): boolean {
    return this.#turns.size + this.#spent.size > 0 && this.#running < this.#limits.concurrency;
  }

  /** Whether more could run than there is to run. */
  get hasSpareSlots(): boolean {
    return this.#queued < this.#limits.concurrency;
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
    this.#queued += 1;
    this.#offerTurn(payer);
  }

  *[Symbol.iterator](): IterableIterator<Delivery> {
    for (const { lanes } of this.#payers.values()) for (const { queue } of lanes.values()) yield* queue;
  }

  /** The next record to run, or undefined where none may. It runs until `settle` or `hold`, also once `overrun`. */
  next(): Delivery | undefined {
    if (!this.hasWork) return undefined;
    const free = this.#limits.concurrency - this.#running;
    const nowMs = this.#parts.clock.monotonicMs();
    const payer = this.#nextPayer(nowMs, free <= this.#reserved);
    const lane = payer?.ready.shift();
    const delivery = lane?.queue[0];
    if (payer === undefined || lane === undefined || delivery === undefined) return undefined;
    lane.state = 'running';
    payer.creditMs -= START_MS;
    payer.running += 1;
    this.#running += 1;
    this.#turns.delete(payer);
    this.#offerTurn(payer);
    return delivery;
  }

  /** A running or held record is finished, or dropped; the next of its lane may run. */
  settle(delivery: Delivery): void {
    const payer = this.#payers.get(delivery.payer);
    const lane = payer?.lanes.get(delivery.lane);
    if (payer === undefined || lane?.queue[0] !== delivery) return;
    this.#freeSlot(payer, lane);
    lane.queue.shift();
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
    payer.overdue += 1;
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

  /** The payer whose turn it is; undefined where none may have one. */
  #nextPayer(nowMs: number, onlyIdle: boolean): PayerQueue | undefined {
    this.#sinceRound += 1;
    if (this.#spent.size > 0 && this.#sinceRound > Math.max(LEAST_TURNS, TURNS_A_PAYER * this.#payers.size)) {
      const overdue = this.#newRound(nowMs, onlyIdle);
      if (overdue !== undefined) return overdue;
    }
    for (const payer of this.#turns) {
      if (onlyIdle && payer.running > 0) continue;
      this.#charge(payer, nowMs);
      if (payer.creditMs > 0) return payer;
      this.#turns.delete(payer);
      this.#spent.add(payer);
    }
    return this.#newRound(nowMs, onlyIdle);
  }

  /** Nobody who may run has credit: as many rounds as it takes until one has, for all who have used theirs up. */
  #newRound(nowMs: number, onlyIdle: boolean): PayerQueue | undefined {
    let first: PayerQueue | undefined;
    let rounds = Number.POSITIVE_INFINITY;
    for (const payer of this.#spent) {
      this.#charge(payer, nowMs);
      if (onlyIdle && payer.running > 0) continue;
      const needed = Math.floor(-payer.creditMs / this.#quantumOf(payer)) + 1;
      if (needed < rounds) [first, rounds] = [payer, needed];
    }
    if (first === undefined) return undefined;
    this.#sinceRound = 0;
    // A reserved slot is given beside the rounds. One that passed for it would forgive whoever is the only one that may
    // have it all that it has run for, again and again: one with slow handlers.
    if (onlyIdle) return first;
    for (const payer of this.#spent) {
      payer.creditMs = Math.min(payer.creditMs + rounds * this.#quantumOf(payer), this.#quantumOf(payer));
      if (payer.creditMs <= 0) continue;
      this.#spent.delete(payer);
      this.#turns.add(payer);
    }
    return first;
  }

  #quantumOf({ payer }: PayerQueue): number {
    return QUANTUM_MS * this.#parts.weightOf(payer);
  }

  #charge(payer: PayerQueue, nowMs: number): void {
    payer.creditMs -= payer.running * (nowMs - payer.chargedAtMs);
    payer.chargedAtMs = nowMs;
  }

  #dropFromLane(payer: PayerQueue, lane: Lane, matches: (delivery: Delivery) => boolean, dropped: Delivery[]): void {
    const firstDroppable = lane.state === 'running' || lane.state === 'overdue' ? 1 : 0;
    const gone = new Set(lane.queue.filter((delivery, index) => index >= firstDroppable && matches(delivery)));
    if (gone.size === 0) return;
    const head = lane.queue[0];
    const headGone = head !== undefined && gone.has(head);
    // One by one: as arguments of one call many would not find room.
    for (const delivery of gone) dropped.push(delivery);
    this.#queued -= gone.size;
    lane.queue = lane.queue.filter((delivery) => !gone.has(delivery));
    if (!headGone) return;
    if (lane.state === 'ready') payer.ready.splice(payer.ready.indexOf(lane), 1);
    this.#makeReady(payer, lane);
  }

  #freeSlot(payer: PayerQueue, lane: Lane): void {
    if (lane.state === 'overdue') payer.overdue -= 1;
    if (lane.state !== 'running') return;
    this.#charge(payer, this.#parts.clock.monotonicMs());
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
      this.#spent.delete(payer);
    } else {
      this.#offerTurn(payer);
    }
  }

  #offerTurn(payer: PayerQueue): void {
    const mayRun = payer.running < this.#limits.payerConcurrency && payer.overdue < MAX_OVERDUE;
    if (payer.ready.length > 0 && mayRun) {
      if (!this.#spent.has(payer)) this.#turns.add(payer);
    } else {
      this.#turns.delete(payer);
      this.#spent.delete(payer);
    }
  }

  #payerQueue(payer: Payer): PayerQueue {
    let queue = this.#payers.get(payer);
    if (queue === undefined) {
      const creditMs = QUANTUM_MS * this.#parts.weightOf(payer);
      const chargedAtMs = this.#parts.clock.monotonicMs();
      queue = { payer, lanes: new Map(), ready: [], running: 0, overdue: 0, creditMs, chargedAtMs };
      this.#payers.set(payer, queue);
    }
    return queue;
  }
}
