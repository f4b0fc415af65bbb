#!/usr/bin/env node
import { confirm } from './confirm.js';
import { EXIT } from './exit-codes.js';
import { runProgram } from './program.js';

let unwritten: string | undefined;
// A reader that went away (`| head`) is no reason for a stack trace.
process.stdout.on('error', ({ message }: Error) => {
  if (unwritten === undefined) process.stderr.write(`tenantry: the result could not be printed: ${message}\n`);
  unwritten = message;
});

// Not when the command ends: the stream tells of a failed write only afterwards.
process.on('exit', (exitCode) => {
  if (exitCode === EXIT.done && unwritten !== undefined) process.exitCode = EXIT.unwritten;
});

process.exitCode = await runProgram(process.argv.slice(2), {
  out: (text) => {
    process.stdout.write(text);
  },
  note: (text) => {
    process.stderr.write(text);
  },
  confirm: process.stdin.isTTY && process.stderr.isTTY ? confirm : undefined,
});
