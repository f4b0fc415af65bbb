// One LocalStack on a loopback port that has AWS KMS and keeps nothing.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, type RunningServer, startServer } from '../server-process.ts';
import { installLocalStack } from './install-localstack.ts';

const READY = /^Ready\.$/m;

export interface RunningLocalStack extends RunningServer {
  readonly url: string;
}

/** Starts it. Rejects with a SetupError where it cannot be had; in CI Python is installed then. */
export async function startLocalStack(): Promise<RunningLocalStack> {
  const packages = await installLocalStack({ installTools: Boolean(process.env['CI']) });
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-localstack-'));
  const server = await startServer({
    title: 'LocalStack',
    command: ['python3', '-m', 'localstack.runtime.main'],
    folder,
    env: { ...process.env, ...settings(packages, folder, port) },
    isReady: (output) => READY.test(output),
  });
  return { ...server, url: `http://127.0.0.1:${port}` };
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
