import type { ErrorCode } from '../../core/error-codes.js';
import { isTenantryError } from '../../core/errors.js';
import { shownText } from '../output/shown-text.js';

/** A topic that could not be read, and why. */
export interface UnreadTopic {
  readonly topic: string;
  readonly code: ErrorCode;
  readonly message: string;
  /** The permissions without which it cannot be read. */
  readonly needs: string;
}

const UNREAD: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['TOPIC_NOT_FOUND', 'BROKER_ACCESS_DENIED', 'ADMIN_FAILED']);

/**
 * Why one topic could not be read, where that says nothing of others.
 *
 * @param groupId - whose permission to read was used
 * @throws the error itself where it does: no broker answers
 */
export function unreadTopic(topic: string, groupId: string, error: unknown): UnreadTopic {
  if (!isTenantryError(error) || !UNREAD.has(error.code)) throw error;
  const { code, message } = error;
  // Without a permission on the group the native client reads nothing either, though it joins none.
  return {
    topic,
    code,
    message,
    needs: `"describe" and "read" on the topic ${topic}, and "read" on the group ${groupId}`,
  };
}

/** The same for people, in one line. */
export function unreadText({ code, message, needs }: UnreadTopic): string {
  return shownText(`${code}: ${message}; it needs ${needs}`);
}
