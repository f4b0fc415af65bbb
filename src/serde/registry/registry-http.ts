import type { Clock } from '../../core/clock.js';
import { describeForeignError } from '../../core/errors.js';
import { jsonAnswer } from '../../core/json-answer.js';
import { unlessAborted } from '../../core/unless-aborted.js';

/** Far more than any schema has; what a server says beyond it is not listened to. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const TOO_LONG = 'answer-too-long';
const MAX_TRIES = 3;
const FIRST_PAUSE_MS = 100;

/** Confluent's codes for "there is none", which tell an answer of a registry from that of a proxy or of a wrong path. */
const NOT_FOUND_CODES = { first: 40_400, last: 40_499 };

/** Who asks: with a password, or with a token that may change. */
export type RegistryAuth =
  | { readonly username: string; readonly password: string }
  | {
      /** A bearer token, or what gives the one that holds now. */
      readonly token: string | (() => string | Promise<string>);
    };

export interface RegistryAddress {
  readonly url: string;
  readonly auth: RegistryAuth | undefined;
  readonly timeoutMs: number;
}

/** A definite answer: found, not found, or refused. */
export interface RegistryAnswer {
  readonly kind: 'found' | 'none' | 'refused';
  readonly status: number;
  /** Confluent's error code, where it is not found or refused and the registry says one. */
  readonly errorCode: number | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

/** No definite answer. Nothing of the registry's text is in it. */
export class RegistryFailure extends Error {
  readonly kind: 'away' | 'denied';
  /** Of an answer that is none. */
  readonly status: number | undefined;

  /** @param reason - a status or the name of an error */
  constructor(kind: 'away' | 'denied', reason: string | number) {
    super(typeof reason === 'number' ? `status.${reason}` : reason);
    this.name = 'RegistryFailure';
    this.kind = kind;
    this.status = typeof reason === 'number' ? reason : undefined;
  }
}

/** Calls of the registry's HTTP API: each with its retries is over in time, whatever the registry does. */
export class RegistryHttp {
  readonly host: string;
  readonly #base: string;
  readonly #auth: RegistryAuth | undefined;
  readonly #timeoutMs: number;
  readonly #clock: Clock;

  constructor({ url, auth, timeoutMs }: RegistryAddress, clock: Clock) {
    this.host = new URL(url).host;
    this.#base = url.replace(/\/+$/, '');
    this.#auth = auth;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  /** @throws RegistryFailure */
  call(method: 'GET' | 'POST', path: string, body?: object): Promise<RegistryAnswer> {
    return this.#inTime(async (signal) => {
      const answer = await this.#callOnce(method, path, body, signal);
      return answerOf(answer.status, answer.body);
    });
  }

  /**
   * Asks for nothing but an answer.
   *
   * @throws RegistryFailure
   */
  ping(): Promise<void> {
    return this.#inTime(async (signal) => {
      const status = await this.#statusOf('/subjects', signal);
      if (status !== 200) throw failureOfStatus(status);
    });
  }

  async #statusOf(path: string, signal: AbortSignal): Promise<number> {
    try {
      const { status } = await this.#callOnce('GET', path, undefined, signal);
      return status;
    } catch (error) {
      // Who keeps so many subjects answers all the same.
      if (error instanceof RegistryFailure && error.message === TOO_LONG) return 200;
      throw error;
    }
  }

  async #inTime<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const over = new AbortController();
    const timer = this.#clock.setTimer(
      this.#timeoutMs,
      () => {
        over.abort();
      },
      { keepAlive: true },
    );
    try {
      return await this.#tryUntil(over.signal, () => call(over.signal));
    } finally {
      timer.cancel();
    }
  }

  async #tryUntil<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await call();
      } catch (error) {
        const failure = signal.aborted ? new RegistryFailure('away', 'timeout') : failureOf(error);
        if (signal.aborted || failure.kind === 'denied' || tries === MAX_TRIES) throw failure;
      }
      // A time-out meanwhile fails the next try at once.
      await this.#pause(FIRST_PAUSE_MS * 2 ** (tries - 1));
    }
  }

  async #callOnce(
    method: 'GET' | 'POST',
    path: string,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    // The application's own `token` may hang as well as a registry.
    const headers = await unlessAborted(
      signal,
      () => this.#headers(body !== undefined),
      () => new RegistryFailure('away', 'timeout'),
    );
    const response = await fetch(`${this.#base}${path}`, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      // A redirect would carry the credentials to whatever address the answer names.
      redirect: 'manual',
      signal,
    });
    return { status: response.status, body: await jsonAnswer(response, MAX_ANSWER_BYTES, tooLong) };
  }

  #pause(pauseMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.setTimer(pauseMs, resolve, { keepAlive: true });
    });
  }

  async #headers(hasBody: boolean): Promise<Record<string, string>> {
    return {
      Accept: 'application/vnd.schemaregistry.v1+json, application/json',
      ...(hasBody && { 'Content-Type': 'application/vnd.schemaregistry.v1+json' }),
      ...(this.#auth !== undefined && { Authorization: await authorization(this.#auth) }),
    };
  }
}

async function authorization(auth: RegistryAuth): Promise<string> {
  if ('username' in auth) return `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`;
  return `Bearer ${typeof auth.token === 'string' ? auth.token : await auth.token()}`;
}

function answerOf(status: number, body: unknown): RegistryAnswer {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  const known = isObject ? (body as Record<string, unknown>) : {};
  const code = known['error_code'];
  const errorCode = typeof code === 'number' ? code : undefined;
  if (status === 200 && isObject) return { kind: 'found', status, errorCode: undefined, body: known };
  if (status === 404 && isNotFound(errorCode)) return { kind: 'none', status, errorCode, body: known };
  if (status === 409 || status === 422) return { kind: 'refused', status, errorCode, body: known };
  throw status === 200 ? new RegistryFailure('away', 'no-json-object') : failureOfStatus(status);
}

function isNotFound(code: number | undefined): boolean {
  return code !== undefined && code >= NOT_FOUND_CODES.first && code <= NOT_FOUND_CODES.last;
}

function failureOfStatus(status: number): RegistryFailure {
  return new RegistryFailure(status === 401 || status === 403 ? 'denied' : 'away', status);
}

/** What was thrown may also come from the application's own `token`. */
function failureOf(error: unknown): RegistryFailure {
  if (error instanceof RegistryFailure) return error;
  // What `fetch` throws only says why in its cause.
  const cause = error instanceof TypeError ? error.cause : undefined;
  return new RegistryFailure('away', describeForeignError(cause ?? error).replace(' ', '.'));
}

function tooLong(): Error {
  return new RegistryFailure('away', TOO_LONG);
}
