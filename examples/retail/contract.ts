import { defineEvent, type EventContract, type Protection } from 'tenantry';
import { z } from 'zod';
import { tenantOfCountry } from './data-file/tenant-of-country.js';

const soldLine = z.object({
  /** The row of the file: lines may be equal in all else. */
  row: z.int().positive(),
  invoiceNo: z.string().min(1),
  stockCode: z.string().min(1),
  description: z.string().nullable(),
  /** Negative for a return. */
  quantity: z.int(),
  /** In thousandths of a pound: money is never a floating-point number. */
  unitPriceThousandths: z.int(),
  customerId: z.string().nullable(),
  country: z.string().min(1),
});

/** One line of an invoice, as it travels. */
export type SoldLine = z.infer<typeof soldLine>;

/** The contract of a sold line. */
export type LineSold = EventContract<'retail.line-sold', 1, SoldLine, SoldLine, false>;

/**
 * The contract of a sold line. An invoice is the aggregate, so its lines are handled in order. `tenant` has
 * the library refuse a line that is published for any tenant but its country's.
 *
 * @param topic - the logical topic; each run against a real Kafka has one of its own
 */
export function lineSoldContract(topic: string, protection: Protection): LineSold {
  return defineEvent({
    type: 'retail.line-sold',
    version: 1,
    topic,
    schema: soldLine,
    aggregateId: (line) => line.invoiceNo,
    protection,
    tenant: (line) => tenantOfCountry(line.country),
  });
}
