import fs from 'node:fs';
import { patched } from './patched.js';

const STREAMS = new Map<unknown, string>([
  [1, 'stdout'],
  [2, 'stderr'],
]);

/** Takes note of what is written to a stream, and writes it or answers in its place: how many bytes were written. */
export type OnWrite = (name: string, bytes: Buffer, really: () => number) => number;

type Call = (...args: readonly unknown[]) => unknown;
/** What a call writes, as `node:fs` takes its arguments behind the descriptor. */
type BytesOf = (args: readonly unknown[]) => Buffer;

/**
 * Watches what is written to the descriptors of the process's streams by `node:fs`.
 *
 * @returns each ends a part of it
 */
export function watchDescriptors(onWrite: OnWrite): (() => void)[] {
  return [
    writesAtOnce('writeSync', writtenPart, (count) => count, onWrite),
    writesAtOnce('writevSync', allOf, (count) => count, onWrite),
    writesAtOnce('writeFileSync', contentOf, () => undefined, onWrite),
    writesAtOnce('appendFileSync', contentOf, () => undefined, onWrite),
    // What writes all of something, `writeFile` and streams, calls these.
    writesLater('write', fs.writeSync as Call, writtenPart, onWrite),
    writesLater('writev', fs.writevSync as Call, allOf, onWrite),
  ];
}

type AtOnce = 'writeSync' | 'writevSync' | 'writeFileSync' | 'appendFileSync';

function writesAtOnce(
  name: AtOnce,
  bytesOf: BytesOf,
  answer: (count: number) => unknown,
  onWrite: OnWrite,
): () => void {
  return patched(fs as Record<AtOnce, Call>, name, (original) => (...args) => {
    const [target, ...rest] = args;
    const stream = STREAMS.get(target);
    if (stream === undefined) return original(...args);
    const bytes = bytesOf(rest);
    return answer(onWrite(stream, bytes, () => Number(original(...args) ?? bytes.length)));
  });
}

/**
 * Where a write would be answered later it is made at once: a logger like pino would else collect lines meanwhile, and
 * write them in the asynchronous context of somebody else.
 */
function writesLater(name: 'write' | 'writev', atOnce: Call, bytesOf: BytesOf, onWrite: OnWrite): () => void {
  return patched(fs as unknown as Record<'write' | 'writev', Call>, name, (original) => (...args) => {
    const [target, ...rest] = args;
    const stream = STREAMS.get(target);
    const done = rest.pop() as Call | undefined;
    if (stream === undefined || typeof done !== 'function') return original(...args);
    let count: number;
    try {
      count = onWrite(stream, bytesOf(rest), () => Number(atOnce(target, ...rest)));
    } catch (error) {
      return done(error);
    }
    return done(null, count, rest[0]);
  });
}

/** `buffer, offset, length`, `buffer, { offset, length }` or `text, position, encoding`. */
function writtenPart([data, second, third]: readonly unknown[]): Buffer {
  if (!ArrayBuffer.isView(data)) return bytesOf(data, third);
  const bytes = bytesOf(data);
  const { offset, length } = (
    typeof second === 'object' && second !== null ? second : { offset: second, length: third }
  ) as {
    readonly offset?: number | null;
    readonly length?: number | null;
  };
  const from = offset ?? 0;
  return bytes.subarray(from, typeof length === 'number' ? from + length : undefined);
}

function allOf([buffers]: readonly unknown[]): Buffer {
  return Buffer.concat((buffers as readonly unknown[]).map((each) => bytesOf(each)));
}

function contentOf([data, options]: readonly unknown[]): Buffer {
  const encoding =
    typeof options === 'object' && options !== null ? (options as { encoding?: unknown }).encoding : options;
  return bytesOf(data, encoding);
}

function bytesOf(data: unknown, encoding?: unknown): Buffer {
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const isKnown = typeof encoding === 'string' && Buffer.isEncoding(encoding);
  return Buffer.from(String(data), isKnown ? encoding : 'utf8');
}

/** What was written, as text. */
export function textOf(chunk: unknown): string {
  return chunk instanceof Uint8Array ? Buffer.from(chunk).toString('utf8') : String(chunk);
}
