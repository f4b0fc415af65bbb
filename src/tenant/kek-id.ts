const KEK_ID = /^[0-9a-f]{16}$/;

/** What is wrong with a text that is no id of a key encryption key. */
export const KEK_ID_RULE = 'must be the id of a key, 16 lower-case hex digits';

/** Whether a value is the id of a key encryption key as text: its 8 bytes in lower-case hex. */
export function isKekId(value: unknown): value is string {
  return typeof value === 'string' && KEK_ID.test(value);
}

export function isKekIdList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isKekId);
}
