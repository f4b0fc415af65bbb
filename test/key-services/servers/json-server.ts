// A small HTTP server that speaks JSON and can be told to fall silent, to fail or to talk nonsense.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { secretWatch } from '../../support/secrets/secret-watch.js';

export interface JsonRequest {
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface JsonAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export class JsonServer implements AsyncDisposable {
  /** When set, it answers every request in place of the server; undefined is no answer at all. */
  override: (() => JsonAnswer | string | undefined) | undefined;
  readonly requests: JsonRequest[] = [];
  readonly #server;
  readonly #answer: (request: JsonRequest) => JsonAnswer;

  constructor(answer: (request: JsonRequest) => JsonAnswer) {
    this.#answer = answer;
    this.#server = createServer((incoming, outgoing) => {
      void (async () => {
        let text = '';
        for await (const chunk of incoming) text += String(chunk);
        const request: JsonRequest = {
          method: incoming.method ?? '',
          path: new URL(incoming.url ?? '', 'http://localhost').pathname,
          headers: incoming.headers,
          body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
        };
        this.requests.push(request);
        watchToken(request);
        const answer = this.override === undefined ? this.#answer(request) : this.override();
        if (answer === undefined) return;
        const { status, body, headers } = typeof answer === 'string' ? { status: 200, body: answer } : answer;
        outgoing.writeHead(status, { 'content-type': 'application/json', ...headers });
        const nothing = status === 204 ? '' : undefined;
        outgoing.end(nothing ?? (typeof body === 'string' ? body : JSON.stringify(body ?? {})));
      })();
    });
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function watchToken({ headers }: JsonRequest): void {
  const tokens = [headers['x-vault-token'], headers.authorization?.replace(/^Bearer /, '')];
  for (const token of tokens.flat()) if (token !== undefined) secretWatch.secret('a token', token);
}
