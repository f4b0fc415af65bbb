import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** One request, as it goes over the wire. */
export interface RawRequest {
  readonly path: string;
  /** The header `authorization`. */
  readonly tenant?: string | undefined;
  /** Makes it a POST. */
  readonly body?: string | undefined;
  readonly type?: string | undefined;
}

/** How a connection is used. */
export interface Exchange {
  /** How long nothing is read at first, so that the server has to wait with what it writes. Default 0. */
  readonly pauseMs?: number;
  /** How long between a request's head and its body, and between requests. Default 0: all is sent at once. */
  readonly gapMs?: number;
  /** The connection is ended when this has come. Default: by the server. */
  readonly until?: string;
}

/** Sends requests over one connection, without waiting for answers, and gives all that came back until its end. */
export async function exchange(
  port: number,
  requests: readonly RawRequest[],
  { pauseMs = 0, gapMs = 0, until }: Exchange = {},
): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  const closed = new Promise<void>((resolve, reject) => {
    socket.on('close', () => resolve()).on('error', reject);
  });
  const texts = requests.flatMap((request, index) => partsOf(request, index === requests.length - 1));
  if (gapMs === 0) socket.write(texts.join(''));
  else for (const text of texts) await sleep(gapMs).then(() => socket.write(text));
  await sleep(pauseMs);
  const text = (): string => Buffer.concat(chunks).toString('latin1');
  socket.on('data', (chunk) => {
    chunks.push(chunk);
    if (until !== undefined && text().includes(until)) socket.destroy();
  });
  await closed;
  return text();
}

function partsOf({ path, tenant, body, type = 'text/plain' }: RawRequest, isLast: boolean): string[] {
  const lines = [`${body === undefined ? 'GET' : 'POST'} ${path} HTTP/1.1`, 'Host: test'];
  if (tenant !== undefined) lines.push(`Authorization: ${tenant}`);
  if (body !== undefined) lines.push(`Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(body)}`);
  if (isLast) lines.push('Connection: close');
  const head = `${lines.join('\r\n')}\r\n\r\n`;
  return body === undefined ? [head] : [head, body];
}
