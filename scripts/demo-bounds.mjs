// Runs the demo on its whole file and fails where it takes more memory than is promised. Its time is only told: it
// depends on the machine.
import { spawnSync } from 'node:child_process';
import './setup.mjs';
import { root } from './setup/step.mjs';

const MAX_MEMORY_MB = 600;

const demo = ['node_modules/tsx/dist/cli.mjs', '--tsconfig', 'tsconfig.run.json', 'examples/retail/main.ts', '--json'];
const { status, stdout } = spawnSync(process.execPath, demo, {
  cwd: root,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
if (status !== 0) process.exit(status ?? 1);

const { handled, seconds, recordsPerSecond, peakMemoryMb } = JSON.parse(stdout);
console.log(`${handled} lines in ${seconds} s, ${recordsPerSecond} a second, at most ${peakMemoryMb} MB`);
if (!(peakMemoryMb <= MAX_MEMORY_MB)) {
  console.error(`The demo took ${peakMemoryMb} MB; it may take ${MAX_MEMORY_MB}.`);
  process.exitCode = 1;
}
