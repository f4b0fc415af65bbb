import { tenantryError } from '../core/errors.js';
import type { AnyEventContract } from '../contract/event-contract.js';
import type { RecordCipher, SealedIdentity } from '../encryption/record-cipher.js';
import { HEADER } from '../record/header-names.js';
import { headerSizeBytes } from '../record/wire-record.js';
import { withSeal, type Admitted, type Routed, type Sealed } from './stages.js';

/** How an event's protection is carried: not at all, in the value's place, or beside it, with fields or without. */
export type SealForm = 'none' | 'value' | 'detached' | 'fields';

export function sealForm(contract: AnyEventContract, tombstone: boolean): SealForm {
  if (contract.protection === 'none') return 'none';
  if (tombstone || contract.protection === 'authentic') return 'detached';
  return contract.protection === 'confidential' ? 'value' : 'fields';
}

/** What sealing will add to a record, before it is sealed, with the fields that go into the seal. */
export function sealBytes(event: Routed, cipher: RecordCipher | undefined, fieldsBytes: number): number {
  const form = sealForm(event.contract, event.tombstone);
  if (form === 'none') return 0;
  const overhead = requireCipher(cipher, event.contract).overheadBytes(event.tenantId);
  return form === 'value' ? overhead : headerSizeBytes(HEADER.seal, overhead + fieldsBytes);
}

/** Seals an event as its contract demands. Errors as of `RecordCipher`. */
export function sealEvent(event: Admitted, cipher: RecordCipher | undefined): Sealed | Promise<Sealed> {
  const form = sealForm(event.contract, event.tombstone);
  if (form === 'none') return withSeal(event, event.payload, undefined);
  const sealing = requireCipher(cipher, event.contract);
  const identity = sealedIdentity(event);
  const { payload, sealedFields, eventTimeMs } = event;
  if (form === 'value' && payload !== null) {
    const envelope = sealOnce(payload, () => sealing.sealValue(identity, payload, eventTimeMs));
    return settle(envelope, (value) => withSeal(event, value, undefined));
  }
  if (form === 'fields') {
    if (payload === null || sealedFields === undefined)
      throw tenantryError('INVALID_STATE', 'the fields of an event are taken out before it is sealed');
    const seal = sealOnce(sealedFields, () => sealing.sealFields(identity, payload, sealedFields, eventTimeMs));
    return settle(seal, (bytes) => withSeal(event, payload, bytes));
  }
  const seal = sealing.sealDetached(identity, payload, eventTimeMs);
  return settle(seal, (bytes) => withSeal(event, payload, bytes));
}

/** Seals and overwrites what was sealed, whatever came of it: nobody needs the plaintext any more. */
function sealOnce(plaintext: Buffer, seal: () => Buffer | Promise<Buffer>): Buffer | Promise<Buffer> {
  let isPending = false;
  try {
    const envelope = seal();
    if (!(envelope instanceof Promise)) return envelope;
    isPending = true;
    return envelope.finally(() => plaintext.fill(0));
  } finally {
    if (!isPending) plaintext.fill(0);
  }
}

function sealedIdentity(event: Routed): SealedIdentity {
  return {
    tenantId: event.tenantId,
    logicalTopic: event.contract.topic,
    recordKey: event.key,
    eventType: event.contract.eventType,
    eventId: event.eventId,
  };
}

function settle(bytes: Buffer | Promise<Buffer>, next: (bytes: Buffer) => Sealed): Sealed | Promise<Sealed> {
  return bytes instanceof Promise ? bytes.then(next) : next(bytes);
}

function requireCipher(cipher: RecordCipher | undefined, contract: AnyEventContract): RecordCipher {
  if (cipher !== undefined) return cipher;
  throw tenantryError(
    'KEY_NOT_CONFIGURED',
    `event contract ${contract.eventType} is protected, and the client has no encryption option`,
  );
}
