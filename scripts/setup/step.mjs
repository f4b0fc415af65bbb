// Running one long command so that a person sees it live, and sees why it failed.
import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

/** The repository's root. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Where this machine keeps what is slow to make or fetch, for every clone of the repository. */
export const cacheDir = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'tenantry');

/** A failure that a person can act on: printed without a stack trace. */
export class SetupError extends Error {}

/**
 * Runs a command, hiding its output and showing the time that passes instead.
 * @param {string} title what is being done, as a person reads it
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, timeoutMs?: number }} [options]
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export async function attempt(title, command, args, { env = {}, timeoutMs } = {}) {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
  });
  const end = () => child.kill();
  process.once('exit', end);
  let output = '';
  const collect = (/** @type {Buffer} */ chunk) => (output += chunk.toString());
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const clock = showTime(title);
  const ok = await new Promise((resolve) => {
    child.once('error', (error) => {
      output += error.message;
      resolve(false);
    });
    child.once('close', (code) => {
      resolve(code === 0);
    });
  });
  process.off('exit', end);
  clock.end(ok);
  return { ok, output };
}

/**
 * As `attempt`, but a failure ends the set-up and shows the end of the output.
 * @param {string} title
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, timeoutMs?: number, hint?: string }} [options]
 */
export async function step(title, command, args, options = {}) {
  const { ok, output } = await attempt(title, command, args, options);
  if (ok) return;
  const log = join(mkdtempSync(join(tmpdir(), 'tenantry-setup-')), 'output.log');
  writeFileSync(log, output);
  const reason = telling(output).join('\n  ');
  const hint = options.hint === undefined ? '' : `\n\n${options.hint}`;
  throw new SetupError(`${title} did not work.\n\n  ${reason}\n\nAll of its output: ${log}${hint}`);
}

/**
 * The lines that say what went wrong: no stack traces, no colours, no prefixes.
 * @param {string} output
 */
function telling(output) {
  const lines = stripVTControlCharacters(output)
    .split('\n')
    .map((line) => line.replace(/^npm error ?/, '').trim());
  const errors = lines.filter((line) => /error|ERR!|fail|missing|cannot|not found|\*\*\*/i.test(line));
  const noise = /^at |\bstack at |^\[error\]|^gyp ERR! (System|command|cwd|node|not ok|\$npm)/;
  return (errors.length > 0 ? errors : lines).filter((line) => !noise.test(line)).slice(-8);
}

/** @param {string} title */
function showTime(title) {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const { isTTY } = process.stdout;
  const say = (/** @type {string} */ state) => {
    process.stdout.write(isTTY ? `\r\x1b[K${title} … ${state}` : `${title} … ${state}\n`);
  };
  if (!isTTY) console.log(title);
  const timer = setInterval(
    () => {
      say(`${seconds()} s`);
    },
    isTTY ? 1_000 : 15_000,
  );
  return {
    /** @param {boolean} ok */
    end(ok) {
      clearInterval(timer);
      say(`${ok ? 'done' : 'no'} (${seconds()} s)`);
      if (isTTY) process.stdout.write('\n');
    },
  };
}
