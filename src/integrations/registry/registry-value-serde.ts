import type { AnyEventContract } from '../../contract/event-contract.js';
import { tenantryError } from '../../core/errors.js';
import { LruMap } from '../../core/lru-map.js';
import type { ValueSerde } from '../../serde/value-serde.js';
import { payloadMalformed, type ContractFormat, type PayloadReader, type PayloadWriter } from './contract-format.js';
import { formatOf, type ContractSchema } from './contract-schema.js';
import { frame, unframe } from './framing.js';
import { heldValue, type HeldValue } from './held-value.js';
import { publishingSchema, type RegistryMode } from './publishing-schema.js';
import { MAX_SCHEMA_ID, type RegistryCalls } from '../../serde/registry/registry-calls.js';
import type { RegistryQuestions } from './registry-questions.js';
import type { AskReference } from './schema-library.js';
import type { SchemaText } from '../../serde/registry/schema-text.js';
import { subjectOf, type SubjectStrategy } from '../../serde/registry/subjects.js';

/** More than a contract has schemas, unless somebody writes records that name others'. */
const MAX_READERS = 1_000;

export interface RegistryValueSerdeParts {
  readonly calls: RegistryCalls;
  readonly questions: RegistryQuestions;
  readonly mode: RegistryMode;
  readonly subject: SubjectStrategy;
  /** The contracts that `start` prepares. */
  readonly contracts: readonly AnyEventContract[];
  /** By event type: a contract may be there in several copies. */
  readonly texts: ReadonlyMap<string, ContractSchema>;
}

/** What is known of a contract. */
interface Known {
  readonly format: Promise<ContractFormat>;
  readonly readers: LruMap<number, PayloadReader>;
  /** Once the schema to publish under is found. */
  writer: Writer | undefined;
}

/** Writes under one schema. */
interface Writer {
  readonly id: number;
  readonly write: PayloadWriter;
  readonly format: ContractFormat;
}

/** Values in the framing of Confluent's serializers, under schemas that a registry keeps. */
export class RegistryValueSerde implements ValueSerde {
  readonly #parts: RegistryValueSerdeParts;
  readonly #known = new WeakMap<AnyEventContract, Known>();

  constructor(parts: RegistryValueSerdeParts) {
    this.#parts = parts;
  }

  /** Finds the schemas of the contracts that the option lists, or registers them where that is allowed. */
  async start(): Promise<void> {
    await Promise.all(this.#parts.contracts.map((contract) => this.#writer(contract)));
  }

  encode(contract: AnyEventContract, value: unknown): Buffer | Promise<Buffer> {
    const { writer } = this.#of(contract);
    if (writer !== undefined) return framed(writer, writer.write(value));
    return this.#encodeLater(contract, heldValue(contract, this.#parts.texts.get(contract.eventType), value));
  }

  decode(contract: AnyEventContract, bytes: Buffer): unknown {
    const found = unframe(bytes);
    if (found === undefined) throw payloadMalformed(contract, "it is not in the schema registry's framing");
    const { schemaId, payload } = found;
    if (schemaId > MAX_SCHEMA_ID) throw unknownSchema(`of id ${schemaId}`);
    const read = this.#of(contract).readers.get(schemaId);
    return read === undefined ? this.#reader(contract, schemaId).then((known) => known(payload)) : read(payload);
  }

  async #encodeLater(contract: AnyEventContract, held: HeldValue): Promise<Buffer> {
    let writer: Writer;
    try {
      writer = await this.#writer(contract);
    } catch (error) {
      held.drop();
      throw error;
    }
    return framed(writer, held.payload(writer.write));
  }

  #of(contract: AnyEventContract): Known {
    let known = this.#known.get(contract);
    if (known === undefined) {
      const format = formatOf(contract, this.#parts.texts.get(contract.eventType), this.#reference);
      format.catch(() => undefined); // whoever needs it is told
      known = { format, readers: new LruMap(MAX_READERS), writer: undefined };
      this.#known.set(contract, known);
    }
    return known;
  }

  async #writer(contract: AnyEventContract): Promise<Writer> {
    const known = this.#of(contract);
    const { calls, questions, mode, subject: strategy } = this.#parts;
    const format = await known.format;
    const { eventType } = contract;
    const { own } = format;
    const subject = subjectOf(strategy, contract, format.recordName);
    const key = ['publish', eventType, subject, own.schemaType, own.schema].join('\n');
    const { id, write } = await questions.ask(key, async () => {
      const isOwn = (text: SchemaText): Promise<boolean> => format.isOwn(text);
      const found = await publishingSchema(calls, mode, { eventType, subject, own, isOwn });
      questions.remember(schemaKey(found.id), found.text);
      const writer = await format.writer(found.text);
      if (writer === undefined) throw mismatch(contract, found.id);
      return { id: found.id, write: writer };
    });
    known.writer ??= { id, write, format };
    return known.writer;
  }

  async #reader(contract: AnyEventContract, id: number): Promise<PayloadReader> {
    const { format, readers } = this.#of(contract);
    const { calls, questions } = this.#parts;
    const text = await questions.ask(schemaKey(id), async () => {
      const found = await calls.find(id);
      if (found !== undefined) return found;
      throw unknownSchema(`of id ${id}`);
    });
    const known = await format;
    // A question too: a schema may refer to others.
    const key = ['read', contract.eventType, id].join('\n');
    const read = await questions.ask(key, async () => (await known.reader(text)) ?? refusing(mismatch(contract, id)));
    readers.set(id, read);
    return read;
  }

  readonly #reference: AskReference = async (path) => {
    const found = await this.#parts.calls.get(path);
    if (found === undefined) throw unknownSchema('that another refers to');
    return found;
  };
}

function schemaKey(id: number): string {
  return `schema\n${id}`;
}

function framed({ id, format }: Writer, payload: Buffer): Buffer {
  const value = frame(id, payload);
  payload.fill(0);
  format.release?.(payload);
  return value;
}

function refusing(error: Error): PayloadReader {
  return () => {
    throw error;
  };
}

function unknownSchema(which: string): Error {
  return tenantryError('SCHEMA_UNKNOWN', `the schema registry knows no schema ${which}`);
}

function mismatch({ eventType }: AnyEventContract, id: number): Error {
  return tenantryError('SCHEMA_MISMATCH', `${eventType}: the schema under id ${id} is not one of this event`);
}
