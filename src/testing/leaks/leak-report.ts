import type { CanaryKind } from './plant/canary.js';
import type { Crossing } from './judge/judge-output.js';
import type { Channel } from './watch/output.js';
import type { HandlerRun } from './watch/owner.js';

/** The canary that was found where it must not be. */
export interface LeakedCanary {
  readonly kind: CanaryKind;
  /** The event in whose input it was planted. */
  readonly eventType: string;
  readonly seed: number;
  /** Which record of the seed's run. */
  readonly record: number;
  /** Where in the input: JSON Pointers. */
  readonly plantedAt: readonly string[];
}

/** Something of one tenant that came out at another. */
export interface TenantLeak {
  /**
   * `canary`: another tenant's data. `tenant id`: an output says that it is for another tenant. `mixed`: an output that
   * is nobody's holds data of several tenants. `refused`: a handler tried to act for another tenant, or to publish data
   * that name another, and the library refused.
   */
  readonly kind: Crossing['kind'] | 'refused';
  /** The tenant whose data, or whose id, it is. */
  readonly of: string;
  /** The tenant in whose output it was found; undefined for `mixed`. */
  readonly inOutputOf: string | undefined;
  /**
   * How it is known whose output it is: by the `record` itself, by the `handler` that was running, by the handler that had
   * begun it and has `ended`, or by a `claim` in the output. `none` for `mixed`.
   */
  readonly ownerKnownBy: Crossing['ownerKnownBy'];
  readonly channel: Channel;
  /** Which of the channel: an event type, a topic, `console.log`, a span's name, a method and a host. */
  readonly name: string;
  /** JSON Pointer to the place in the output; empty for all of it. */
  readonly path: string;
  /** Whether it is the name of a property that holds it. */
  readonly inName: boolean;
  /** How it was encoded, such as `UTF-8` or `base64, 1 bytes into a group of three`; undefined for tenant ids. */
  readonly form: string | undefined;
  readonly canary: LeakedCanary | undefined;
  /** The run of a handler that made the output; undefined where none did. */
  readonly handler: HandlerRun | undefined;
  /** The seed in whose run it was first found. */
  readonly seed: number;
  /** The seeds that bring it again, in a new process and in this order. */
  readonly replay: readonly number[];
  /** How often the same was found: by kind, channel, name, place and handler. */
  readonly count: number;
}

/** A leak that the option `allow` lets pass. */
export interface AllowedLeak extends TenantLeak {
  readonly reason: string;
}

/** What was run of one contract. */
export interface ContractRun {
  readonly eventType: string;
  /** Events that were published for the handlers, redeliveries included. */
  readonly events: number;
  /** Runs of its handler. */
  readonly handlerRuns: number;
  /** Of these, those that returned. */
  readonly returned: number;
  /** Of these, those that threw. */
  readonly threw: number;
}

/** What was seen of one channel. */
export interface ChannelRun {
  readonly isWatched: boolean;
  readonly outputs: number;
  /** Outputs in which canaries of their own tenant were seen, which shows that the search sees. */
  readonly withOwnCanaries: number;
  /** Why it was not watched, or not all of it. */
  readonly note?: string;
}

/** The record of a search for leaks between tenants: what was run, what was watched, what was found. Plain JSON. */
export interface TenantLeakReport {
  readonly format: 'tenantry.leak-report';
  readonly formatVersion: 1;
  readonly library: { readonly name: 'tenantry'; readonly version: string };
  readonly node: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** `passed`: everything was run, and nothing was found. `leaks`: see `leaks`. `inconclusive`: nothing was found, and that says nothing, see `reasons`. */
  readonly result: 'passed' | 'leaks' | 'inconclusive';
  /** Why a result without leaks says nothing. */
  readonly reasons: readonly string[];
  readonly leaks: readonly TenantLeak[];
  readonly allowed: readonly AllowedLeak[];
  readonly tenants: readonly string[];
  readonly seeds: readonly number[];
  readonly contracts: readonly ContractRun[];
  readonly channels: Readonly<Record<Channel, ChannelRun>>;
  readonly runs: {
    /** Canaries that were planted and searched for. */
    readonly canaries: number;
    /** How often a seed chose who goes on. */
    readonly choices: number;
    /** The most handlers that ran at the same time. */
    readonly mostAtOnce: number;
    /** Publishes and fetches that were failed on purpose. */
    readonly faults: number;
    /** Runs of handlers after a failed one. */
    readonly retries: number;
    readonly redeliveries: number;
    readonly deadLetters: number;
    /** How often a real network decided the order, so that a replay may take another one. */
    readonly orderedByNetwork: number;
  };
  readonly options: {
    readonly recordsPerTenant: number;
    readonly faultRate: number;
    readonly redeliveryRate: number;
    readonly maxTimerMs: number;
    readonly tenantFields: readonly string[];
    readonly sinks: readonly string[];
  };
}

/** A report as text for people: what was found first, then what was run. */
export function formatLeakReport(report: TenantLeakReport): string {
  const { result, reasons, leaks, allowed, tenants, seeds, contracts, channels, runs, library } = report;
  const watched = Object.entries(channels).map(
    ([name, { isWatched, outputs, note }]) =>
      `  ${name}: ${isWatched ? `${outputs} outputs` : 'not watched'}${note === undefined ? '' : ` (${note})`}`,
  );
  return [
    `Tenant leaks: ${result === 'leaks' ? `${leaks.length} found` : result}`,
    ...reasons.map((reason) => `  ${reason}`),
    ...leaks.flatMap((leak, index) => ['', `${index + 1}. ${describeLeak(leak)}`, ...detailsOf(leak)]),
    ...allowed.flatMap((leak) => ['', `Allowed, because ${leak.reason}: ${describeLeak(leak)}`]),
    '',
    `Run with tenantry ${library.version} on Node.js ${report.node}, ${report.startedAt}, ${report.durationMs} ms`,
    `  ${tenants.length} tenants: ${tenants.join(', ')}`,
    `  ${seeds.length} seeds: ${shownSeeds(seeds)}`,
    ...contracts.map(
      ({ eventType, events, handlerRuns, threw }) =>
        `  ${eventType}: ${events} events, ${handlerRuns} runs of its handler, of which ${threw} threw`,
    ),
    `  ${runs.canaries} canaries, up to ${runs.mostAtOnce} handlers at once, ${runs.choices} choices of who goes on, ${runs.faults} faults, ${runs.retries} retries, ${runs.redeliveries} redeliveries, ${runs.deadLetters} dead letters`,
    'Watched:',
    ...watched,
  ].join('\n');
}

/** What leaked, in one sentence. */
function describeLeak({ kind, of, inOutputOf, channel, name, path, inName }: TenantLeak): string {
  const where = `${channel} ${name}${path === '' ? '' : ` at ${path}${inName ? ' (its name)' : ''}`}`;
  if (kind === 'mixed') return `data of tenant ${of} beside another tenant's in an output that is nobody's: ${where}`;
  if (kind === 'tenant id') return `an output of tenant ${String(inOutputOf)} says that it is tenant ${of}'s: ${where}`;
  if (kind === 'refused') return `code of tenant ${String(inOutputOf)} tried to act for tenant ${of}: ${where}`;
  return `data of tenant ${of} in an output of tenant ${String(inOutputOf)}: ${where}`;
}

const KNOWN_BY: Readonly<Record<TenantLeak['ownerKnownBy'], string>> = {
  record: 'the record is its own',
  handler: 'its handler was running',
  ended: 'its handler, which has ended, began what wrote this',
  claim: 'the output names it',
  none: 'no handler was running, and the output names no single tenant',
};

function detailsOf({ canary, form, handler, ownerKnownBy, replay, count }: TenantLeak): string[] {
  return [
    `   whose output it is: ${KNOWN_BY[ownerKnownBy]}`,
    ...(canary === undefined
      ? []
      : [
          `   planted in ${canary.eventType}, record ${canary.record} of seed ${canary.seed}, at ${canary.plantedAt.join(', ')}; found as ${String(form)}`,
        ]),
    ...(handler === undefined
      ? []
      : [`   handler of ${handler.eventType}, ${shownRecord(handler)}, attempt ${handler.attempt}`]),
    `   found ${count === 1 ? 'once' : `${count} times`}; again with seeds: [${replay.join(', ')}]`,
  ];
}

function shownRecord({ record }: HandlerRun): string {
  return record === undefined ? 'an event that a handler published' : `record ${record}`;
}

function shownSeeds(seeds: readonly number[]): string {
  const MOST = 10;
  return seeds.length <= MOST ? seeds.join(', ') : `${seeds.slice(0, MOST).join(', ')}, …`;
}
