import { styleText } from 'node:util';
import type { Terminal } from '../command.js';

/** What a piece of text is for. */
export type Tone = 'heading' | 'good' | 'warning' | 'bad' | 'quiet';

const FORMATS = { heading: 'bold', good: 'green', warning: 'yellow', bad: 'red', quiet: 'dim' } as const;

/** Colours text where the results go to a terminal that shows colours. */
export type Paint = (tone: Tone, text: string) => string;

export function paintFor({ colors = false }: Pick<Terminal, 'colors'>): Paint {
  return (tone, text) => (colors ? styleText(FORMATS[tone], text, { validateStream: false }) : text);
}

/** Whether to colour: FORCE_COLOR and NO_COLOR decide (https://no-color.org), else whether it is a terminal. */
export function wantsColors(isTerminal: boolean, environment: Readonly<Record<string, string | undefined>>): boolean {
  const { FORCE_COLOR: force = '', NO_COLOR: no = '', TERM: term = '' } = environment;
  if (force !== '') return force !== '0' && force !== 'false';
  return isTerminal && no === '' && term !== 'dumb';
}
