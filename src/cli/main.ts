#!/usr/bin/env node
import { ask, confirm } from './confirm.js';
import { wantsJson } from './error-report.js';
import { EXIT } from './exit-codes.js';
import { wantsColors } from './output/style.js';
import { runProgram } from './program.js';

let unwritten: string | undefined;
const ended = new AbortController();
// A reader that went away (`| head`) is no reason for a stack trace.
process.stdout.on('error', ({ message }: Error) => {
  if (unwritten === undefined) process.stderr.write(unwrittenText(`the result could not be printed: ${message}`));
  unwritten = message;
  // What follows a topic would read on for nobody.
  ended.abort();
});

// Not when the command ends: the stream tells of a failed write only afterwards.
process.on('exit', (exitCode) => {
  const isDone = exitCode === EXIT.done || exitCode === EXIT.partial;
  if (isDone && unwritten !== undefined) process.exitCode = EXIT.unwritten;
});

process.exitCode = await runProgram(process.argv.slice(2), {
  out: (text) => {
    process.stdout.write(text);
  },
  note: (text) => {
    process.stderr.write(text);
  },
  ...(process.stdin.isTTY && process.stderr.isTTY && { confirm, ask }),
  colors: wantsColors(process.stdout.isTTY, process.env),
  interrupted,
});

function unwrittenText(message: string): string {
  return wantsJson(process.argv) ? `${JSON.stringify({ code: null, message })}\n` : `tenantry: ${message}\n`;
}

function interrupted(): AbortSignal {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      ended.abort();
    });
  }
  return ended.signal;
}
