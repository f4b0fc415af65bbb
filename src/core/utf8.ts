const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Decodes UTF-8 without repairing anything: a byte order mark stays a character, so that a key that
 * begins with one is never read as the key without it.
 *
 * @returns undefined where the bytes are not UTF-8
 */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Whether a string has no lone surrogate, so that UTF-8 can carry it unchanged. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/**
 * Bytes from an unverified record, made fit for a log: as they are where they look like an ordinary
 * identifier, else at most 16 bytes of hex.
 */
export function safeForLog(bytes: Uint8Array): string {
  if (bytes.length <= 64) {
    const text = decodeUtf8(bytes);
    if (text !== undefined && /^[A-Za-z0-9_-]+$/.test(text)) return text;
  }
  return `0x${Buffer.from(bytes.subarray(0, 16)).toString('hex')}${bytes.length > 16 ? '…' : ''}`;
}
