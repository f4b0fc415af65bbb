import { createInterface } from 'node:readline';

/**
 * Asks a person at the terminal.
 *
 * @returns whether the answer was yes; the end of the input, and Ctrl-C, are a no
 */
export async function confirm(question: string): Promise<boolean> {
  return /^y(es)?$/i.test(await ask(`${question} [y/N]`));
}

/**
 * Has a person type something at the terminal.
 *
 * @returns the line without spaces around it; nothing at the end of the input, and after Ctrl-C
 */
export function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve) => {
    lines.once('close', () => {
      resolve('');
    });
    lines.question(`${question} `, (answer) => {
      resolve(answer.trim());
      lines.close();
    });
  });
}
