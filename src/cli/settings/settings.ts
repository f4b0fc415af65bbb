import type { z } from 'zod';
import { compileOptions, type ClientOptions, type CompiledOptions } from '../../client/client-options.js';
import { isEventContract, type AnyEventContract } from '../../contract/event-contract.js';
import { isTenantryError, type Problem } from '../../core/errors.js';
import { checkOptions, invalidOptions } from '../../core/invalid-options.js';
import { lazySchema } from '../../core/lazy-schema.js';
import { silentLogger } from '../../core/logger.js';
import { envelopeEncryption } from '../../encryption/encryption-options.js';
import { localKeyring } from '../../encryption/local-keyring.js';
import { isGroupName, type GroupName } from '../../routing/naming.js';
import { usageError } from '../command.js';
import { loadContracts } from '../contracts/load-contracts.js';
import { commandClock } from '../command-clock.js';
import type { Load } from '../load-module.js';
import { configFile, readConfig } from './config-file.js';
import { environmentLayers, flagLayers, type SettingFlags } from './environment.js';
import { layered, objectOf, sourceOf, type Setting, type SettingLayer } from './setting-layers.js';

/** What the command line knows beside the options of a client. */
const ownSchema = lazySchema((z) => {
  const contracts = z.custom<AnyEventContract | string>(
    (value) => (typeof value === 'string' && value !== '') || isEventContract(value),
    'must be contracts made by defineEvent, or paths of modules that export them',
  );
  return z.object({
    contracts: z.union([z.array(contracts), contracts.transform((one) => [one])]).default([]),
    groups: z.array(z.custom<GroupName>(isGroupName, 'must be names of worker groups, without _shared.')).default([]),
    keyFile: z.string().min(1).optional(),
    registry: z
      .string()
      .refine(
        (text) => /^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : ''),
        'must be an http or https URL',
      )
      .optional(),
  });
});

type OwnSettings = z.output<ReturnType<typeof ownSchema>>;

/** Settings of a command, of which nothing is checked before it is asked for. */
export class Settings {
  /** What was said, by whom; what nobody has said is not in it. */
  readonly all: readonly Setting[];
  readonly #load: Load | undefined;

  constructor(all: readonly Setting[], load?: Load) {
    this.all = all;
    this.#load = load;
  }

  /**
   * The options of a client for these settings.
   *
   * @throws TenantryError `INVALID_OPTIONS`, which lists every wrong field and who has said it; `INVALID_KEY_MATERIAL`
   */
  clientOptions(): ClientOptions {
    this.#check();
    return this.#clientOptions();
  }

  /** The same, compiled. */
  client(): CompiledOptions {
    this.#check();
    return compileOptions(this.#clientOptions());
  }

  /** The same for what connects to nothing. */
  clientWithoutBrokers(): CompiledOptions {
    const brokers: Setting = { path: 'brokers', value: ['localhost:9092'], source: '' };
    return this.all.some(({ path }) => path === 'brokers')
      ? this.client()
      : new Settings([...this.all, brokers], this.#load).client();
  }

  get groups(): readonly GroupName[] {
    return this.#own().groups;
  }

  get registry(): string | undefined {
    return this.#own().registry;
  }

  /** The contracts; modules with contracts are run. */
  async contracts(): Promise<readonly AnyEventContract[]> {
    const contracts = new Set<AnyEventContract>();
    for (const given of this.#own().contracts) {
      const found = typeof given === 'string' ? await loadContracts(given, this.#load) : [given];
      for (const contract of found) contracts.add(contract);
    }
    return [...contracts];
  }

  /** Of everything at once: a person mends all of it, not one field after the other. */
  #check(): void {
    const problems = [
      ...problemsOf(() => checkOptions('the settings', ownSchema, objectOf(this.all))),
      ...problemsOf(() => compileOptions(this.#clientOptions())),
    ];
    if (problems.length > 0) throw this.#invalid(problems);
  }

  #own(): OwnSettings {
    try {
      return checkOptions('the settings', ownSchema, objectOf(this.all));
    } catch (error) {
      throw isTenantryError(error, 'INVALID_OPTIONS') ? this.#invalid(error.problems) : error;
    }
  }

  #clientOptions(): ClientOptions {
    const { contracts: _contracts, groups: _groups, registry: _registry, keyFile, ...options } = objectOf(this.all);
    const encryption = encryptionOf(keyFile, options['encryption']);
    return {
      clientId: 'tenantry-cli',
      logger: silentLogger,
      ...options,
      clock: commandClock,
      ...(encryption !== undefined && { encryption }),
    } as ClientOptions;
  }

  #invalid(problems: readonly Problem[]): Error {
    return invalidOptions(
      'the settings',
      problems.map(({ path, message }) => {
        const source = sourceOf(path, this.all);
        if (path === 'brokers' && source === undefined) return { path, message: BROKERS_MISSING };
        return { path, message: source === undefined ? message : `${message} (from ${source})` };
      }),
    );
  }
}

const BROKERS_MISSING =
  '--brokers is missing, and the variable TENANTRY_BROKERS is not set, nor has a tenantry.config file any';

/**
 * Reads the settings of a command: a file with settings, over it the environment, over that the command line.
 *
 * @throws TenantryError `INVALID_OPTIONS` where a file cannot be read
 */
export async function readSettings(
  flags: SettingFlags,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  load?: Load,
): Promise<Settings> {
  const ofEnvironment = environment['TENANTRY_CONFIG'];
  const named = flags.config ?? (ofEnvironment === '' ? undefined : ofEnvironment);
  if (named === '') throw usageError('--config needs a path');
  const file = configFile(named);
  const ofFile: SettingLayer[] = file === undefined ? [] : [await readConfig(file, load)];
  const settings = layered([...ofFile, ...environmentLayers(environment), ...flagLayers(flags)]);
  return new Settings([...settings, ...keysOfEnvironment(settings, environment)], load);
}

/** Where something heavier or more of it is said of encryption, for instance who is erased, that must not get lost. */
function keysOfEnvironment(
  settings: readonly Setting[],
  { TENANTRY_KEYS: keys = '' }: Readonly<Record<string, string | undefined>>,
): readonly Setting[] {
  if (keys === '' || settings.some(({ path }) => path === 'encryption' || path === 'keyFile')) return [];
  return [{ path: 'encryption', value: FROM_ENVIRONMENT, source: 'the variable TENANTRY_KEYS' }];
}

const FROM_ENVIRONMENT = Symbol('TENANTRY_KEYS');

function encryptionOf(keyFile: unknown, encryption: unknown): unknown {
  if (typeof keyFile === 'string' && keyFile !== '') return envelopeEncryption({ kms: localKeyring({ keyFile }) });
  if (encryption !== FROM_ENVIRONMENT) return encryption;
  return envelopeEncryption({ kms: localKeyring({ environment: true }) });
}

function problemsOf(check: () => unknown): readonly Problem[] {
  try {
    check();
    return [];
  } catch (error) {
    if (isTenantryError(error, 'INVALID_OPTIONS')) return error.problems;
    throw error;
  }
}
