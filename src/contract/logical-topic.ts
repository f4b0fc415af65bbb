const LOGICAL_TOPIC = /^[a-z0-9][a-z0-9-]{0,99}$/;
const TAKEN = new Set(['dlq', 'retry', 'quarantine']);
/** MirrorMaker 2 never replicates a topic that ends so. */
const NOT_REPLICATED = /(?:^|-)internal$/;

/** Whether a name may be a logical topic. */
export function isLogicalTopic(value: unknown): value is string {
  return typeof value === 'string' && LOGICAL_TOPIC.test(value) && !TAKEN.has(value) && !NOT_REPLICATED.test(value);
}
