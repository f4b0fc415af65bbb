/** Characters that a terminal obeys, or that change the order in which text is shown. */
const OBEYED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text that somebody else may have chosen, in one line and without anything that steers a terminal. */
export function shownText(text: string): string {
  return text.replaceAll(OBEYED, '\u{fffd}');
}
