const LOGICAL_TOPIC = /^[a-z0-9][a-z0-9-]{0,99}$/;
const TAKEN = new Set(['dlq', 'retry', 'quarantine']);

/** Whether a name may be a logical topic. */
export function isLogicalTopic(value: unknown): value is string {
  return typeof value === 'string' && LOGICAL_TOPIC.test(value) && !TAKEN.has(value);
}
