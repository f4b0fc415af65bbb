/** Of escapes, those that mean the same whatever the flags; `\w` and the like are looked at beside. */
const PLAIN_ESCAPE = /^\\(?:[dDsSwWbBnrtfv0]|[^A-Za-z0-9])$/;
/** A group's opening, an escape, a class, or one character. */
const TOKEN = /\(\?(?:[:=!]|<[=!]|<[^>]*>|)|\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|[\s\S]/gu;
const CLASS_ITEM = /\\[\s\S]|[\s\S]/gu;

/**
 * A regular expression as JSON Schema has it, which is without flags: what the flags do is written out.
 *
 * @returns undefined where that cannot be done
 */
export function portablePattern({ source, flags }: RegExp): string | undefined {
  // Without the flag these are other texts, and JSON Schema reads patterns as with it.
  if (!/[uv]/.test(flags) && /\\[pPu]\{/.test(source)) return undefined;
  if (!/[imsvy]/.test(flags)) return source;
  // Its classes are a language of their own.
  if (flags.includes('v') && /\[|\\[pP]/.test(source)) return undefined;
  const tokens = source.match(TOKEN) ?? [];
  const written = tokens.map((token) => withoutFlags(token, flags));
  if (written.includes(undefined)) return undefined;
  return flags.includes('y') ? `^(?:${written.join('')})` : written.join('');
}

function withoutFlags(token: string, flags: string): string | undefined {
  if (flags.includes('m') && /^[$^]$/.test(token)) return undefined;
  if (flags.includes('s') && token === '.') return String.raw`[\s\S]`;
  return flags.includes('i') ? inBothCases(token, /[uv]/.test(flags)) : token;
}

/** With the flag `u`, `s` and `k` are also two signs beyond ASCII, and so is a sign of a word. */
function inBothCases(token: string, isUnicode: boolean): string | undefined {
  // Not a group, or one that other flags hold in.
  if (token === '(?') return undefined;
  if (token.startsWith('(?')) return token;
  if (/[^\0-\x7F]/.test(token)) return undefined;
  if (token.startsWith('\\')) return isPlain(token, isUnicode) ? token : undefined;
  if (token.length > 1) return classInBothCases(token, isUnicode);
  if (!/[a-z]/i.test(token)) return token;
  return isUnicode && /[ks]/i.test(token) ? undefined : `[${token}${otherCase(token)}]`;
}

function classInBothCases(token: string, isUnicode: boolean): string | undefined {
  const isNegated = token.startsWith('[^');
  const items = token.slice(isNegated ? 2 : 1, -1).match(CLASS_ITEM) ?? [];
  const written: string[] = [];
  for (let index = 0; index < items.length; index += 1) {
    const first = items[index] ?? '';
    if (first.startsWith('\\') && !isPlain(first, isUnicode)) return undefined;
    const isRange = items[index + 1] === '-' && index + 2 < items.length;
    const last = isRange ? (items[index + 2] ?? '') : first;
    if (isRange && (first.startsWith('\\') || last.startsWith('\\'))) return undefined;
    if (first.startsWith('\\')) written.push(first);
    else {
      const range = rangeInBothCases(first, last, isUnicode);
      if (range === undefined) return undefined;
      written.push(range);
    }
    if (isRange) index += 2;
  }
  return `[${isNegated ? '^' : ''}${written.join('')}]`;
}

function rangeInBothCases(first: string, last: string, isUnicode: boolean): string | undefined {
  const ranges = [[first, last]];
  for (const [from, to] of [
    ['a', 'z'],
    ['A', 'Z'],
  ] as const) {
    const [low, high] = [first > from ? first : from, last < to ? last : to];
    if (low > high) continue;
    if (isUnicode && ['k', 's', 'K', 'S'].some((letter) => low <= letter && letter <= high)) return undefined;
    ranges.push([otherCase(low), otherCase(high)]);
  }
  return ranges
    .map(([low = '', high = '']) => (low === high ? inClass(low) : `${inClass(low)}-${inClass(high)}`))
    .join('');
}

function isPlain(escape: string, isUnicode: boolean): boolean {
  return PLAIN_ESCAPE.test(escape) && !(isUnicode && /^\\[wWbB]$/.test(escape));
}

function otherCase(letter: string): string {
  return letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
}

function inClass(sign: string): string {
  return /[\\\]^-]/.test(sign) ? `\\${sign}` : sign;
}
