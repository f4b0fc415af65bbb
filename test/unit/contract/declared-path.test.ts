import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mayHold } from '../../../src/contract/declared-path.js';
import { declaredShape } from '../../../src/contract/declared-shape.js';
import type { StandardSchema } from '../../../src/contract/standard-schema.js';

const card = z.object({ number: z.string(), brand: z.string() });
const Node = z.object({
  secret: z.string(),
  get next() {
    return Node.optional();
  },
});

function told(shape: unknown): StandardSchema {
  const { '~standard': standard } = z.any();
  return { '~standard': { ...standard, jsonSchema: { output: () => shape } } } as never;
}

describe('where a schema may hold a field', () => {
  it.each<[string, StandardSchema, string[], boolean]>([
    ['where it is declared', z.object({ card }), ['card', 'number'], true],
    ['at the root, where only an object below has it', z.object({ card }), ['number'], false],
    [
      'below another object than its own',
      z.object({ card, bank: z.object({ id: z.string() }) }),
      ['bank', 'number'],
      false,
    ],
    ['below text', z.object({ card, note: z.string() }), ['note', 'number'], false],
    ['below a list', z.object({ cards: z.array(card) }), ['cards', 'number'], false],
    ['in an object that may be absent or null', z.object({ card: card.nullish() }), ['card', 'number'], true],
    ['in one form of several', z.object({ pay: z.union([z.string(), card]) }), ['pay', 'number'], true],
    [
      'in no form of several',
      z.object({ number: z.string(), pay: z.union([z.string(), z.null()]) }),
      ['pay', 'number'],
      false,
    ],
    ['in both halves of one', z.object({ card }).and(z.object({ id: z.string() })), ['card', 'number'], true],
    ['under any name', z.record(z.string(), card), ['primary', 'number'], true],
    ['under any name, deeper', z.record(z.string(), card), ['primary', 'card', 'number'], false],
    ['beside what is declared', z.looseObject({ id: z.string() }), ['number'], true],
    ['in a schema that refers to itself', Node, ['next', 'next', 'secret'], true],
    ['in a schema that refers to itself, elsewhere', Node, ['next', 'next', 'other'], false],
    ['in what nobody tells', z.object({ any: z.unknown() }), ['any', 'thing', 'deep'], true],
    [
      'in what a transform makes',
      z.object({ id: z.string() }).transform((order) => ({ order })),
      ['order', 'id'],
      true,
    ],
    [
      'in what comes out, not in what goes in',
      z
        .object({ in: card })
        .transform(() => ({ card: { number: '' } }))
        .pipe(z.object({ card })),
      ['in', 'number'],
      false,
    ],
    ['in a schema that tells nothing', told(undefined), ['a'], true],
    ['behind a reference into another document', told({ $ref: 'https://example.com/card' }), ['a'], true],
    ['behind a condition', told({ type: 'object', if: {}, then: {} }), ['a'], true],
    ['under a pattern', told({ type: 'object', patternProperties: { '^a': { type: 'string' } } }), ['a'], true],
    ['where every member is told', told({ type: 'object', additionalProperties: false }), ['a'], false],
    ['where references go round', told({ $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } }), ['a'], false],
    ['under a name like those of objects', z.object({ id: z.string() }), ['toString'], false],
  ])('%s', (_where, schema, names, expected) => {
    expect(mayHold(declaredShape(schema, 'output'), names)).toBe(expected);
  });
});
