import { InvoiceMade } from './contracts.js';
import { OrderPlaced } from './reads.js';

/** @type {import('tenantry').EventHandler<typeof OrderPlaced>} */
export async function makeInvoice({ data }, { tenant }) {
  const { orderId, total, currency } = data;
  return tenant.publish(InvoiceMade, { orderId, amount: total.toFixed(2), currency });
}

/**
 * What the service does with its worker. Its tests do the same.
 *
 * @param {import('tenantry').Worker} worker
 */
export function register(worker) {
  worker.on(OrderPlaced, makeInvoice);
}
