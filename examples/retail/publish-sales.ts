import type { TenantKafka, TenantScope } from 'tenantry';
import type { Attacker } from './attack/attacker.js';
import type { LineSold, SoldLine } from './contract.js';
import type { Sale } from './data-file/sales-lines.js';
import { tenantOfCountry } from './data-file/tenant-of-country.js';
import type { Tally } from './tally.js';
import { unlessAborted } from './unless-aborted.js';
import type { UnhandledSales } from './unhandled-sales.js';

/** Whom publishing works with. */
export interface PublishingParts {
  readonly kafka: TenantKafka;
  readonly lineSold: LineSold;
  readonly unhandled: UnhandledSales;
  readonly tally: Tally;
  readonly attacker: Attacker;
}

/**
 * Publishes every sale for its tenant, in the order of the file, and resolves once the broker has
 * acknowledged them all. Publishes are not awaited one by one: those of one invoice keep their order anyway.
 *
 * @throws the first error of a publish, after which nothing more is published, or the reason of `signal`
 */
export async function publishSales(
  sales: AsyncIterable<Sale>,
  { kafka, lineSold, unhandled, tally, attacker }: PublishingParts,
  signal: AbortSignal,
): Promise<void> {
  const failure = new AbortController();
  const stop = AbortSignal.any([signal, failure.signal]);
  const scopes = new Map<string, TenantScope>();
  const pending = new Set<Promise<void>>();

  for await (const { line, soldAt } of sales) {
    await unhandled.room(stop);

    const tenant = scopes.get(line.country) ?? kafka.tenant(tenantOfCountry(line.country));
    scopes.set(line.country, tenant);
    unhandled.add(line.row, { tenantId: tenant.id, publishedAtMs: performance.now(), bytes: recordBytes(line) });
    const acknowledged = tenant
      .publish(lineSold, line, { timestamp: soldAt })
      .then(
        () => {
          tally.countPublished(tenant.id);
        },
        (error: unknown) => {
          failure.abort(error);
        },
      )
      .finally(() => pending.delete(acknowledged));
    pending.add(acknowledged);

    if (attacker.isDueAfter(line.row)) {
      await unlessAborted(stop, Promise.all(pending));
      await attacker.strikeAfter(line.row);
    }
  }
  await unlessAborted(stop, Promise.all(pending));
  stop.throwIfAborted();
}

/** Key, headers, envelope, field names and numbers are 450 bytes; this is on the safe side. */
const FIXED_BYTES = 600;
const MAX_BYTES_PER_CHARACTER = 6;

/** What a record takes up in the broker's log, at most. */
function recordBytes(line: SoldLine): number {
  const text =
    line.invoiceNo.length * 2 + line.stockCode.length + (line.description?.length ?? 0) + line.country.length;
  return FIXED_BYTES + text * MAX_BYTES_PER_CHARACTER;
}
