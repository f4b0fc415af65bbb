import type { SealedIdentity } from './record-cipher.js';

/**
 * What a seal authenticates beside the plaintext and the identity: `undefined` for a sealed value, else the
 * value that stays readable, `null` being a tombstone.
 */
export type ReadableValue = Buffer | null | undefined;

const SCRATCH_BYTES = 4096;
const LENGTH_BYTES = 4;
/** UTF-8 needs at most three bytes for a UTF-16 unit. */
const MAX_BYTES_PER_UNIT = 3;
const MAX_LOOP_UNITS = 48;

/**
 * Puts the associated data of a record together: `head ‖ LP(tenant) ‖ LP(logical topic) ‖ LP(record key) ‖
 * LP(event-type) ‖ LP(event-id) ‖ tail`, where the tail is empty for a sealed value, `00` for a tombstone and
 * `01 ‖ LP(value)` for a readable value.
 */
export class AssociatedData {
  // Not from the pool: a readable value passes through, and the pool's slabs are reachable from other Buffers.
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

  /**
   * @param bytes - that begin with the head
   * @returns bytes that hold until the next call
   */
  assemble(bytes: Buffer, headBytes: number, identity: SealedIdentity, readable: ReadableValue): Buffer {
    const target = this.#atLeast(sizeBound(headBytes, identity, readable));
    let at = bytes.copy(target, 0, 0, headBytes);
    at = writeText(target, at, identity.tenantId);
    at = writeText(target, at, identity.logicalTopic);
    at = writeBytes(target, at, identity.recordKey);
    at = writeText(target, at, identity.eventType);
    at = writeText(target, at, identity.eventId);
    if (readable !== undefined) {
      target[at++] = readable === null ? 0 : 1;
      if (readable !== null) at = writeBytes(target, at, readable);
    }
    return target.subarray(0, at);
  }

  wipe(): void {
    this.#scratch.fill(0);
  }

  #atLeast(size: number): Buffer {
    return size <= SCRATCH_BYTES ? this.#scratch : Buffer.allocUnsafeSlow(size);
  }
}

/** Joins bytes with texts that are written as `LP(text)`: a u32 length and UTF-8. */
export function labelled(...parts: readonly (Uint8Array | { readonly lp: string })[]): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      if (part instanceof Uint8Array) return part;
      const bytes = Buffer.alloc(LENGTH_BYTES + Buffer.byteLength(part.lp));
      writeText(bytes, 0, part.lp);
      return bytes;
    }),
  );
}

function sizeBound(headBytes: number, identity: SealedIdentity, readable: ReadableValue): number {
  const { tenantId, logicalTopic, recordKey, eventType, eventId } = identity;
  const textUnits = tenantId.length + logicalTopic.length + eventType.length + eventId.length;
  const tail = 1 + LENGTH_BYTES + (readable?.length ?? 0);
  return headBytes + 5 * LENGTH_BYTES + MAX_BYTES_PER_UNIT * textUnits + recordKey.length + tail;
}

function writeText(target: Buffer, at: number, text: string): number {
  const start = at + LENGTH_BYTES;
  const length = isWrittenAsAscii(target, start, text) ? text.length : target.write(text, start);
  target.writeUInt32BE(length, at);
  return start + length;
}

/** Names are short and of ASCII: a loop takes half the time of a call of `write`. */
function isWrittenAsAscii(target: Buffer, start: number, text: string): boolean {
  if (text.length > MAX_LOOP_UNITS) return false;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) return false;
    target[start + index] = unit;
  }
  return true;
}

function writeBytes(target: Buffer, at: number, bytes: Buffer): number {
  target.writeUInt32BE(bytes.length, at);
  target.set(bytes, at + LENGTH_BYTES);
  return at + LENGTH_BYTES + bytes.length;
}
