import { isEventContract, type AnyEventContract } from '../../contract/event-contract.js';
import { avroFormat } from './avro-format.js';
import type { ContractFormat } from './contract-format.js';
import { jsonFormat } from './json-format.js';
import { protobufFormat } from './protobuf-format.js';
import type { AskReference } from './schema-library.js';

/** A contract with the text of its schema, which its owner keeps; it must stand by itself, without references. */
export type ContractSchema = { readonly contract: AnyEventContract } & (
  | {
      /** An Avro schema (JSON) of a named record. */
      readonly avro: string;
    }
  | {
      /** A Protobuf schema whose first declaration is the event's message. */
      readonly protobuf: string;
    }
  | {
      /** A JSON Schema, in place of the one that is made from the contract. */
      readonly json: string;
    }
);

const FORMATS = ['avro', 'protobuf', 'json'];

/** Whether a value is a contract, or a contract with one text. */
export function isContractOption(value: unknown): value is AnyEventContract | ContractSchema {
  if (isEventContract(value)) return true;
  if (typeof value !== 'object' || value === null || !isEventContract(Reflect.get(value, 'contract'))) return false;
  const others = Object.entries(value).filter(([name]) => name !== 'contract');
  return others.length === 1 && others.every(([name, text]) => FORMATS.includes(name) && isText(text));
}

/** The contract of an item of the option `contracts`. */
export function contractOf(given: AnyEventContract | ContractSchema): AnyEventContract {
  return 'contract' in given ? given.contract : given;
}

/** Whether a contract's values need the package of Confluent's formats. */
export function needsLibrary(given: AnyEventContract | ContractSchema): boolean {
  return 'avro' in given || 'protobuf' in given;
}

/**
 * How the values of a contract are written and read.
 *
 * @throws TenantryError `INVALID_CONTRACT`
 */
export async function formatOf(
  contract: AnyEventContract,
  text: ContractSchema | undefined,
  reference: AskReference,
): Promise<ContractFormat> {
  if (text !== undefined && 'avro' in text) return avroFormat(contract, text.avro, reference);
  if (text !== undefined && 'protobuf' in text) return protobufFormat(contract, text.protobuf, reference);
  return jsonFormat(contract, text?.json);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
