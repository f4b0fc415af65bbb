import { tenantryError } from '../core/errors.js';
import type { AnyEventContract } from '../contract/event-contract.js';
import type { RecordCipher, SealedIdentity } from '../encryption/record-cipher.js';
import { HEADER } from '../record/header-names.js';
import { headerSizeBytes } from '../record/wire-record.js';
import { withSeal, type Admitted, type Routed, type Sealed } from './stages.js';

/** How an event's protection is carried: not at all, in the value's place, or beside it in a header. */
export type SealForm = 'none' | 'value' | 'detached';

export function sealForm(contract: AnyEventContract, tombstone: boolean): SealForm {
  if (contract.protection === 'none') return 'none';
  return contract.protection === 'confidential' && !tombstone ? 'value' : 'detached';
}

/** What sealing will add to a record, before it is sealed. */
export function sealBytes(event: Routed, cipher: RecordCipher | undefined): number {
  const form = sealForm(event.contract, event.tombstone);
  if (form === 'none') return 0;
  const overhead = requireCipher(cipher, event.contract).overheadBytes(event.tenantId);
  return form === 'value' ? overhead : headerSizeBytes(HEADER.seal, overhead);
}

/** Seals an event as its contract demands. Errors as of `RecordCipher`. */
export function sealEvent(event: Admitted, cipher: RecordCipher | undefined): Sealed | Promise<Sealed> {
  const form = sealForm(event.contract, event.tombstone);
  if (form === 'none') return withSeal(event, event.payload, undefined);
  const sealing = requireCipher(cipher, event.contract);
  const identity = sealedIdentity(event);
  if (form === 'value' && event.payload !== null) {
    const envelope = sealOnce(sealing, identity, event.payload, event.eventTimeMs);
    return settle(envelope, (value) => withSeal(event, value, undefined));
  }
  const seal = sealing.sealDetached(identity, event.payload, event.eventTimeMs);
  return settle(seal, (bytes) => withSeal(event, event.payload, bytes));
}

/** Seals a value and overwrites it, whatever came of it: nobody needs the plaintext any more. */
function sealOnce(
  cipher: RecordCipher,
  identity: SealedIdentity,
  plaintext: Buffer,
  timeMs: number,
): Buffer | Promise<Buffer> {
  let isPending = false;
  try {
    const envelope = cipher.sealValue(identity, plaintext, timeMs);
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
    `event contract ${contract.eventType} has protection '${contract.protection}', and the client has no encryption option`,
  );
}
