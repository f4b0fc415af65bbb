import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { decodeUtf8 } from '../core/utf8.js';
import { invalidKeys } from './key-ring.js';

/** The one environment variable with keys; no variable is ever named after a tenant. */
const KEYS_VARIABLE = 'TENANTRY_KEYS';

const OTHERS_MAY_USE = 0o077;

/**
 * Reads the key ring of a key file. On POSIX the file must be out of reach of its group and of others.
 *
 * @throws TenantryError `INVALID_KEY_MATERIAL`
 */
export function readKeyFile(path: string): unknown {
  return parseJson(readOwnFile(path), `the key file ${path}`);
}

/**
 * Reads the key ring of the environment variable `TENANTRY_KEYS`.
 *
 * @throws TenantryError `INVALID_KEY_MATERIAL`
 */
export function readKeyVariable(): unknown {
  const text = process.env[KEYS_VARIABLE];
  if (text === undefined || text === '')
    throw invalidKeys(
      `the environment variable ${KEYS_VARIABLE} is not set; tenantry keys generate --json prints its content`,
    );
  return parseJson(text, `the environment variable ${KEYS_VARIABLE}`);
}

function readOwnFile(path: string): string {
  let bytes: Buffer;
  let mode: number;
  try {
    const file = openSync(path, 'r');
    try {
      // Of the open file: a name could be pointed elsewhere between the check and the reading.
      mode = fstatSync(file).mode;
      bytes = readFileSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw invalidKeys(
      `the key file ${path} cannot be read (${systemCode(error)}); tenantry keys generate --file makes one`,
    );
  }
  if (process.platform !== 'win32' && (mode & OTHERS_MAY_USE) !== 0) {
    throw invalidKeys(
      `the key file ${path} is open to its group or to others: chmod 600 it, and change its keys if others could read them`,
    );
  }
  const text = decodeUtf8(bytes);
  bytes.fill(0);
  if (text === undefined) throw invalidKeys(`the key file ${path} is not UTF-8`);
  return text;
}

/** The parser's own message quotes what it read. */
function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidKeys(`${where} is not JSON`);
  }
}

function systemCode(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  return typeof code === 'string' ? code : 'unknown error';
}
