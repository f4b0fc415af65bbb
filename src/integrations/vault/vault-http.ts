import { KeyServiceFailure } from '../../encryption/key-service.js';
import { describeForeignError } from '../../core/errors.js';

/** What an answer may have at most: more than any that is asked for, and little to hold. */
const MAX_ANSWER_BYTES = 65_536;

/** A token of Vault, or what gives the one that holds now: it is asked before every call. */
export type VaultToken = string | (() => string | Promise<string>);

export interface VaultAddress {
  readonly address: string;
  readonly namespace: string | undefined;
  readonly token: VaultToken;
}

export interface VaultAnswer {
  readonly status: number;
  /** The parsed JSON; undefined where it is none. */
  readonly body: unknown;
}

/** Calls of Vault's HTTP API. What Vault says stays in here and in what is made of an answer; no text of it leaves. */
export class VaultHttp {
  readonly #base: string;
  readonly #namespace: string | undefined;
  readonly #token: VaultToken;

  constructor({ address, namespace, token }: VaultAddress) {
    this.#base = `${address.replace(/\/+$/, '')}/v1/`;
    this.#namespace = namespace;
    this.#token = token;
  }

  /** @throws KeyServiceFailure `away` where no whole answer comes */
  async call(path: string, body: object | undefined, signal: AbortSignal): Promise<VaultAnswer> {
    try {
      const response = await fetch(`${this.#base}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: await this.#headers(),
        body: body === undefined ? null : JSON.stringify(body),
        // A redirect would carry the token to whatever address the answer names.
        redirect: 'manual',
        signal,
      });
      return { status: response.status, body: parsed(await textOf(response)) };
    } catch (error) {
      if (error instanceof KeyServiceFailure) throw error;
      throw new KeyServiceFailure('away', signal.aborted ? 'aborted' : describeForeignError(error).replace(' ', '.'));
    }
  }

  async #headers(): Promise<Record<string, string>> {
    const token = typeof this.#token === 'string' ? this.#token : await this.#token();
    return {
      'Content-Type': 'application/json',
      'X-Vault-Request': 'true',
      'X-Vault-Token': token,
      ...(this.#namespace !== undefined && { 'X-Vault-Namespace': this.#namespace }),
    };
  }
}

async function textOf(response: Response): Promise<string> {
  const body: AsyncIterable<Uint8Array> | null = response.body;
  if (body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new KeyServiceFailure('away', 'answer-too-long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
