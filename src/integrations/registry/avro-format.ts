import type { AnyEventContract } from '../../contract/event-contract.js';
import {
  notSerializable,
  payloadMalformed,
  type ContractFormat,
  type PayloadReader,
  type PayloadWriter,
} from './contract-format.js';
import { plainData } from './plain-data.js';
import { assertLossless } from './assert-lossless.js';
import { parseSchema, type AskReference, type LibrarySchema } from './schema-library.js';
import { invalidContract } from '../../serde/registry/invalid-contract.js';
import type { SchemaText } from '../../serde/registry/schema-text.js';

/** The package's Avro schema is a type of avsc. */
interface AvroType extends LibrarySchema {
  readonly name: string | undefined;
  equals(other: AvroType): boolean;
  createResolver(writer: AvroType): unknown;
}

/**
 * Avro: read with the schema that wrote it, resolved to the contract's own, as Avro's specification says.
 *
 * @throws TenantryError `INVALID_CONTRACT` where the text is no schema of a record
 */
export async function avroFormat(
  contract: AnyEventContract,
  text: string,
  reference: AskReference,
): Promise<ContractFormat> {
  const own: SchemaText = { schemaType: 'AVRO', schema: text, references: [] };
  const ownType = await parseSchema<AvroType>('AVRO', own, reference);
  if (ownType?.name === undefined) throw invalidContract(contract, 'its Avro schema is none of a named record');
  const parse = (registered: SchemaText): Promise<AvroType | undefined> =>
    parseSchema<AvroType>('AVRO', registered, reference);
  return {
    own,
    recordName: ownType.name,
    isOwn: async (registered) => {
      const type = await parse(registered);
      return type !== undefined && ownType.equals(type);
    },
    writer: async (registered) => {
      const type = await parse(registered);
      const read = type && readerOf(contract, ownType, type);
      return read && writerOf(contract, type, read);
    },
    reader: async (registered) => {
      const type = await parse(registered);
      return type && readerOf(contract, ownType, type);
    },
  };
}

function writerOf(contract: AnyEventContract, type: AvroType, read: PayloadReader): PayloadWriter {
  return (value) => {
    let payload: Buffer;
    try {
      payload = type.toBuffer(value as object);
    } catch {
      throw notSerializable(contract, 'it does not fit its Avro schema');
    }
    assertLossless(contract, value, payload, read);
    return payload;
  };
}

/** @returns undefined where the writer's record is another, or cannot be read as the contract's */
function readerOf(contract: AnyEventContract, own: AvroType, writer: AvroType): PayloadReader | undefined {
  let resolver: unknown;
  try {
    resolver = own.createResolver(writer);
  } catch {
    return undefined;
  }
  return (payload) => {
    try {
      return plainData(own.fromBuffer(payload, resolver), 'keep');
    } catch {
      throw payloadMalformed(contract, 'it is not Avro of its schema, or holds a forbidden key');
    }
  };
}
