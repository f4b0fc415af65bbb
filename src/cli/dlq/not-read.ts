import { tenantryError } from '../../core/errors.js';
import type { Terminal } from '../command.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { unreadText } from '../records/unread-topic.js';
import type { NotRead } from './read-letters.js';

/** Names for a person what could not be read. */
export function noteNotRead({ letters, controls }: NotRead, terminal: Terminal): void {
  for (const unread of letters) terminal.note(`${unread.topic} was not read: ${unreadText(unread)}\n`);
  for (const unread of controls)
    terminal.note(`What was redriven is not known, ${unread.topic} was not read: ${unreadText(unread)}\n`);
}

/**
 * What a command exits with that has read all of so many dead-letter topics but those.
 *
 * @throws TenantryError `ADMIN_FAILED` where it has read none
 */
export function exitCodeOf({ letters }: NotRead, topics: number): ExitCode {
  const [first] = letters;
  if (first === undefined) return EXIT.done;
  if (letters.length < topics) return EXIT.partial;
  const what = topics === 1 ? first.message : `none of ${topics} dead-letter topics could be read: ${first.message}`;
  throw tenantryError('ADMIN_FAILED', `${what}; it needs ${first.needs}`, { reason: first.message });
}
