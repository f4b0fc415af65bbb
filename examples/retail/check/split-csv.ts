/**
 * Splits CSV text into rows (RFC 4180), by other means than the parser that the demo publishes with: what
 * checks a result must not share the code that made it.
 *
 * @returns the fields of each row that is not blank; `undefined` for a row that is not CSV
 */
export async function* splitCsv(chunks: AsyncIterable<string>): AsyncGenerator<string[] | undefined> {
  let rest: string | undefined;
  let quoted: string[] = [];
  for await (const chunk of chunks) {
    const lines = (rest === undefined ? chunk.replace(/^\uFEFF/, '') : rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      // A line feed between quotes does not end its row: there are an odd number of quotes before it.
      const odd = hasOddQuotes(line);
      if (quoted.length > 0 ? !odd : odd) {
        quoted.push(line);
        continue;
      }
      const row = splitRow(quoted.length > 0 ? [...quoted, line].join('\n') : line);
      quoted = [];
      if (row?.length !== 0) yield row;
    }
  }
  const row = splitRow([...quoted, rest ?? ''].join('\n'));
  if (row?.length !== 0) yield row;
}

function hasOddQuotes(line: string): boolean {
  let odd = false;
  for (let at = line.indexOf('"'); at !== -1; at = line.indexOf('"', at + 1)) odd = !odd;
  return odd;
}

const FIELD = /(?:"((?:[^"]|"")*)"|([^"]*?))(?:,|$)/y;

function splitRow(line: string): string[] | undefined {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line;
  if (text === '') return [];
  if (!text.includes('"')) return text.split(',');
  const fields: string[] = [];
  const field = new RegExp(FIELD);
  for (;;) {
    const match = field.exec(text);
    if (match === null) return undefined;
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (!match[0].endsWith(',')) return fields;
  }
}
