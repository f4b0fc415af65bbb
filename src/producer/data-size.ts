/** What a number, a date or the like is at most, and what a member has beside its name and value. */
const SCALAR_BYTES = 24;
const MEMBER_BYTES = 4;

/**
 * About how many bytes data will have once it is written, whatever writes it. It may be anything, so nothing of it is
 * gone through twice, and what cannot be read counts for nothing: writing it fails.
 */
export function dataSizeBytes(data: unknown): number {
  try {
    return sizeOf(data, new Set());
  } catch {
    return 0;
  }
}

function sizeOf(value: unknown, seen: Set<object>): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return SCALAR_BYTES;
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (seen.has(value)) return SCALAR_BYTES;
  seen.add(value);
  let bytes = SCALAR_BYTES;
  for (const [name, item] of Object.entries(value)) {
    bytes += MEMBER_BYTES + (Array.isArray(value) ? 0 : name.length) + sizeOf(item, seen);
  }
  return bytes;
}
