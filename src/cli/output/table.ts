import type { Paint, Tone } from './style.js';
import { shownText } from './shown-text.js';

/** One column: numbers stand at the right. */
export interface Column<Row> {
  readonly name: string;
  readonly cell: (row: Row) => string | number;
  readonly tone?: (row: Row) => Tone | undefined;
}

const GAP = '   ';

/** Rows under the names of their columns. Whatever is in the cells, each row is one line. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], paint: Paint): string {
  const laidOut = columns.map((column) => {
    const cells = rows.map((row) => column.cell(row));
    const texts = cells.map((cell) => shownText(String(cell)));
    const width = Math.max(column.name.length, ...texts.map(lengthOf));
    const isNumeric = cells.length > 0 && cells.every((cell) => typeof cell === 'number');
    return { column, texts, width, isNumeric };
  });
  const line = (parts: readonly string[]): string => `${parts.join(GAP)}\n`;
  // The last column is not filled up: a line must not end in spaces.
  const filled = (text: string, at: number): string => {
    const { width = 0, isNumeric = false } = laidOut[at] ?? {};
    const fill = ' '.repeat(Math.max(0, width - lengthOf(text)));
    if (isNumeric) return fill + text;
    return at === laidOut.length - 1 ? text : text + fill;
  };
  const heading = line(columns.map(({ name }, at) => filled(name, at)));
  const body = rows.map((row, index) =>
    line(
      laidOut.map(({ column, texts }, at) => {
        const text = filled(texts[index] ?? '', at);
        const tone = column.tone?.(row);
        return tone === undefined ? text : paint(tone, text);
      }),
    ),
  );
  return `${paint('heading', heading.trimEnd())}\n${body.map((text) => trimmed(text)).join('')}`;
}

function trimmed(text: string): string {
  return text.replace(/ +\n$/, '\n');
}

/** In characters, not in UTF-16 units; how wide a terminal shows each is its own affair. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}
