import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { tenantryError } from '../core/errors.js';
import { Slab } from '../core/slab.js';
import { AssociatedData, type ReadableValue } from './associated-data.js';
import { ciphertextOf, FLAGS, TAG_BYTES, tagOf, writeNonce, type Envelope, type Placement } from './envelope-layout.js';
import type { SealedIdentity } from './record-cipher.js';
import type { SealingSession } from './sealing-session.js';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
/** Nothing is secret in them. */
const ENVELOPE_SLAB_SIZES = { slabBytes: 16_384, largestBytes: 4_096 };
// Pinned: without it Node.js would verify a tag of 4 bytes.
const OPTIONS = { authTagLength: TAG_BYTES } as const;

/** Seals and opens single records with AES-256-GCM (NIST SP 800-38D), with keys that are at hand. */
export class RecordSeal {
  readonly #associatedData = new AssociatedData();
  readonly #slab = new Slab(ENVELOPE_SLAB_SIZES);
  readonly #nonce = Buffer.alloc(NONCE_BYTES);

  /** @param readable - for a detached seal, with fields or without, the value that stays readable; else `undefined` */
  seal(
    session: SealingSession,
    identity: SealedIdentity,
    placement: Placement,
    plaintext: Buffer,
    timeMs: number,
    readable: ReadableValue,
  ): Buffer {
    const head = session.nextHead(FLAGS[placement], timeMs);
    const envelope = this.#slab.take(head.length + plaintext.length + TAG_BYTES);
    envelope.set(head);
    writeNonce(this.#nonce, head);
    const cipher = createCipheriv(ALGORITHM, session.key, this.#nonce, OPTIONS);
    cipher.setAAD(this.#associatedData.assemble(head, head.length, identity, readable));
    if (plaintext.length > 0) envelope.set(cipher.update(plaintext), head.length);
    // GCM has nothing left to give here; the call completes the tag.
    cipher.final();
    envelope.set(cipher.getAuthTag(), head.length + plaintext.length);
    return envelope;
  }

  release(envelope: Buffer): void {
    this.#slab.giveBack(envelope);
  }

  /**
   * @returns the plaintext, in memory of its own
   * @throws TenantryError `SEAL_INVALID`
   */
  open(key: KeyObject, identity: SealedIdentity, envelope: Envelope, readable: ReadableValue): Buffer {
    const { bytes, headBytes } = envelope;
    writeNonce(this.#nonce, bytes);
    const decipher = createDecipheriv(ALGORITHM, key, this.#nonce, OPTIONS);
    decipher.setAuthTag(tagOf(envelope));
    decipher.setAAD(this.#associatedData.assemble(bytes, headBytes, identity, readable));
    const plaintext = inOwnMemory(decipher.update(ciphertextOf(envelope)));
    try {
      decipher.final();
    } catch {
      plaintext.fill(0);
      throw tenantryError(
        'SEAL_INVALID',
        `the record of tenant ${identity.tenantId} does not authenticate: it was altered, or moved from where it was sealed`,
      );
    }
    return plaintext;
  }

  wipe(): void {
    this.#associatedData.wipe();
  }
}

/**
 * A pooled Buffer shares its slab, reachable as `.buffer`, with other tenants' plaintext. Node.js gives each
 * answer of a decipher memory of its own, which is not written down anywhere: so it is checked each time.
 */
function inOwnMemory(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength === bytes.length) return bytes;
  const own = Buffer.allocUnsafeSlow(bytes.length);
  own.set(bytes);
  bytes.fill(0);
  return own;
}
