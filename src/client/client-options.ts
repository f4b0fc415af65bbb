import type { z } from 'zod';
import { systemClock, type Clock } from '../core/clock.js';
import { checkOptions } from '../core/invalid-options.js';
import { lazySchema } from '../core/lazy-schema.js';
import { guardedLogger, warningOnceLogger, type Logger } from '../core/logger.js';
import { isTenantId, type TenantId } from '../core/tenant-id.js';
import { isEncryptionOptions, type EncryptionOptions } from '../encryption/encryption-options.js';
import { isSerdeOption, type SerdeOption } from '../serde/serde-option.js';
import { rateLimitSchema, tenantRateLimitSchema } from '../rate-limit/options.js';
import { openDirectory, staticDirectory, type TenantDirectory, type TenantProfile } from '../tenant/directory.js';
import { isKekId, KEK_ID_RULE } from '../tenant/kek-id.js';
import { telemetrySchema } from '../telemetry/options.js';
import { checkGroupProtocol, transportOptionsShape } from '../transport/options.js';

const METHODS = ['debug', 'info', 'warn', 'error'] as const;

function hasMethods(value: unknown, names: readonly string[]): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
  );
}

function isDirectory(value: unknown): value is TenantDirectory {
  return hasMethods(value, ['get']);
}

const profilesSchema = lazySchema((z) =>
  z.record(
    z.string().refine(isTenantId, 'is not a tenant id'),
    z.strictObject({
      rateLimit: tenantRateLimitSchema().optional(),
      weight: z.number().min(0.01).max(1_000).optional(),
      erasedKeks: z.array(z.string().refine(isKekId, KEK_ID_RULE)).readonly().optional(),
    }),
  ),
);

/** The option `tenants`: profiles by tenant id, or a directory that is asked. */
export type TenantsOption = TenantDirectory | Readonly<Record<string, TenantProfile>>;

/** Which of the two was meant is decided first, so that what is wrong in profiles is said of them. */
const tenantsSchema = lazySchema((z) =>
  z
    .custom<TenantsOption>(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
      'must be profiles by tenant id, or a TenantDirectory',
    )
    .transform((tenants, context): TenantDirectory => {
      if (isDirectory(tenants)) return tenants;
      const parsed = profilesSchema().safeParse(tenants);
      if (parsed.success) return staticDirectory(new Map(Object.entries(parsed.data) as [TenantId, TenantProfile][]));
      for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: tenants } as z.core.$ZodRawIssue);
      return z.NEVER;
    }),
);

const SOURCE_RULE = 'must be a URI reference of 1 to 256 visible ASCII characters';

function isSource(source: string): boolean {
  return /^[\x21-\x7e]{1,256}$/.test(source) && URL.canParse(source, 'https://base.invalid');
}

const clientSchema = lazySchema((z) =>
  z
    .strictObject({
      ...transportOptionsShape(),
      encryption: z
        .custom<EncryptionOptions>(isEncryptionOptions, 'must be made by envelopeEncryption(...)')
        .optional(),
      serde: z.custom<SerdeOption>(isSerdeOption, 'must be made by registrySerde(...)').optional(),
      cloudEvents: z.strictObject({ source: z.string().refine(isSource, SOURCE_RULE) }).optional(),
      rateLimit: rateLimitSchema().prefault({}),
      tenants: tenantsSchema().optional(),
      telemetry: telemetrySchema().prefault({}),
      logger: z
        .custom<Logger>((value) => hasMethods(value, METHODS), 'must have debug, info, warn and error')
        .default(warningOnceLogger),
      clock: z
        .custom<Clock>((value) => hasMethods(value, ['nowMs', 'monotonicMs', 'setTimer']), 'must be a Clock')
        .default(systemClock),
      maxInFlight: z.int().min(1).max(100_000).default(5_000),
      maxInFlightBytes: z
        .int()
        .min(1_000)
        .default(64 * 1024 * 1024),
      maxWaitingBytes: z
        .int()
        .min(1_000)
        .default(256 * 1024 * 1024),
    })
    .superRefine(checkGroupProtocol),
);

/**
 * Options of a client, beside those of the connection, which `TransportOptions` documents.
 *
 * - `encryption`: needed for contracts with protection `confidential` or `authentic`
 * - `serde`: `registrySerde(...)` of `tenantry/registry`, where a schema registry keeps the values' schemas. Default:
 *   values are JSON
 * - `cloudEvents`: describes each event for others by the headers of CloudEvents too, with this `source`: a URI
 *   reference of 1 to 256 visible ASCII characters. Default: no such headers. See docs/publishing.md
 * - `rateLimit`: how fast each tenant may publish. Default: no limit
 * - `tenants`: profiles by tenant id, or a `TenantDirectory`; where given, an unknown id is refused
 * - `telemetry`: what goes on metrics, and how traces join. See docs/telemetry.md
 * - `logger`: anything with debug, info, warn and error that take fields and a message, such as pino. Default: the
 *   process is warned (`TENANTRY_NO_LOGGER`) of the first thing that somebody should look at, and nothing else is said
 * - `clock`: for tests. Default: the machine's
 * - `maxInFlight`, `maxInFlightBytes`: records, and their bytes, handed to the brokers and not acknowledged.
 *   Default 5,000 and 64 MiB
 * - `maxWaitingBytes`: bytes of all publishes that wait to be handed over; those of one tenant may have at most
 *   half of it. Default 256 MiB
 *
 * @interface
 */
export type ClientOptions = z.input<ReturnType<typeof clientSchema>>;

/** The options, compiled once. */
export type CompiledOptions = Omit<z.output<ReturnType<typeof clientSchema>>, 'tenants'> & {
  readonly directory: TenantDirectory;
};

/** @throws TenantryError `INVALID_OPTIONS`, which lists every wrong field */
export function compileOptions(options: ClientOptions): CompiledOptions {
  const { tenants, logger, ...compiled } = checkOptions('TenantKafka', clientSchema, options);
  return Object.freeze({ ...compiled, logger: guardedLogger(logger), directory: tenants ?? openDirectory });
}
