import { runProgram } from '../../../src/cli/program.js';

export interface Run {
  readonly exitCode: number;
  readonly out: string;
  readonly note: string;
}

/** Runs the command line in this process. */
export async function run(...args: string[]): Promise<Run> {
  let out = '';
  let note = '';
  const exitCode = await runProgram(args, { out: (text) => void (out += text), note: (text) => void (note += text) });
  return { exitCode, out, note };
}
