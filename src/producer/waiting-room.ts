/**
 * The bytes that all tenants' publishes may hold while they wait. Shared by the same rule as the send window:
 * nobody may hold more than is still free, so one tenant alone gets half, and a few stuck ones leave some.
 */
export class WaitingRoom {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether a tenant whose waiting publishes hold `ownBytes` may let one more wait; its first needs any room at all. */
  hasRoomFor(ownBytes: number, bytes: number): boolean {
    const freeBytes = this.#maxBytes - this.#bytes;
    return ownBytes === 0 ? freeBytes > 0 : ownBytes + bytes <= freeBytes - bytes;
  }

  /** @param bytes - fewer than none where some were given back */
  add(bytes: number): void {
    this.#bytes += bytes;
  }
}
