import { runProgram } from '../../../src/cli/program.js';

export interface Run {
  readonly exitCode: number;
  readonly out: string;
  readonly note: string;
}

/** Runs the command line in this process, without a terminal to ask at. */
export function run(...args: string[]): Promise<Run> {
  return runAsking(undefined, ...args);
}

/** The same with a person to ask. */
export async function runAsking(
  confirm: ((question: string) => Promise<boolean>) | undefined,
  ...args: string[]
): Promise<Run> {
  let out = '';
  let note = '';
  const terminal = { out: (text: string) => void (out += text), note: (text: string) => void (note += text), confirm };
  const exitCode = await runProgram(args, terminal);
  return { exitCode, out, note };
}
