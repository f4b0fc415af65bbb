import type {
  ControlOptions,
  MoveTarget,
  PartitionLag,
  RedriveOptions,
  RedriveReport,
  ReplayRange,
  TenantLag,
  UnreadableOffsets,
  Worker,
} from '../api/worker.js';
import { tenantryError } from '../core/errors.js';
import { checkOptions } from '../core/invalid-options.js';
import { parseTenantId, type TenantId } from '../core/tenant-id.js';
import {
  controlOptionsSchema,
  redriveOptionsSchema,
  replayRangeSchema,
  skipRangeSchema,
  unreadableOffsetsSchema,
} from './control/control-options.js';
import type { GroupControls } from './control/group-controls.js';
import { GroupEventConsumer } from './group-event-consumer.js';

/** A consumer of every tenant, which can also tell its group what to do about one. */
export class GroupWorker extends GroupEventConsumer implements Worker {
  async pauseTenant(tenantId: string, options: ControlOptions = {}): Promise<void> {
    const tenant = parseTenantId(tenantId);
    const checked = checkOptions('pauseTenant', controlOptionsSchema, options);
    await this.#controlsOf(tenant).pause(tenant, true, checked);
  }

  async resumeTenant(tenantId: string, options: ControlOptions = {}): Promise<void> {
    const tenant = parseTenantId(tenantId);
    const checked = checkOptions('resumeTenant', controlOptionsSchema, options);
    await this.#controlsOf(tenant).pause(tenant, false, checked);
  }

  async replayTenant(tenantId: string, range: ReplayRange, options: ControlOptions = {}): Promise<void> {
    const tenant = parseTenantId(tenantId);
    const checked = checkOptions('the range of replayTenant', replayRangeSchema, range);
    const waiting = checkOptions('replayTenant', controlOptionsSchema, options);
    await this.#controlsOf(tenant).replay(tenant, checked, waiting);
  }

  async skipTenant(
    tenantId: string,
    range: { readonly to: MoveTarget | 'end' },
    options: ControlOptions = {},
  ): Promise<void> {
    const tenant = parseTenantId(tenantId);
    const { to } = checkOptions('the range of skipTenant', skipRangeSchema, range);
    const waiting = checkOptions('skipTenant', controlOptionsSchema, options);
    await this.#controlsOf(tenant).skip(tenant, to, waiting);
  }

  async redrive(tenantId: string, options: RedriveOptions = {}): Promise<RedriveReport> {
    const tenant = parseTenantId(tenantId);
    const checked = checkOptions('redrive', redriveOptionsSchema, options);
    return this.#controlsOf(tenant).redrive(tenant, checked);
  }

  async skipUnreadable(range: UnreadableOffsets, options: ControlOptions = {}): Promise<void> {
    const checked = checkOptions('the range of skipUnreadable', unreadableOffsetsSchema, range);
    const waiting = checkOptions('skipUnreadable', controlOptionsSchema, options);
    await this.#controlsOfAll().skipUnreadable(checked, waiting);
  }

  lag(): readonly TenantLag[] {
    return this.engine?.lag() ?? [];
  }

  headLag(): readonly PartitionLag[] {
    return this.engine?.headLag() ?? [];
  }

  /** For what is done to one tenant. */
  #controlsOf(tenantId: TenantId): GroupControls {
    this.ambient.assertMayActFor(tenantId);
    return this.#controls();
  }

  /** For what is done to all tenants at once. */
  #controlsOfAll(): GroupControls {
    this.ambient.assertMayActForAll();
    return this.#controls();
  }

  #controls(): GroupControls {
    const controls = this.engine?.groupControls;
    if (controls === undefined || !this.isRunning) {
      throw tenantryError(
        'INVALID_STATE',
        `worker ${this.groupId} does not run: start it first; once stopped it stays so, and a new one is needed`,
      );
    }
    return controls;
  }
}
