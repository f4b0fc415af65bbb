import { createInterface } from 'node:readline';

/**
 * Asks a person at the terminal.
 *
 * @returns whether the answer was yes; the end of the input, and Ctrl-C, are a no
 */
export function confirm(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve) => {
    lines.once('close', () => {
      resolve(false);
    });
    lines.question(`${question} [y/N] `, (answer) => {
      resolve(/^y(es)?$/i.test(answer.trim()));
      lines.close();
    });
  });
}
