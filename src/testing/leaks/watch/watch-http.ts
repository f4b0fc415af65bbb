import { AsyncResource } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import http from 'node:http';
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { readable, type Saw } from './output.js';
import { currentOwner, type Owner } from './owner.js';
import { asOwnIo, isOwnIo } from './own-io.js';
import { patched } from './patched.js';
import { headersOf } from './sent-headers.js';

/** How requests of handlers are held and failed. */
export interface HttpGate {
  /** Sends a request of a handler when it is its turn, or fails in its place. */
  send(request: () => Promise<Response>): Promise<Response>;
  /** A request was sent; what is returned is called once it is over. */
  begin(): () => void;
}

/** A watch of HTTP requests. */
export interface HttpWatch {
  /** Requests whose bodies could not be looked into: streams, and what is packed in a way that is not known here. */
  readonly bodiesNotSeen: number;
  stop(): void;
}

interface Sent {
  readonly owner: Owner;
  readonly chunks: Buffer[];
  /** Takes note of it, once. */
  readonly look: () => void;
}

const UNDICI_CREATE = 'undici:request:create';

/** Watches `fetch`, `node:http`, `node:https` and all that stands on them, and undici's own calls. */
export function watchHttp(saw: Saw, gate: HttpGate): HttpWatch {
  let bodiesNotSeen = 0;
  const body = (value: unknown): unknown => {
    if (!(value instanceof NotSeen)) return value;
    bodiesNotSeen += 1;
    return value.raw;
  };
  const undo = [
    patched(globalThis, 'fetch', (original) => async (input, init) => {
      const owner = currentOwner();
      const request = await fetched(input, init);
      see(saw, request, body(request.body), owner);
      return gate.send(() => asOwnIo(() => original(input, init)));
    }),
    watchClientRequests(saw, body, () => gate.begin()),
  ];
  const onCreate = (message: unknown): void => {
    if (isOwnIo()) return;
    const { request } = message as { readonly request: UndiciRequest };
    const value = request.body;
    const seen = value === null || value === undefined ? undefined : plainBody(value, codingIn(request.headers));
    const { origin = '', path = '', method = '' } = request;
    see(saw, { url: `${String(origin)}${path}`, method, headers: request.headers }, body(seen), currentOwner());
  };
  subscribe(UNDICI_CREATE, onCreate);
  return {
    get bodiesNotSeen() {
      return bodiesNotSeen;
    },
    stop: () => {
      unsubscribe(UNDICI_CREATE, onCreate);
      for (const each of undo.reverse()) each();
    },
  };
}

interface UndiciRequest {
  readonly origin?: string | URL;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: unknown;
  readonly body?: unknown;
}

/** `node:https` makes the same requests. */
function watchClientRequests(saw: Saw, seen: (body: unknown) => unknown, begin: () => () => void): () => void {
  const sent = new WeakMap<http.ClientRequest, Sent>();
  /** Those that are not ended, and may never be: they are looked into at the end of the watch. */
  const open = new Set<Sent>();
  const lookInto = (request: http.ClientRequest, { owner, chunks }: Sent): void => {
    const headers = headersOf(request);
    const url = `${request.protocol}//${headers.host ?? request.host}${request.path}`;
    const value = unpacked(Buffer.concat(chunks), headers['content-encoding']);
    see(saw, { url, method: request.method, headers }, seen(value), owner);
  };
  const sentBy = (request: http.ClientRequest): Sent => {
    const known = sent.get(request);
    if (known !== undefined) return known;
    // In the context of who sends it, also at the end of the watch.
    const look = AsyncResource.bind(() => {
      if (open.delete(made)) lookInto(request, made);
    });
    const made: Sent = { owner: currentOwner(), chunks: [], look };
    sent.set(request, made);
    open.add(made);
    request.once('close', begin());
    return made;
  };
  const note = (request: http.ClientRequest, [chunk, encoding]: readonly unknown[]): Sent => {
    const known = sentBy(request);
    if (typeof chunk === 'string') known.chunks.push(Buffer.from(chunk, encodingOf(encoding)));
    else if (chunk instanceof Uint8Array) known.chunks.push(Buffer.from(chunk));
    return known;
  };
  const { prototype } = http.ClientRequest;
  const undo = [
    patched(prototype, 'flushHeaders', (original) => {
      return function flushHeaders(this: http.ClientRequest) {
        sentBy(this);
        original.call(this);
      };
    }),
    patched(prototype, 'write', (original) => {
      const call = original as (...args: unknown[]) => boolean;
      return function write(this: http.ClientRequest, ...args: unknown[]) {
        note(this, args);
        return call.apply(this, args);
      } as typeof original;
    }),
    patched(prototype, 'end', (original) => {
      const call = original as (...args: unknown[]) => http.ClientRequest;
      return function end(this: http.ClientRequest, ...args: unknown[]) {
        note(this, args).look();
        return call.apply(this, args);
      } as typeof original;
    }),
  ];
  return () => {
    for (const { look } of open) look();
    for (const each of undo.reverse()) each();
  };
}

interface SeenRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: unknown;
}

function see(saw: Saw, { url, method, headers }: SeenRequest, body: unknown, owner: Owner): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const { host = '(no host)', pathname = url, searchParams } = parsed ?? {};
  const value = { host, path: decoded(pathname), query: searchParams, headers, body: readable(body) };
  saw('http', `${method} ${host}`, value, owner);
}

/** A body that could not be looked into, with what is there of it all the same. */
class NotSeen {
  readonly raw: unknown;

  constructor(raw?: unknown) {
    this.raw = raw;
  }
}

async function fetched(
  input: Request | string | URL,
  init: RequestInit | undefined,
): Promise<SeenRequest & { readonly body: unknown }> {
  const request = input instanceof Request ? input : undefined;
  const url = input instanceof Request ? input.url : input.toString();
  const headers = new Headers(init?.headers ?? request?.headers);
  const method = init?.method ?? request?.method ?? 'GET';
  const given: unknown = init?.body ?? request?.body;
  if (given === null || given === undefined) return { url, method, headers, body: undefined };
  if (init?.body === undefined && request !== undefined) {
    const body = request.bodyUsed ? new NotSeen() : Buffer.from(await request.clone().arrayBuffer());
    return { url, method, headers, body: unpackedBody(body, headers) };
  }
  if (given instanceof URLSearchParams) return { url, method, headers, body: given };
  if (given instanceof FormData) return { url, method, headers, body: await formOf(given) };
  if (given instanceof Blob) {
    return { url, method, headers, body: unpackedBody(Buffer.from(await given.arrayBuffer()), headers) };
  }
  return { url, method, headers, body: plainBody(given, headers.get('content-encoding')) };
}

/** A form with what its files hold. */
async function formOf(fields: FormData): Promise<unknown> {
  const files: unknown[] = [];
  for (const [field, value] of fields) {
    if (typeof value === 'string') continue;
    files.push({ field, name: value.name, content: unpacked(Buffer.from(await value.arrayBuffer()), undefined) });
  }
  return files.length === 0 ? fields : { fields, files };
}

function isPlainBody(body: unknown): body is string | Uint8Array | ArrayBuffer {
  return typeof body === 'string' || ArrayBuffer.isView(body) || body instanceof ArrayBuffer;
}

function textOf(body: string | Uint8Array | ArrayBuffer): string | Buffer {
  if (typeof body === 'string') return body;
  return body instanceof ArrayBuffer ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** A text is no packed body, whatever its header says. */
function plainBody(body: unknown, coding: unknown): unknown {
  if (!isPlainBody(body)) return new NotSeen();
  const text = textOf(body);
  return typeof text === 'string' ? text : unpacked(text, coding);
}

function unpackedBody(body: unknown, headers: Headers): unknown {
  return Buffer.isBuffer(body) ? unpacked(body, headers.get('content-encoding')) : body;
}

/** As undici has headers: names and values in turn. */
function codingIn(headers: unknown): unknown {
  if (!Array.isArray(headers)) return undefined;
  const at = headers.findIndex((name, index) => index % 2 === 0 && /^content-encoding$/i.test(String(name)));
  return at === -1 ? undefined : headers[at + 1];
}

const UNPACK: ReadonlyMap<string, (body: Buffer) => Buffer> = new Map([
  ['identity', (body) => body],
  ['gzip', (body) => gunzipSync(body)],
  ['x-gzip', (body) => gunzipSync(body)],
  ['deflate', inflated],
  ['br', (body) => brotliDecompressSync(body)],
]);

/** Some send it without the wrapper that its name stands for. */
function inflated(body: Buffer): Buffer {
  try {
    return inflateSync(body);
  } catch {
    return inflateRawSync(body);
  }
}

/**
 * A body without its packing, as text where it is text, so that places in it have paths. Packed several times it is unpacked in the reverse order.
 *
 * @returns `NotSeen` where it is packed in a way that is not known here, or not as its header says
 */
function unpacked(body: Buffer, encoding: unknown): unknown {
  let bytes = body;
  const codings = [encoding ?? []].flat().map(String).join(',').toLowerCase().split(',');
  for (const coding of codings
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .reverse()) {
    const unpack = UNPACK.get(coding);
    if (unpack === undefined) return new NotSeen(textIn(bytes));
    try {
      bytes = unpack(bytes);
    } catch {
      return new NotSeen(textIn(bytes));
    }
  }
  return textIn(bytes);
}

function textIn(bytes: Buffer): string | Buffer {
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') ? bytes : text;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function encodingOf(value: unknown): BufferEncoding {
  return typeof value === 'string' && Buffer.isEncoding(value) ? value : 'utf8';
}
