// The page of the command line, which is written by hand: what each command says of itself stands in it word for word.
import { readFileSync } from 'node:fs';
import { COMMANDS } from '../../src/cli/commands.js';

const PAGE = new URL('../../docs/command-line.md', import.meta.url);
/** The first block below the heading of a command. */
const HELP_BLOCK = /^(### tenantry (.+)\n\n)```text\n[^]*?^```$/gm;

/** The page with the help of each command as it is now; a heading of no command keeps what it has. */
export function commandPage(): string {
  return readFileSync(PAGE, 'utf8').replaceAll(HELP_BLOCK, (block, heading: string, words: string) => {
    const command = COMMANDS.find((one) => one.words.join(' ') === words);
    return command === undefined ? block : `${heading}\`\`\`text\nUsage: tenantry ${words} ${command.help}\`\`\``;
  });
}
