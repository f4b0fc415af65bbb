import type { ControlOptions, MoveTarget, ReplayRange, TenantLag, Worker } from '../api/worker.js';
import { tenantryError } from '../core/errors.js';
import { parseTenantId } from '../core/tenant-id.js';
import type { GroupControls } from './group-controls.js';
import { GroupEventConsumer } from './group-event-consumer.js';

/** A consumer of every tenant, which can also tell its group what to do about one. */
export class GroupWorker extends GroupEventConsumer implements Worker {
  async pauseTenant(tenantId: string, options: ControlOptions = {}): Promise<void> {
    await this.#controls().pause(parseTenantId(tenantId), true, options);
  }

  async resumeTenant(tenantId: string, options: ControlOptions = {}): Promise<void> {
    await this.#controls().pause(parseTenantId(tenantId), false, options);
  }

  async replayTenant(tenantId: string, range: ReplayRange, options: ControlOptions = {}): Promise<void> {
    await this.#controls().replay(parseTenantId(tenantId), range, options);
  }

  async skipTenant(
    tenantId: string,
    { to, ...options }: ControlOptions & { readonly to?: MoveTarget | undefined } = {},
  ): Promise<void> {
    await this.#controls().skip(parseTenantId(tenantId), to, options);
  }

  lag(): readonly TenantLag[] {
    return this.engine?.lag() ?? [];
  }

  #controls(): GroupControls {
    const controls = this.engine?.groupControls;
    if (controls === undefined || !this.isRunning) {
      throw tenantryError('INVALID_STATE', `worker ${this.groupId} is not running: start it first`);
    }
    return controls;
  }
}
