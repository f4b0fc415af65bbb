// One Apicurio on a loopback port, which speaks the API of Confluent's schema registry and keeps nothing.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, type RunningServer, startServer } from '../server-process.ts';
import { installRegistry } from './install-registry.ts';

const READY = 'Listening on';

export interface RunningRegistry extends RunningServer {
  /** With the path of Confluent's API. */
  readonly url: string;
}

/** Starts it. Rejects with a SetupError where it cannot be had; in CI the tools are installed then. */
export async function startRegistry(): Promise<RunningRegistry> {
  const { folder, java } = await installRegistry({ installTools: Boolean(process.env['CI']) });
  const port = await freePort();
  const scratch = mkdtempSync(join(tmpdir(), 'tenantry-registry-'));
  const options = [
    '-Xmx256m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    ...['http', 'management'].map((part) => `-Dquarkus.${part}.host=127.0.0.1`),
    `-Dquarkus.http.port=${port}`,
    `-Dquarkus.management.port=${await freePort()}`,
  ];
  const server = await startServer({
    title: 'Apicurio',
    command: [java, ...options, '-jar', join(folder, 'quarkus-run.jar')],
    folder: scratch,
    isReady: (output) => output.includes(READY),
  });
  return { ...server, url: `http://127.0.0.1:${port}/apis/ccompat/v7` };
}
