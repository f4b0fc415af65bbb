import { isGroupId, isGroupName } from '../routing/naming.js';
import { usageError } from './command.js';

/**
 * Checks a consumer group that a command is about. The name that code gives to `kafka.worker` is none: the brokers know
 * nothing of it, and a command would tell of a group that never was.
 *
 * @throws TenantryError `INVALID_OPTIONS`
 */
export function parseGroupId(text: string): string {
  if (isGroupId(text)) return text;
  if (text === '') throw usageError('a group is missing');
  const name = isGroupName(text) ? text : '<group>';
  throw usageError(
    `'${text}' is not a group as Kafka knows it: a worker's is _shared.${name}, a tenant's own <tenant>.${name}`,
  );
}
