// A server on loopback that answers every request with `{}`.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from 'vitest';

/** Runs it while the tests of a file run. */
export function echoServer(): { readonly url: string } {
  const server = http.createServer((request, response) => {
    request.resume().on('end', () => response.end('{}'));
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    get url() {
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
  };
}
