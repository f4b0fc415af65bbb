import type { ClientOptions } from '../../client/client-options.js';
import type { AnyEventContract } from '../../contract/event-contract.js';

/** What a file `tenantry.config.ts` (`.mts`, `.mjs`, `.js`, `.json`) may say to the command line. All of it is optional. */
export interface TenantryConfig extends Partial<ClientOptions> {
  /** Event contracts, or the paths of modules that export them, from the folder of the file. Default: none */
  readonly contracts?: AnyEventContract | string | readonly (AnyEventContract | string)[] | undefined;
  /** Names of worker groups, without `_shared.`. Default: none */
  readonly groups?: readonly string[] | undefined;
  /** A key file as `tenantry keys generate --file` makes it, in place of `encryption`. Default: none */
  readonly keyFile?: string | undefined;
  /** The address of a schema registry, which `tenantry doctor` asks. Default: none */
  readonly registry?: string | undefined;
}

/**
 * The default export of `tenantry.config.ts`: it only gives the object its type.
 *
 * @example
 * ```ts
 * import { defineConfig, envelopeEncryption, localKeyring } from 'tenantry';
 *
 * export default defineConfig({
 *   brokers: ['localhost:9092'],
 *   encryption: envelopeEncryption({ kms: localKeyring({ keyFile: 'keys.json' }) }),
 *   contracts: 'src/contracts.ts',
 *   groups: ['order-processor'],
 * });
 * ```
 */
export function defineConfig(config: TenantryConfig): TenantryConfig {
  return config;
}
