import { KeyServiceFailure } from '../../encryption/key-service.js';
import { describeFetchError } from '../../core/errors.js';
import { jsonAnswer } from '../../core/json-answer.js';

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

  /** The address of a path, where Vault also takes the namespace; without what is secret. */
  url(path: string): string {
    const namespace = this.#namespace === undefined ? '' : `${this.#namespace.replace(/\/$/, '')}/`;
    const { origin, pathname } = new URL(`${this.#base}${namespace}${path}`);
    return `${origin}${pathname}`;
  }

  /** @throws KeyServiceFailure `away` where no whole answer comes */
  async call(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<VaultAnswer> {
    try {
      const response = await fetch(`${this.#base}${path}`, {
        method,
        headers: await this.#headers(),
        body: body === undefined ? null : JSON.stringify(body),
        // A redirect would carry the token to whatever address the answer names.
        redirect: 'manual',
        signal,
      });
      return { status: response.status, body: await jsonAnswer(response, MAX_ANSWER_BYTES, tooLong) };
    } catch (error) {
      if (error instanceof KeyServiceFailure) throw error;
      throw new KeyServiceFailure('away', signal.aborted ? 'aborted' : describeFetchError(error).replace(' ', '.'));
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

function tooLong(): Error {
  return new KeyServiceFailure('away', 'answer-too-long');
}
