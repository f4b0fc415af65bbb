import type { ClientOptions } from '../../client/client-options.js';
import type { Register } from '../verify/registrations.js';
import { isEventContract } from '../../contract/event-contract.js';
import { checkOptions } from '../../core/invalid-options.js';
import { lazySchema } from '../../core/lazy-schema.js';
import { isTenantId, type TenantId } from '../../core/tenant-id.js';
import { ADVERSARIAL_TENANTS } from './plant/adversarial-tenants.js';
import type { LeakInput } from './plant/leak-input.js';
import type { TenantLeak } from './leak-report.js';

/** Takes note of something that left the service through a way of its own; called in the context of who wrote it. */
export type SinkSaw = (value: unknown) => void;

/** Options of `findTenantLeaks`. */
export interface TenantLeakOptions {
  /**
   * Registers the handlers, as the service does when it starts. Called anew for each seed, with a worker and a client of
   * a Kafka in memory; modules keep what they keep.
   */
  readonly register: Register;
  /** How the events are made that the handlers get, by contract. */
  readonly inputs: readonly LeakInput[];
  /** The seeds, or how many: 1, 2, 3 and so on. Default 20. */
  readonly seeds?: number | readonly number[] | undefined;
  /** Default `ADVERSARIAL_TENANTS`. */
  readonly tenants?: readonly string[] | undefined;
  /** Of each contract, for each tenant and seed. Default 3. */
  readonly recordsPerTenant?: number | undefined;
  /** The part of publishes and of fetches of handlers that fail. Default 0.1. */
  readonly faultRate?: number | undefined;
  /** The part of events that are delivered once more. Default 0.2. */
  readonly redeliveryRate?: number | undefined;
  /** Timers that handlers set for at most so long do not wait, but fire when the seed says so. 0: all take their time. Default 1,000. */
  readonly maxTimerMs?: number | undefined;
  /** How long the run of a seed may take. Default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** Further ways out that are to be watched, by name: each gets a function to tell what it wrote, and returns one that ends that, or nothing. */
  readonly sinks?: Readonly<Record<string, (saw: SinkSaw) => (() => void) | undefined>> | undefined;
  /** Whether what the service writes to the console and to the streams of the process is shown. Default false: it is only looked into. */
  readonly showsLogs?: boolean | undefined;
  /** Names of fields and headers by which outputs say for which tenant they are, beside `tenant`, `tenantId`, `tenant-id`, `tenant_id`, `x-tenant-id` and the like. */
  readonly tenantFields?: readonly string[] | undefined;
  /**
   * Says why a leak is none, or undefined; the report keeps it with the reason. It is asked about each leak by itself,
   * before the same are counted together; what it answers beside a text that says something lets nothing pass.
   */
  readonly allow?: ((leak: TenantLeak) => string | undefined) | undefined;
  /** Further options of the client that handlers get. */
  readonly client?: Omit<ClientOptions, 'brokers' | 'clientId' | 'clock' | 'logger'> | undefined;
}

/** The options with their defaults. */
export interface ResolvedLeakOptions {
  readonly register: Register;
  readonly inputs: readonly LeakInput[];
  readonly seeds: readonly number[];
  readonly tenants: readonly string[];
  readonly recordsPerTenant: number;
  readonly faultRate: number;
  readonly redeliveryRate: number;
  readonly maxTimerMs: number;
  readonly timeoutMs: number;
  readonly showsLogs: boolean;
  readonly sinks: NonNullable<TenantLeakOptions['sinks']>;
  readonly tenantFields: readonly string[];
  readonly allow: NonNullable<TenantLeakOptions['allow']>;
  readonly client: NonNullable<TenantLeakOptions['client']>;
}

const aFunction = (value: unknown): boolean => typeof value === 'function';

const optionsSchema = lazySchema((z) => {
  const rate = z.number().min(0).max(1);
  const seed = z.int().min(0).max(0xffff_ffff);
  return z.strictObject({
    register: z.custom<Register>(aFunction, 'must be a function'),
    inputs: z
      .array(z.custom<LeakInput>(isLeakInput, 'must be made by leakInput(...)'))
      .min(1)
      .refine(
        (inputs) => new Set(inputs.map(({ contract }) => contract.eventType)).size === inputs.length,
        'has a contract twice',
      ),
    seeds: z.union([z.int().min(1).max(100_000), z.array(seed).min(1)]).default(20),
    tenants: z
      .array(z.string().refine(isTenantId, 'is not a tenant id'))
      .min(2)
      .refine((tenants) => new Set(tenants).size === tenants.length, 'has a tenant twice')
      .default([...ADVERSARIAL_TENANTS] as TenantId[]),
    recordsPerTenant: z.int().min(1).max(1_000).default(3),
    faultRate: rate.default(0.1),
    redeliveryRate: rate.default(0.2),
    maxTimerMs: z.int().min(0).max(86_400_000).default(1_000),
    timeoutMs: z.int().min(1).max(3_600_000).default(30_000),
    showsLogs: z.boolean().default(false),
    sinks: z
      .record(z.string(), z.custom<NonNullable<TenantLeakOptions['sinks']>[string]>(aFunction, 'must be a function'))
      .default({}),
    tenantFields: z.array(z.string().min(1)).default([]),
    allow: z
      .custom<NonNullable<TenantLeakOptions['allow']>>(aFunction, 'must be a function')
      .default(() => () => undefined),
    client: z
      .custom<NonNullable<TenantLeakOptions['client']>>(
        (value) => typeof value === 'object' && value !== null,
        'must be options of TenantKafka',
      )
      .default({}),
  });
});

/** @throws TenantryError `INVALID_OPTIONS`, which lists every wrong field */
export function checkLeakOptions(options: TenantLeakOptions): ResolvedLeakOptions {
  const { seeds, ...rest } = checkOptions('findTenantLeaks', optionsSchema, options);
  return { ...rest, seeds: typeof seeds === 'number' ? Array.from({ length: seeds }, (_, index) => index + 1) : seeds };
}

function isLeakInput(value: unknown): value is LeakInput {
  if (typeof value !== 'object' || value === null) return false;
  const { contract, make } = value as Partial<LeakInput>;
  return isEventContract(contract) && typeof make === 'function';
}
