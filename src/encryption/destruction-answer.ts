import type { DestructionAnswer, KekDestruction } from './key-destruction.js';
import { KeyServiceFailure } from './key-service.js';

const NAME = /^[A-Za-z][\w.-]{0,63}$/;
/** No white space, so no sentence. */
const WORD = /^[\x21-\x7e]{1,1024}$/;
const MAX_FIELDS = 32;

/**
 * Takes over what a driver answers, which goes into certificates: nothing that could be a text or is out of shape.
 *
 * @throws KeyServiceFailure `away`: what became of the key is not known
 */
export function acceptDestruction(given: unknown): KekDestruction {
  const { state, keyUri, dueAtMs, answer } = (given ?? {}) as Partial<Record<keyof KekDestruction, unknown>>;
  if (
    (state !== 'scheduled' && state !== 'destroyed') ||
    !isWord(keyUri) ||
    !(dueAtMs === undefined || isDate(dueAtMs)) ||
    !isAnswer(answer)
  ) {
    throw new KeyServiceFailure('away', 'not-an-answer-to-a-destruction');
  }
  return { state, keyUri, ...(dueAtMs !== undefined && { dueAtMs }), answer: { ...answer } };
}

function isAnswer(value: unknown): value is DestructionAnswer {
  if (typeof value !== 'object' || value === null) return false;
  const entries = Object.entries(value as Record<string, unknown>);
  return (
    entries.length <= MAX_FIELDS &&
    entries.every(
      ([name, field]) =>
        NAME.test(name) && (isWord(field) || typeof field === 'boolean' || Number.isSafeInteger(field)),
    )
  );
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && WORD.test(value);
}

/** Until the end of the year 9999, the last that ISO 8601 writes with four digits. */
const MAX_DATE_MS = 253_402_300_799_999;

function isDate(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_DATE_MS;
}
