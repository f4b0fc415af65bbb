// What the servers that tests start have in common.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { SetupError } from './setup/step.mjs';

/** A server that runs. */
export interface RunningServer {
  /** Stops the server's process and leaves it there, so that nothing is answered and nothing is refused. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

/** How a server is started. */
export interface ServerStart {
  readonly title: string;
  readonly command: readonly [command: string, ...args: string[]];
  /** Where it runs, and what goes with it. */
  readonly folder: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Whether it is ready, from all that it has said. */
  readonly isReady: (output: string) => boolean;
}

const START_TIMEOUT_MS = 120_000;

/** A command that Linux ends with this process, even if this one is killed; elsewhere an exit handler has to do. */
export function endingWithUs(command: string, ...args: string[]): [command: string, args: string[]] {
  const canTie = spawnSync('setpriv', ['--pdeathsig', 'KILL', '--', 'true']).status === 0;
  return canTie ? ['setpriv', ['--pdeathsig', 'KILL', '--', command, ...args]] : [command, args];
}

/** A loopback port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a server and waits until it is ready. Rejects with a SetupError where that does not come about. */
export async function startServer({ title, command, folder, env, isReady }: ServerStart): Promise<RunningServer> {
  const child = spawn(...endingWithUs(...command), {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(env !== undefined && { env }),
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async (): Promise<void> => {
    process.off('exit', kill);
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      kill();
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await ready(child, title, isReady);
  } catch (error) {
    await stop();
    throw error;
  }
  return { pause: () => child.kill('SIGSTOP'), resume: () => child.kill('SIGCONT'), stop };
}

async function ready(child: ChildProcess, title: string, isReady: (output: string) => boolean): Promise<void> {
  let output = '';
  let isUp = false;
  await new Promise<void>((resolve, reject) => {
    const fail = (): void => reject(new SetupError(`${title} did not start:\n${output.slice(-2_000)}`));
    const timer = setTimeout(fail, START_TIMEOUT_MS);
    const collect = (text: Buffer): void => {
      // It goes on logging, and must not be held up by a pipe that nobody reads.
      if (isUp) return;
      output += text.toString();
      if (!isReady(output)) return;
      isUp = true;
      clearTimeout(timer);
      child.off('error', fail).off('exit', fail);
      resolve();
    };
    child.once('error', fail).once('exit', fail);
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
  });
}
