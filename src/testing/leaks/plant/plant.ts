import type { Same } from './adversarial-tenants.js';
import type { Canary } from './canary.js';

/** What an input is made with. */
export interface Plant {
  readonly tenantId: string;
  /** What only this record of this tenant has: names, addresses, amounts. At least one value of it must be used. */
  readonly canary: Canary;
  /** What other tenants have too: use it for the aggregate id and for other ids, so that code that forgets the tenant mixes them up. */
  readonly same: Same;
  /** Which record of the run, from 0. */
  readonly record: number;
}
