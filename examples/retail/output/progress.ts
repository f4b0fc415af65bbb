import type { WriteStream } from 'node:tty';
import { SingleBar } from 'cli-progress';

/** Shows a person how far a run is. */
export interface Progress {
  /** Says one thing. Before `start` and after `stop` only. */
  note(text: string): void;
  start(total: number): void;
  update(handled: number): void;
  stop(): void;
}

const LINE_INTERVAL_MS = 2_000;

/** A bar on a terminal; elsewhere, a line every two seconds. */
export function createProgress(output: NodeJS.WriteStream): Progress {
  return output.isTTY ? progressBar(output) : progressLines(output);
}

function progressBar(output: WriteStream): Progress {
  const bar = new SingleBar({
    stream: output,
    format: '  {bar} {percentage}%  {value} of {total} lines handled, {eta_formatted} left',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    // Without this it would take keys away from the terminal, Ctrl-C among them.
    noTTYOutput: false,
    gracefulExit: false,
  });
  return {
    note: (text) => output.write(`${text}\n`),
    start: (total) => {
      bar.start(total, 0);
    },
    update: (handled) => {
      bar.update(handled);
    },
    stop: () => {
      bar.stop();
    },
  };
}

function progressLines(output: NodeJS.WritableStream): Progress {
  let total = 0;
  let nextLineMs = 0;
  return {
    note: (text) => output.write(`${text}\n`),
    start: (lines) => {
      total = lines;
      nextLineMs = performance.now() + LINE_INTERVAL_MS;
    },
    update: (handled) => {
      if (performance.now() < nextLineMs) return;
      nextLineMs += LINE_INTERVAL_MS;
      output.write(`  ${handled} of ${total} lines handled\n`);
    },
    stop: () => undefined,
  };
}
