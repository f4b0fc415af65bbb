import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DemoError } from '../demo-error.js';

const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);

/**
 * Opens a file for reading, unpacked where its first two bytes say gzip, whatever its name.
 *
 * @throws DemoError `FILE_UNREADABLE`; what goes wrong later is an error of the stream, see `readingFailed`
 */
export async function openInputFile(path: string): Promise<Readable> {
  try {
    const isGzip = (await firstBytes(path, GZIP_MAGIC.length)).equals(GZIP_MAGIC);
    const bytes = createReadStream(path);
    // Whoever reads the stream sees its errors; `pipeline` only wants to be given a callback.
    return isGzip ? pipeline(bytes, createGunzip(), () => undefined) : bytes;
  } catch (error) {
    throw readingFailed(path, error);
  }
}

async function firstBytes(path: string, count: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The failure to read a file, as a person understands it. */
export function readingFailed(path: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  const reason = code === undefined ? undefined : REASONS[code];
  return reason === undefined ? error : new DemoError('FILE_UNREADABLE', `cannot read ${path}: ${reason}`);
}

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTDIR: 'part of its path is not a directory',
  ENAMETOOLONG: 'its name is too long',
  EIO: 'the disk reports an error',
  Z_BUF_ERROR: 'it is a gzip file that ends too early',
  Z_DATA_ERROR: 'it is a gzip file that is damaged',
};
