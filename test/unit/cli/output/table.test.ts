import { describe, expect, it } from 'vitest';
import { shownText } from '../../../../src/cli/output/shown-text.js';
import { paintFor, wantsColors } from '../../../../src/cli/output/style.js';
import { table, type Column } from '../../../../src/cli/output/table.js';

interface Row {
  readonly name: string;
  readonly records: number;
  readonly note: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { name: 'NAME', cell: ({ name }) => name },
  { name: 'RECORDS', cell: ({ records }) => records, tone: ({ records }) => (records > 9 ? 'bad' : undefined) },
  { name: 'NOTE', cell: ({ note }) => note },
];
const ROWS: readonly Row[] = [
  { name: 'acme', records: 12_345_678, note: '' },
  { name: 'größe', records: 7, note: 'parked' },
];
const plain = paintFor({ colors: false });

describe('a table', () => {
  it('has text at the left, numbers at the right, and no spaces at the ends of lines', () => {
    expect(table(COLUMNS, ROWS, plain)).toBe(
      ['NAME     RECORDS   NOTE', 'acme    12345678', 'größe          7   parked', ''].join('\n'),
    );
  });

  it('has its heading where there are no rows', () => {
    expect(table(COLUMNS, [], plain)).toBe('NAME   RECORDS   NOTE\n');
  });

  it('is coloured after it is laid out', () => {
    const coloured = table(COLUMNS, ROWS, paintFor({ colors: true }));
    expect(coloured).toContain('\u001b[31m12345678\u001b[39m');
    // eslint-disable-next-line no-control-regex
    expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(table(COLUMNS, ROWS, plain));
  });

  it('keeps a row in its line, whatever is in its cells', () => {
    const rows = [{ name: 'a\n\u001b[2Jb', records: 1, note: '\u202egnp.exe\u2028' }];
    expect(table(COLUMNS, rows, plain).split('\n')[1]).toBe(
      'a\u{fffd}\u{fffd}[2Jb         1   \u{fffd}gnp.exe\u{fffd}',
    );
  });
});

it('shows ordinary text as it is', () => {
  expect(shownText('größe 日本 {"a": 1}')).toBe('größe 日本 {"a": 1}');
});

it.each([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [true, { TERM: 'dumb' }, false],
  [false, { FORCE_COLOR: '1' }, true],
  [true, { FORCE_COLOR: '0' }, false],
  [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
])('colours on a terminal (%s) with %j: %s', (isTerminal, environment, expected) => {
  expect(wantsColors(isTerminal, environment)).toBe(expected);
});
