#!/usr/bin/env node
import { runProgram } from './program.js';

// A reader that went away (`| head`) is no reason for a stack trace.
process.stdout.on('error', () => {
  process.exit(1);
});

void runProgram(process.argv.slice(2), {
  out: (text) => {
    process.stdout.write(text);
  },
  note: (text) => {
    process.stderr.write(text);
  },
}).then((exitCode) => {
  process.exitCode = exitCode;
});
