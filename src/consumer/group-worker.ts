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
import { parseTenantId } from '../core/tenant-id.js';
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
    const checked = checkOptions('pauseTenant', controlOptionsSchema, options);
    await this.#controls().pause(parseTenantId(tenantId), true, checked);
  }

  async resumeTenant(tenantId: string, options: ControlOptions = {}): Promise<void> {
    const checked = checkOptions('resumeTenant', controlOptionsSchema, options);
    await this.#controls().pause(parseTenantId(tenantId), false, checked);
  }

  async replayTenant(tenantId: string, range: ReplayRange, options: ControlOptions = {}): Promise<void> {
    const checked = checkOptions('the range of replayTenant', replayRangeSchema, range);
    const waiting = checkOptions('replayTenant', controlOptionsSchema, options);
    await this.#controls().replay(parseTenantId(tenantId), checked, waiting);
  }

  async skipTenant(
    tenantId: string,
    range: { readonly to: MoveTarget | 'end' },
    options: ControlOptions = {},
  ): Promise<void> {
    const { to } = checkOptions('the range of skipTenant', skipRangeSchema, range);
    const waiting = checkOptions('skipTenant', controlOptionsSchema, options);
    await this.#controls().skip(parseTenantId(tenantId), to, waiting);
  }

  async redrive(tenantId: string, options: RedriveOptions = {}): Promise<RedriveReport> {
    const checked = checkOptions('redrive', redriveOptionsSchema, options);
    return this.#controls().redrive(parseTenantId(tenantId), checked);
  }

  async skipUnreadable(range: UnreadableOffsets, options: ControlOptions = {}): Promise<void> {
    const checked = checkOptions('the range of skipUnreadable', unreadableOffsetsSchema, range);
    const waiting = checkOptions('skipUnreadable', controlOptionsSchema, options);
    await this.#controls().skipUnreadable(checked, waiting);
  }

  lag(): readonly TenantLag[] {
    return this.engine?.lag() ?? [];
  }

  headLag(): readonly PartitionLag[] {
    return this.engine?.headLag() ?? [];
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
