import type { ResolvedLeakOptions } from './leak-options.js';
import type { ChannelRun, ContractRun, TenantLeakReport } from './leak-report.js';
import { CHANNELS, type Channel } from './watch/output.js';
import type { SeedRun } from './run-seed.js';

type Counts = { -readonly [Name in keyof TenantLeakReport['runs']]: number };

/** Adds up what was run, and says where that is too little to conclude from. */
export class RunTotals {
  readonly #options: ResolvedLeakOptions;
  readonly #contracts: Map<string, { events: number; returned: number; threw: number; returnedFor: Set<string> }>;
  readonly #outputs = new Map<Channel, number>();
  readonly #unplanted = new Set<string>();
  readonly #unfinished: number[] = [];
  readonly #unread = new Set<Channel>();
  #bodiesNotSeen = 0;
  #spansNotWatched: string | undefined;
  readonly #runs: Counts = {
    canaries: 0,
    choices: 0,
    mostAtOnce: 0,
    faults: 0,
    retries: 0,
    redeliveries: 0,
    deadLetters: 0,
    orderedByNetwork: 0,
  };

  constructor(options: ResolvedLeakOptions) {
    this.#options = options;
    this.#contracts = new Map(
      options.inputs.map(({ contract }) => [
        contract.eventType,
        { events: 0, returned: 0, threw: 0, returnedFor: new Set<string>() },
      ]),
    );
  }

  add(seed: number, run: SeedRun): void {
    const runs = this.#runs;
    runs.choices += run.choices;
    runs.faults += run.faults;
    runs.redeliveries += run.redeliveries;
    runs.deadLetters += run.deadLetters;
    runs.orderedByNetwork += run.orderedByNetwork;
    runs.retries += run.handlers.retries;
    runs.mostAtOnce = Math.max(runs.mostAtOnce, run.handlers.mostAtOnce);
    runs.canaries += run.planted.reduce((sum, kinds) => sum + Object.keys(kinds).length, 0);
    for (const { channel, leaves } of run.outputs) {
      this.#outputs.set(channel, (this.#outputs.get(channel) ?? 0) + 1);
      if (leaves === undefined) this.#unread.add(channel);
    }
    for (const { contract, record } of run.events) {
      const counts = this.#contracts.get(contract.eventType);
      if (counts !== undefined) counts.events += 1;
      if (Object.keys(run.planted[record] ?? {}).length === 0) this.#unplanted.add(contract.eventType);
    }
    for (const [eventType, { returned, threw, returnedFor }] of run.handlers.ended) {
      const counts = this.#contracts.get(eventType);
      if (counts === undefined) continue;
      counts.returned += returned;
      counts.threw += threw;
      for (const tenantId of returnedFor) counts.returnedFor.add(tenantId);
    }
    if (!run.isOver) this.#unfinished.push(seed);
    this.#bodiesNotSeen += run.bodiesNotSeen;
    this.#spansNotWatched ??= run.spansNotWatched;
  }

  /** Why it says nothing that no leak was found. */
  reasons(): string[] {
    const { timeoutMs, tenants } = this.#options;
    const reasons = [...this.#contracts].flatMap(([eventType, { returnedFor }]) => {
      if (returnedFor.size > 1) return [];
      const [only] = returnedFor;
      if (only === undefined)
        return [`no handler of ${eventType} returned: register one, and see that it can do its work`];
      return [`handlers of ${eventType} returned for one tenant only, ${only}: see that the service knows all of them`];
    });
    for (const eventType of this.#unplanted) {
      reasons.push(`inputs of ${eventType} hold no canary: let their leakInput use one`);
    }
    if (this.#runs.mostAtOnce < 2 && tenants.length > 1) reasons.push('no two handlers ran at the same time');
    if (this.#unread.size > 0) {
      reasons.push(`outputs threw when they were looked at, in: ${[...this.#unread].join(', ')}`);
    }
    if (this.#unfinished.length > 0) {
      reasons.push(`not over within ${timeoutMs} ms: seeds ${this.#unfinished.join(', ')}`);
    }
    return reasons;
  }

  contracts(): ContractRun[] {
    return Array.from(this.#contracts, ([eventType, { events, returned, threw }]) => ({
      eventType,
      events,
      handlerRuns: returned + threw,
      returned,
      threw,
    }));
  }

  channels(ownCanaries: ReadonlyMap<Channel, number>): Readonly<Record<Channel, ChannelRun>> {
    const of = (channel: Channel): ChannelRun => {
      const note = this.#noteOf(channel);
      return {
        isWatched: channel !== 'span' || this.#spansNotWatched === undefined,
        outputs: this.#outputs.get(channel) ?? 0,
        withOwnCanaries: ownCanaries.get(channel) ?? 0,
        ...(note === undefined ? {} : { note }),
      };
    };
    return Object.fromEntries(CHANNELS.map((channel) => [channel, of(channel)])) as Record<Channel, ChannelRun>;
  }

  runs(): TenantLeakReport['runs'] {
    return this.#runs;
  }

  #noteOf(channel: Channel): string | undefined {
    if (channel === 'span') return this.#spansNotWatched;
    if (channel === 'sink' && Object.keys(this.#options.sinks).length === 0) return 'none was given';
    if (channel !== 'http' || this.#bodiesNotSeen === 0) return undefined;
    return `the bodies of ${this.#bodiesNotSeen} requests were not looked into: streams, or packed in a way that is not known`;
  }
}
