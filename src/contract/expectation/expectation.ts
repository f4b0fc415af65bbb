import type { z } from 'zod';
import { lazySchema } from '../../core/lazy-schema.js';
import { bundledContractShape, makeBundle, type BundledContract, type ContractBundle } from '../bundle/bundle.js';
import { fieldRows, FURTHER_FIELDS } from '../bundle/field-rows.js';
import type { AnyEventContract } from '../event-contract.js';
import { schemaInFile } from '../json-schema/schema-in-file.js';

const FORMAT = 'tenantry.expectation';
const FORMAT_VERSION = 1;

/** What the file of an expectation holds. */
export const expectationSchema = lazySchema((z) => {
  const { eventType, type, version, topic, compacted, protection, sealedFields } = bundledContractShape();
  return z.object({
    format: z.literal(FORMAT),
    formatVersion: z.literal(FORMAT_VERSION),
    /** Who expects it. */
    consumer: z.string().min(1),
    /** At least one: nothing would be met by every bundle. */
    contracts: z
      .array(
        z.object({
          eventType,
          type,
          version,
          topic,
          compacted,
          protection,
          sealedFields,
          /** The names of the bundles that promised it when this was recorded. */
          producers: z.array(z.string()).optional(),
          /** JSON Schema of what the consumer reads. */
          reads: schemaInFile(),
          /** The fields that have to be there, for people: `lines[].sku`; `…` at the end where there are too many. */
          needs: z.array(z.string()),
        }),
      )
      .min(1, 'must hold at least one'),
  });
});

/**
 * What a consumer expects of the contracts that it handles, as a file that producers can verify.
 *
 * @interface
 */
export type ConsumerExpectation = z.output<ReturnType<typeof expectationSchema>>;

/** One contract of an expectation. */
export type ExpectedContract = ConsumerExpectation['contracts'][number];

/**
 * What a consumer expects: the contracts that it has handlers for, and the older versions that it upcasts from. The
 * same contracts give the same expectation.
 *
 * @param consumer - the name under which the producer knows it
 * @throws TenantryError `NO_JSON_SCHEMA`, `CONTRACT_CONFLICT`, `INVALID_CONTRACT`
 */
export function consumerExpectation(consumer: string, contracts: readonly AnyEventContract[]): ConsumerExpectation {
  const bundle = makeBundle(contracts, { name: consumer, version: '1' });
  return {
    format: FORMAT,
    formatVersion: FORMAT_VERSION,
    consumer,
    contracts: bundle.contracts.map(expected),
  };
}

/**
 * An expectation that says whose each contract is, so that none of several producers is asked for what another promises.
 */
export function withProducers(
  expectation: ConsumerExpectation,
  bundles: readonly ContractBundle[],
): ConsumerExpectation {
  const producersOf = ({ type }: ExpectedContract): readonly string[] =>
    bundles.filter(({ contracts }) => contracts.some((one) => one.type === type)).map(({ name }) => name);
  const contracts = expectation.contracts.map((contract) => {
    const producers = [...new Set(producersOf(contract))].sort();
    return producers.length === 0 ? contract : { ...contract, producers };
  });
  return { ...expectation, contracts };
}

function expected(contract: BundledContract): ExpectedContract {
  const { eventType, type, version, topic, compacted, protection, sealedFields, input } = contract;
  return {
    eventType,
    type,
    version,
    topic,
    compacted,
    protection,
    ...(sealedFields !== undefined && { sealedFields }),
    reads: input,
    needs: fieldRows(input)
      .filter((row) => row.isRequired || row === FURTHER_FIELDS)
      .map(({ place }) => place),
  };
}
