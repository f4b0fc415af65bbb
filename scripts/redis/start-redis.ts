// One Redis on a loopback port that keeps nothing on disk.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { endingWithUs, freePort } from '../server-process.ts';
import { installDebian, isDebian, isRoot, succeeds, updatePackageList } from '../setup/debian.mjs';
import { SetupError } from '../setup/step.mjs';

const START_TIMEOUT_MS = 20_000;
const READY = 'Ready to accept connections';

export interface RunningRedis {
  readonly url: string;
  /** Stops the server's process and leaves it there, so that nothing is answered and nothing is refused. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

/** Starts a server. Rejects with a SetupError where there is none; in CI it is installed then. */
export async function startRedis(): Promise<RunningRedis> {
  await ensureRedis(Boolean(process.env['CI']));
  const port = await freePort();
  const options = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'];
  const child = spawn(...endingWithUs('redis-server', ...options), { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  await ready(child);
  return {
    url: `redis://127.0.0.1:${port}`,
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    stop: async () => {
      process.off('exit', kill);
      const ended = once(child, 'exit');
      kill();
      await ended;
    },
  };
}

/** Whether a server can be started without installing anything. */
export function hasRedis(): boolean {
  return succeeds('redis-server', '--version');
}

async function ensureRedis(install: boolean): Promise<void> {
  if (hasRedis()) return;
  if (!install || !isRoot() || !isDebian())
    throw new SetupError('redis-server is missing. On Debian: sudo apt-get install -y redis-server');
  await updatePackageList();
  await installDebian(['redis-server']);
}

async function ready(child: ChildProcess): Promise<void> {
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const fail = (): void => {
      child.kill('SIGKILL');
      reject(new SetupError(`Redis did not start:\n${output}`));
    };
    const timer = setTimeout(fail, START_TIMEOUT_MS);
    child.once('error', fail).once('exit', fail);
    child.stdout?.on('data', (text: Buffer) => {
      output += text.toString();
      if (!output.includes(READY)) return;
      clearTimeout(timer);
      child.off('error', fail).off('exit', fail);
      resolve();
    });
  });
}
