import { readFileSync } from 'node:fs';
import { describeForeignError } from '../core/errors.js';
import { usageError } from './command.js';

/** A file of the user's as text. */
export function readTextFile(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw usageError(`${option}: ${path} cannot be read (${describeForeignError(error)})`);
  }
}

/** A file of the user's as JSON. The parser's own message quotes what it read. */
export function readJsonFile(path: string, option: string): unknown {
  const text = readTextFile(path, option);
  try {
    return JSON.parse(text);
  } catch {
    throw usageError(`${option}: ${path} is not JSON`);
  }
}
