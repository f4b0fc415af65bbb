import type { ClientParts } from './compose-parts.js';

const parts = new WeakMap<object, ClientParts>();

/** Keeps what a client is made of, for the test kit alone. */
export function rememberParts(client: object, made: ClientParts): void {
  parts.set(client, made);
}

/** What a client is made of; undefined for what is none of this copy of the package. */
export function partsOf(client: object): ClientParts | undefined {
  return parts.get(client);
}
