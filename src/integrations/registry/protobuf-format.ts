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
import { sameJson } from './same-json.js';
import { invalidContract } from '../../serde/registry/invalid-contract.js';
import type { SchemaText } from '../../serde/registry/schema-text.js';

/** A message type of protobufjs. */
interface MessageType {
  readonly fullName: string;
  readonly root: { toJSON(): object };
  fromObject(value: object): object;
  toObject(message: object, options: object): object;
}

interface Parsed {
  readonly schema: LibrarySchema;
  readonly type: MessageType;
}

// Which message of the schema it is, as Confluent's serializers write it: the first. The package does not write it, and
// cuts off what looks like it; no message begins with any of these bytes, for no field has the number 0.
const FIRST_MESSAGE = Buffer.from([0]);
const FIRST_MESSAGE_IN_FULL = Buffer.from([2, 0]);

// Protobuf's own mapping to JSON: 64-bit integers, enums and bytes are text.
const AS_JSON = { longs: String, enums: String, bytes: String, defaults: true };

/**
 * Protobuf: the first message of the contract's text.
 *
 * @throws TenantryError `INVALID_CONTRACT` where the text is no schema that begins with a message
 */
export async function protobufFormat(
  contract: AnyEventContract,
  text: string,
  reference: AskReference,
): Promise<ContractFormat> {
  const own: SchemaText = { schemaType: 'PROTOBUF', schema: text, references: [] };
  const ownParsed = await parse(own, reference);
  if (ownParsed === undefined)
    throw invalidContract(contract, 'its Protobuf schema is none whose first declaration is a message');
  const structure = ownParsed.type.root.toJSON();
  const read = readerOf(contract, ownParsed);
  return {
    own,
    recordName: nameOf(ownParsed),
    isOwn: async (registered) => {
      const other = await parse(registered, reference);
      return other !== undefined && sameJson(other.type.root.toJSON(), structure);
    },
    writer: async (registered) => {
      const other = await parse(registered, reference);
      return isSameMessage(ownParsed, other) ? writerOf(contract, other, read) : undefined;
    },
    // Fields are told apart by their numbers, so the reader's own schema reads what any other of the message wrote.
    reader: async (registered) => (isSameMessage(ownParsed, await parse(registered, reference)) ? read : undefined),
  };
}

async function parse(text: SchemaText, reference: AskReference): Promise<Parsed | undefined> {
  const schema = await parseSchema('PROTOBUF', text, reference);
  if (schema === undefined) return undefined;
  // An empty message tells its type.
  const { $type: type } = schema.fromBuffer(Buffer.alloc(0)) as { readonly $type: MessageType };
  return { schema, type };
}

function nameOf({ type }: Parsed): string {
  return type.fullName.replace(/^\./, '');
}

function isSameMessage(own: Parsed, other: Parsed | undefined): other is Parsed {
  return other !== undefined && nameOf(other) === nameOf(own);
}

function writerOf(contract: AnyEventContract, { schema, type }: Parsed, read: PayloadReader): PayloadWriter {
  return (value) => {
    let message: Buffer;
    try {
      message = schema.toBuffer(type.fromObject(value as object));
    } catch {
      throw notSerializable(contract, 'it does not fit its Protobuf schema');
    }
    const payload = Buffer.allocUnsafeSlow(FIRST_MESSAGE.length + message.length);
    payload.set(FIRST_MESSAGE);
    payload.set(message, FIRST_MESSAGE.length);
    message.fill(0);
    assertLossless(contract, value, payload, read);
    return payload;
  };
}

function readerOf(contract: AnyEventContract, { schema, type }: Parsed): PayloadReader {
  return (payload) => {
    const message = firstMessage(payload);
    if (message === undefined) throw payloadMalformed(contract, 'it is not the first message of its Protobuf schema');
    try {
      // Protobuf has no null: it stands for a message that is absent.
      return plainData(type.toObject(schema.fromBuffer(message) as object, AS_JSON), 'drop');
    } catch {
      throw payloadMalformed(contract, 'it is not Protobuf of its schema, or holds a forbidden key');
    }
  };
}

function firstMessage(payload: Buffer): Buffer | undefined {
  const index = [FIRST_MESSAGE, FIRST_MESSAGE_IN_FULL].find((bytes) => payload.subarray(0, bytes.length).equals(bytes));
  return index && payload.subarray(index.length);
}
