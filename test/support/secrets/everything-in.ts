import { leavesOf } from '../../../src/testing/leaks/search/leaves-of.js';

/**
 * Everything that a logger or a debugger could show of a value, as text: strings, names and numbers of all that can be
 * reached, also what is hidden, and bytes in hex and as they are.
 */
export function everythingIn(value: unknown): string {
  return leavesOf(value)
    .map(({ text }) => text)
    .join('\n');
}
