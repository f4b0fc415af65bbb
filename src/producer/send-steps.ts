import type { Clock } from '../core/clock.js';
import type { TenantId } from '../core/tenant-id.js';
import type { RateLimiter } from '../rate-limit/limiter.js';
import type { SendWindow } from './send-window.js';
import type { Delivery } from '../transport/port.js';
import type { Admitted, Routed, Sealed } from './stages.js';
import type { WaitingRoom } from './waiting-room.js';

/** What a queue needs of the pipeline around it. */
export interface SendSteps {
  readonly clock: Clock;
  readonly limiter: RateLimiter;
  readonly window: SendWindow;
  readonly room: WaitingRoom;
  readonly onLimit: 'wait' | 'reject';
  readonly maxWaitMs: number;
  readonly maxQueueMs: number;
  readonly maxWaiting: number;
  partitionOf(event: Routed): number | Promise<number>;
  seal(event: Admitted): Sealed | Promise<Sealed>;
  /** Hands the record over; false where the client's own queue is full. */
  send(sealed: Sealed, partition: number, onDelivery: (delivery: Delivery) => void): boolean;
  /** The queue is empty and has nothing in flight. */
  onIdle(tenantId: TenantId): void;
  onRateLimited(tenantId: TenantId): void;
}
