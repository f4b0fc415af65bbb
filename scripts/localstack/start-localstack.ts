// One LocalStack on a loopback port that has AWS KMS and keeps nothing.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endingWithUs, freePort } from '../server-process.ts';
import { SetupError } from '../setup/step.mjs';
import { installLocalStack } from './install-localstack.ts';

const START_TIMEOUT_MS = 120_000;
const READY = /^Ready\.$/m;

export interface RunningLocalStack {
  readonly url: string;
  /** Stops the server's process and leaves it there, so that nothing is answered and nothing is refused. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

/** Starts it. Rejects with a SetupError where it cannot be had; in CI Python is installed then. */
export async function startLocalStack(): Promise<RunningLocalStack> {
  const packages = await installLocalStack({ installTools: Boolean(process.env['CI']) });
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-localstack-'));
  const child = spawn(...endingWithUs('python3', '-m', 'localstack.runtime.main'), {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...settings(packages, folder, port) },
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const end = async (): Promise<void> => {
    process.off('exit', kill);
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      kill();
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await ready(child);
  } catch (error) {
    await end();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${port}`,
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    stop: end,
  };
}

function settings(packages: string, folder: string, port: number): Record<string, string> {
  return {
    PYTHONPATH: packages,
    PYTHONDONTWRITEBYTECODE: '1',
    FILESYSTEM_ROOT: folder,
    GATEWAY_LISTEN: `127.0.0.1:${port}`,
    // The default server needs a package that has to be compiled.
    GATEWAY_SERVER: 'hypercorn',
    SERVICES: 'kms',
    OVERRIDE_IN_DOCKER: '0',
    DNS_ADDRESS: '0',
    // It must not speak to anybody.
    DISABLE_EVENTS: '1',
    SKIP_SSL_CERT_DOWNLOAD: '1',
    SKIP_INFRA_DOWNLOADS: '1',
  };
}

async function ready(child: ChildProcess): Promise<void> {
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const fail = (): void => reject(new SetupError(`LocalStack did not start:\n${output.slice(-2_000)}`));
    const timer = setTimeout(fail, START_TIMEOUT_MS);
    const collect = (text: Buffer): void => {
      output += text.toString();
      if (!READY.test(output)) return;
      output = '';
      clearTimeout(timer);
      child.off('error', fail).off('exit', fail);
      resolve();
    };
    child.once('error', fail).once('exit', fail);
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
  });
}
