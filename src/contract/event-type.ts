// 200 characters of type, `.v` and the digits of the largest safe integer.
const MAX_LENGTH = 218;
const EVENT_TYPE = /^([a-z0-9][a-z0-9_-]*(?:\.[a-z0-9][a-z0-9_-]*)*)\.v([1-9][0-9]{0,15})$/;

/** An event type with its version, read apart. */
export interface ParsedEventType {
  readonly type: string;
  readonly version: number;
}

/**
 * Reads an event type as the `event-type` header carries it: `orders.placed.v1`. The version is what follows
 * the last `.v`, so each text has one reading.
 *
 * @returns undefined where it does not fit the grammar
 */
export function parseEventType(text: string): ParsedEventType | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const [, type, digits] = EVENT_TYPE.exec(text) ?? [];
  const version = Number(digits);
  return type !== undefined && Number.isSafeInteger(version) ? { type, version } : undefined;
}
