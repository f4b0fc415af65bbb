const MAGIC = 0;
const HEADER_BYTES = 5;

/** A value in the framing of Confluent's serializers: a zero, the schema's id in four bytes, the payload. */
export interface Framed {
  readonly schemaId: number;
  /** Shares the memory of the value. */
  readonly payload: Buffer;
}

/** Frames a payload in memory of its own, because the bytes of a confidential value are overwritten later. */
export function frame(schemaId: number, payload: Uint8Array): Buffer {
  const value = Buffer.allocUnsafeSlow(HEADER_BYTES + payload.length);
  value[0] = MAGIC;
  value.writeUInt32BE(schemaId, 1);
  value.set(payload, HEADER_BYTES);
  return value;
}

/** @returns undefined where the bytes are not framed */
export function unframe(value: Buffer): Framed | undefined {
  if (value.length < HEADER_BYTES || value[0] !== MAGIC) return undefined;
  return { schemaId: value.readUInt32BE(1), payload: value.subarray(HEADER_BYTES) };
}
