// What an attacker may do to a sealed record: with knowledge of the format, and blindly.
import fc from 'fast-check';
import { parseTenantId } from '../../src/core/tenant-id.js';
import type { SealedIdentity } from '../../src/encryption/record-cipher.js';
import type { OpenerRecord } from './python-opener.js';

/** @returns undefined where it would change nothing */
export type Change = (record: OpenerRecord) => OpenerRecord | undefined;

/** Beginnings of the fields of an envelope, and the ends. */
const EDGES = [0, 2, 3, 4, 5, 37, 53, 61, 69, 70, 71, 79, 91, 123, 139, 140, 155, 156];

/** @param others - from which parts are taken */
export function changes(others: readonly OpenerRecord[]): fc.Arbitrary<Change> {
  const other = fc.constantFrom(...others);
  const at = fc.oneof(fc.constantFrom(...EDGES), fc.nat(400));
  const blind = fc.oneof(
    fc.tuple(at, fc.integer({ min: 1, max: 255 })).map(([where, bits]) =>
      ofEnvelope((bytes) => {
        if (bytes.length > 0) bytes[where % bytes.length]! ^= bits;
        return bytes;
      }),
    ),
    at.map((length) => ofEnvelope((bytes) => bytes.subarray(0, length))),
    at.map((length) => ofEnvelope((bytes) => bytes.subarray(length))),
    fc
      .tuple(at, fc.uint8Array({ minLength: 1, maxLength: 40 }))
      .map(([where, more]) =>
        ofEnvelope((bytes) => Buffer.concat([bytes.subarray(0, where), more, bytes.subarray(where)])),
      ),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => ofEnvelope(() => Buffer.from(bytes))),
  );
  const aware = fc.oneof(
    // A part of another envelope.
    fc
      .tuple(other, fc.constantFrom([5, 37], [37, 53], [53, 61], [61, 69], [69, 139], [71, 139], [5, 139]))
      .map(([from, [start = 0, end = 0]]) =>
        ofEnvelope((bytes) => {
          if (bytes.length >= end) envelopeOf(from).copy(bytes, start, start, end);
          return bytes;
        }),
      ),
    fc
      .tuple(fc.constantFrom(2, 3, 4), fc.nat(255))
      .map(([where, value]) => ofEnvelope((bytes) => written(bytes, where, value))),
    fc.nat(3).map((flags) => ofEnvelope((bytes) => written(bytes, 4, flags))),
    fc.integer({ min: 0, max: 65_535 }).map((length) =>
      ofEnvelope((bytes) => {
        bytes.writeUInt16BE(length, 69);
        return bytes;
      }),
    ),
    other.map((from) => ofEnvelope(() => Buffer.from(envelopeOf(from)))),
    // Another place.
    other.map(({ identity }) => ofIdentity((own) => ({ ...own, logicalTopic: identity.logicalTopic }))),
    other.map(({ identity }) => ofIdentity((own) => ({ ...own, eventType: identity.eventType }))),
    other.map(({ identity }) => ofIdentity((own) => ({ ...own, eventId: identity.eventId }))),
    other.map(({ identity }) => ofIdentity(() => identity)),
    fc.constantFrom('a', 'ab', 'A-_9').map((tenant) =>
      ofIdentity((own) => {
        const aggregate = own.recordKey.subarray(own.tenantId.length);
        return { ...own, tenantId: parseTenantId(tenant), recordKey: Buffer.concat([Buffer.from(tenant), aggregate]) };
      }),
    ),
    // Another form, and another value beside the seal.
    other.map(
      ({ protection }) =>
        (record: OpenerRecord) =>
          different(record, { ...record, protection }),
    ),
    other.map(
      ({ value }) =>
        (record: OpenerRecord) =>
          different(record, { ...record, value }),
    ),
    fc.constant((record: OpenerRecord) => different(record, { ...record, value: null })),
    fc.constant((record: OpenerRecord) => different(record, { ...record, seal: undefined })),
    fc.constant((record: OpenerRecord) =>
      different(record, { ...record, value: record.seal ?? null, seal: undefined }),
    ),
  );
  return fc.oneof(blind, aware);
}

function written(bytes: Buffer, at: number, value: number): Buffer {
  if (bytes.length > at) bytes[at] = value;
  return bytes;
}

function envelopeOf({ seal, value }: OpenerRecord): Buffer {
  return seal ?? value ?? Buffer.alloc(0);
}

function ofEnvelope(change: (bytes: Buffer) => Buffer): Change {
  return (record) => {
    const changed = change(Buffer.from(envelopeOf(record)));
    return different(record, record.seal === undefined ? { ...record, value: changed } : { ...record, seal: changed });
  };
}

function ofIdentity(change: (identity: SealedIdentity) => SealedIdentity): Change {
  return (record) => different(record, { ...record, identity: change(record.identity) });
}

function different(before: OpenerRecord, after: OpenerRecord): OpenerRecord | undefined {
  // Of a tombstone and of a value beside a seal without fields the contract may say either.
  const meaning = ({ protection, ...rest }: OpenerRecord): string =>
    JSON.stringify([rest, rest.value === null ? '' : protection]);
  return meaning(before) === meaning(after) ? undefined : after;
}
