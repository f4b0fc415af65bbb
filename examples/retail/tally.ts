import { build, type Histogram } from 'hdr-histogram-js';
import type { EventOf } from 'tenantry';
import type { LineSold } from './contract.js';
import type { UnhandledSales } from './unhandled-sales.js';

/** What was counted for one tenant. */
export interface TenantTally {
  readonly country: string;
  /** Events the broker acknowledged. */
  published: number;
  handled: number;
  /** In thousandths of a pound. */
  revenueThousandths: bigint;
  /** From the call of publish to the call of the handler, in tenths of a millisecond. */
  readonly latency: Histogram;
}

const MAX_KEPT_FAULTS = 10;
const ONE_HOUR = 36_000_000;

/** Counts what the worker handles, and notes what it should not have handled. */
export class Tally {
  readonly #unhandled: UnhandledSales;
  readonly #tenants = new Map<string, TenantTally>();
  readonly #lastRowOfInvoice = new Map<string, number>();
  readonly #faults: string[] = [];
  #faultCount = 0;
  #published = 0;
  #handled = 0;
  #lastHandledAtMs = 0;

  constructor(tenants: Iterable<readonly [tenantId: string, { readonly country: string }]>, unhandled: UnhandledSales) {
    this.#unhandled = unhandled;
    for (const [tenantId, { country }] of tenants) {
      this.#tenants.set(tenantId, {
        country,
        published: 0,
        handled: 0,
        revenueThousandths: 0n,
        latency: newHistogram(),
      });
    }
  }

  get published(): number {
    return this.#published;
  }

  get handled(): number {
    return this.#handled;
  }

  get lastHandledAtMs(): number {
    return this.#lastHandledAtMs;
  }

  get tenants(): ReadonlyMap<string, Readonly<TenantTally>> {
    return this.#tenants;
  }

  /** What went wrong: the first few, and how many there are. */
  get faults(): { readonly count: number; readonly first: readonly string[] } {
    return { count: this.#faultCount, first: this.#faults };
  }

  /** The broker acknowledged an event. */
  countPublished(tenantId: string): void {
    this.#published += 1;
    const tenant = this.#tenants.get(tenantId);
    if (tenant !== undefined) tenant.published += 1;
  }

  /** The worker's handler got an event. */
  countHandled(event: EventOf<LineSold>, nowMs: number): void {
    this.#handled += 1;
    this.#lastHandledAtMs = nowMs;
    const { row, quantity, unitPriceThousandths } = event.data;
    const sale = this.#unhandled.take(row);
    const tenant = this.#tenants.get(event.tenantId);
    if (sale === undefined || tenant === undefined) {
      this.#fault(`row ${row} was handled a second time, or was never published (event ${event.id})`);
      return;
    }
    if (sale.tenantId !== event.tenantId) {
      this.#fault(`row ${row} was published for ${sale.tenantId} and handled for ${event.tenantId}`);
    }
    const invoice = `${event.tenantId}:${event.aggregateId}`;
    const before = this.#lastRowOfInvoice.get(invoice) ?? 0;
    if (before > row) this.#fault(`row ${row} was handled after row ${before} of the same invoice`);
    this.#lastRowOfInvoice.set(invoice, row);

    tenant.handled += 1;
    tenant.revenueThousandths += BigInt(quantity) * BigInt(unitPriceThousandths);
    tenant.latency.recordValue(Math.min(Math.max(Math.round((nowMs - sale.publishedAtMs) * 10), 1), ONE_HOUR));
  }

  #fault(what: string): void {
    this.#faultCount += 1;
    if (this.#faults.length < MAX_KEPT_FAULTS) this.#faults.push(what);
  }
}

function newHistogram(): Histogram {
  // Two digits are one per cent, at 10 KB a tenant.
  return build({ lowestDiscernibleValue: 1, highestTrackableValue: ONE_HOUR, numberOfSignificantValueDigits: 2 });
}
