import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collect } from './collect.js';
import { splitCsv } from '../../../examples/retail/check/split-csv.js';

async function rowsOf(...chunks: string[]): Promise<(string[] | undefined)[]> {
  return collect(splitCsv(inChunks(chunks)));
}

async function* inChunks(chunks: readonly string[]): AsyncGenerator<string> {
  yield* chunks;
}

const quoted = (field: string): string => `"${field.replaceAll('"', '""')}"`;

describe('splitCsv', () => {
  it('splits plain and quoted fields, whatever ends a line', async () => {
    const text = '\uFEFFa,b\r\n1,"x, ""y""\n z"\n\n,\n"",last';
    expect(await rowsOf(text)).toEqual([
      ['a', 'b'],
      ['1', 'x, "y"\n z'],
      ['', ''],
      ['', 'last'],
    ]);
  });

  it.each(['a,"b', '"a"b,c', 'a"b', '"a""'])('says that %j is not CSV', async (text) => {
    expect(await rowsOf(text)).toEqual([undefined]);
  });

  it('answers as csv-parse does, wherever the chunks are cut', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', ' ', ',', '"', '\n', 'é') });
    const table = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(table, fc.nat(), fc.nat(), async (rows, first, second) => {
        const text = rows.map((row) => row.map((one) => (/[,"\n]/.test(one) ? quoted(one) : one)).join(',')).join('\n');
        const cuts = [first % (text.length + 1), second % (text.length + 1)].sort((one, other) => one - other);
        const chunks = [text.slice(0, cuts[0]), text.slice(cuts[0], cuts[1]), text.slice(cuts[1])];
        const expected = parse(text, { relax_column_count: true, skip_empty_lines: true, record_delimiter: '\n' });
        expect(await rowsOf(...chunks)).toEqual(expected);
      }),
    );
  });
});
