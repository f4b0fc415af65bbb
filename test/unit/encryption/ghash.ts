import { createCipheriv } from 'node:crypto';

/**
 * Makes one block of ciphertext with a tag that AES-GCM accepts under two different keys (the tag is linear in
 * the ciphertext, so one free block is enough): what an envelope must not be opened with.
 */
export function forgeForTwoKeys(
  keys: readonly [Buffer, Buffer],
  nonce: Buffer,
  aad: Buffer,
): { ciphertext: Buffer; tag: Buffer } {
  const [one, two] = keys.map((key) => ({
    h: toInt(ecb(key, Buffer.alloc(16))),
    mask: toInt(ecb(key, counterBlock(nonce))),
  })) as [Half, Half];
  const without = (half: Half): bigint => tagOf(half, aad, 0n);
  const difference = without(one) ^ without(two);
  const factor = multiply(one.h, one.h) ^ multiply(two.h, two.h);
  const block = multiply(difference, inverse(factor));
  return { ciphertext: toBytes(block), tag: toBytes(tagOf(one, aad, block)) };
}

interface Half {
  readonly h: bigint;
  readonly mask: bigint;
}

const REDUCTION = 0xe1n << 120n;

function tagOf({ h, mask }: Half, aad: Buffer, block: bigint): bigint {
  let sum = 0n;
  for (let at = 0; at < aad.length; at += 16) {
    const padded = Buffer.alloc(16);
    aad.copy(padded, 0, at, at + 16);
    sum = multiply(sum ^ toInt(padded), h);
  }
  sum = multiply(sum ^ block, h);
  const lengths = (BigInt(aad.length * 8) << 64n) | 128n;
  return multiply(sum ^ lengths, h) ^ mask;
}

/** Multiplication in GF(2^128) with GCM's reflected bits (NIST SP 800-38D, 6.3). */
function multiply(x: bigint, y: bigint): bigint {
  let product = 0n;
  let shifted = y;
  for (let bit = 127n; bit >= 0n; bit--) {
    if ((x >> bit) & 1n) product ^= shifted;
    shifted = shifted & 1n ? (shifted >> 1n) ^ REDUCTION : shifted >> 1n;
  }
  return product;
}

/** x^(2^128 - 2). */
function inverse(x: bigint): bigint {
  let result = 1n << 127n;
  let power = x;
  for (let bit = 1; bit < 128; bit++) {
    power = multiply(power, power);
    result = multiply(result, power);
  }
  return result;
}

function ecb(key: Buffer, block: Buffer): Buffer {
  return createCipheriv('aes-256-ecb', key, null).setAutoPadding(false).update(block);
}

function counterBlock(nonce: Buffer): Buffer {
  return Buffer.concat([nonce, Buffer.from([0, 0, 0, 1])]);
}

const toInt = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`);
const toBytes = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(32, '0'), 'hex');
