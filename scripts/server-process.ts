// What the servers that tests start have in common.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

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
