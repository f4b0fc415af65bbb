import type { EventOf } from '../../../src/api/consumed-event.js';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import type { LineSold, SoldLine } from '../../../examples/retail/contract.js';

/** An event as the demo's handler gets it. */
export function soldEvent(
  tenantId: string,
  data: Pick<SoldLine, 'row' | 'invoiceNo'> & Partial<SoldLine>,
): EventOf<LineSold> {
  return {
    id: `event-${data.row}`,
    type: 'retail.line-sold',
    version: 1,
    publishedVersion: 1,
    tenantId: parseTenantId(tenantId),
    aggregateId: data.invoiceNo,
    timestamp: new Date(0),
    headers: {},
    data: {
      stockCode: 'A',
      description: null,
      quantity: 1,
      unitPriceThousandths: 1_000,
      customerId: null,
      country: 'EIRE',
      ...data,
    },
  };
}
