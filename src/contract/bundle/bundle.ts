import type { z } from 'zod';
import { isTenantryError, tenantryError } from '../../core/errors.js';
import { lazySchema } from '../../core/lazy-schema.js';
import { ContractSet } from '../contract-set.js';
import type { AnyEventContract } from '../event-contract.js';
import { jsonSchemaOf } from '../json-schema/contract-json-schema.js';
import { schemaInFile, valueInFile } from '../json-schema/schema-in-file.js';
import { isSchemaObject, mapSubschemas, type SchemaObject } from '../json-schema/subschemas.js';
import { olderVersions } from '../upcast.js';
import { validateData } from '../validate.js';

const FORMAT = 'tenantry.contracts';
const FORMAT_VERSION = 1;

/** What a bundle says of one contract. */
export const bundledContractShape = lazySchema((z) => ({
  eventType: z.string().min(1),
  type: z.string().min(1),
  version: z.int().min(1),
  topic: z.string().min(1),
  compacted: z.boolean(),
  protection: z.enum(['confidential', 'fields', 'authentic', 'none']),
  /** JSON Pointers to the fields that are sealed, where `protection` is `fields`. */
  sealedFields: z.array(z.string()).optional(),
  /** The older version whose events handlers of this one get. */
  upcastFrom: z.int().min(1).optional(),
  owner: z.string().optional(),
  description: z.string().optional(),
  /** JSON Schema of what consumers accept. */
  input: schemaInFile(),
  /** JSON Schema of what producers write. */
  output: schemaInFile(),
  /** As they are written. */
  examples: z.array(valueInFile()),
}));

/** What the file of a bundle holds. */
export const bundleSchema = lazySchema((z) =>
  z.object({
    format: z.literal(FORMAT),
    formatVersion: z.literal(FORMAT_VERSION),
    /** What the bundle is of, and its release. */
    name: z.string().min(1),
    version: z.string().min(1),
    contracts: z.array(z.object(bundledContractShape())).superRefine((contracts, context) => {
      const seen = new Set<string>();
      for (const [index, { eventType, type, version }] of contracts.entries()) {
        const problem = (message: string): void => {
          context.addIssue({ code: 'custom', path: [index, 'eventType'], message });
        };
        if (eventType !== `${type}.v${version}`) problem('must be the type and the version');
        if (seen.has(eventType)) problem('is there twice');
        seen.add(eventType);
      }
    }),
  }),
);

/**
 * Contracts as a file: what others need to know of them, without their code.
 *
 * @interface
 */
export type ContractBundle = z.output<ReturnType<typeof bundleSchema>>;

/** One contract of a bundle. */
export type BundledContract = ContractBundle['contracts'][number];

/**
 * Makes a bundle of contracts and the older versions that they upcast from, in the order of type and version.
 *
 * @throws TenantryError `NO_JSON_SCHEMA`; `INVALID_CONTRACT` for an example that does not fit; `CONTRACT_CONFLICT`
 */
export function makeBundle(
  contracts: readonly AnyEventContract[],
  { name, version }: Pick<ContractBundle, 'name' | 'version'>,
): ContractBundle {
  const set = new ContractSet();
  for (const contract of contracts) set.add(contract);
  const all = [...new Set(contracts.flatMap((contract) => [contract, ...olderVersions(contract)]))];
  // By code units: a locale would make another order elsewhere.
  all.sort((a, b) => (a.type === b.type ? a.version - b.version : a.type < b.type ? -1 : 1));
  return { format: FORMAT, formatVersion: FORMAT_VERSION, name, version, contracts: all.map(bundled) };
}

/** How a contract's records are kept, as a bundle says it. */
export function keepingOf({
  compacted,
  protection,
}: AnyEventContract): Pick<BundledContract, 'compacted' | 'protection' | 'sealedFields'> {
  if (typeof protection === 'string') return { compacted, protection };
  return { compacted, protection: 'fields', sealedFields: [...protection.fields].sort() };
}

function bundled(contract: AnyEventContract): BundledContract {
  const { eventType, type, version, topic, upcast, owner, description } = contract;
  return {
    eventType,
    type,
    version,
    topic,
    ...keepingOf(contract),
    ...(upcast !== undefined && { upcastFrom: upcast.from.version }),
    ...(owner !== undefined && { owner }),
    ...(description !== undefined && { description }),
    input: jsonSchemaOf(contract, 'input'),
    output: jsonSchemaOf(contract, 'output'),
    examples: (contract.examples ?? []).map((example, index) => written(contract, example, index)),
  };
}

function written(contract: AnyEventContract, example: unknown, index: number): unknown {
  try {
    return JSON.parse(JSON.stringify(validateData(contract, example)));
  } catch (error) {
    if (!isTenantryError(error)) throw error;
    throw tenantryError(
      'INVALID_CONTRACT',
      `event contract ${contract.eventType}: examples[${index}]: ${error.message}`,
    );
  }
}

/**
 * A bundle without the defaults that are not the same a moment later, such as a time or a random id: each export
 * would else be another one.
 *
 * @param later - the same bundle, made again
 */
export function withSteadyDefaults(bundle: ContractBundle, later: ContractBundle): ContractBundle {
  const contracts = bundle.contracts.map((contract, index) => {
    const { input, output, examples } = later.contracts[index] ?? contract;
    return {
      ...contract,
      input: steady(contract.input, input) as SchemaObject,
      output: steady(contract.output, output) as SchemaObject,
      examples: contract.examples.filter((example, at) => isSame(example, examples[at])),
    };
  });
  return { ...bundle, contracts };
}

function steady(schema: unknown, later: unknown): unknown {
  if (!isSchemaObject(schema) || !isSchemaObject(later)) return schema;
  const { default: preset, ...rest } = mapSubschemas(schema, (child, [keyword = '', name]) => {
    const group = later[keyword];
    return steady(child, name === undefined ? group : Reflect.get(Object(group), name));
  });
  return preset !== undefined && isSame(preset, later['default']) ? { ...rest, default: preset } : rest;
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
