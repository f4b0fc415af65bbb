import type { EventHandler } from 'tenantry';
import { ShipmentAccepted, type ShipmentRequested } from './contracts.js';

/**
 * Takes it on. Should it be handled twice, the second event has the id of the first, and those who
 * handle it can tell.
 */
export const acceptShipment: EventHandler<typeof ShipmentRequested> = async (event, { tenant, signal }) => {
  const { shipmentId, quantity } = event.data;
  await tenant.publish(ShipmentAccepted, { shipmentId, quantity }, { eventId: `${event.id}.accepted`, signal });
};
