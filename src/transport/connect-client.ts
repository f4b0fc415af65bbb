import { deferred } from '../core/deferred.js';
import { tenantryError, type TenantryError } from '../core/errors.js';
import type { TransportContext } from './client-config.js';
import type { DriverClient, DriverError, DriverLog, DriverMetadata, DriverMetadataRequest } from './driver-types.js';
import { CODE, codeOf, EVENT_TEXT, reasonOf } from './librdkafka-errors.js';

const FIRST_ATTEMPT_MS = 250;
const BROKERS_ONLY = { allTopics: false } as const;

/**
 * Connects a client, or fails with `BROKER_UNREACHABLE`, `BROKER_ACCESS_DENIED` or `INVALID_OPTIONS`. A client
 * that failed is closed; connecting again takes a new one.
 *
 * The client's own `connect` waits 30 s for metadata while nobody looks at its error events, so it cannot tell
 * a wrong password from a broker that is away. It asks through its public `getMetadata`, which is replaced for
 * that one call: by one that looks at events, and asks in short turns.
 *
 * @param serveEvents - called once the native client exists; error events must arrive from then on
 */
export async function connectClient(
  client: DriverClient,
  serveEvents: (stillConnecting: () => boolean) => void,
  timeoutMs: number,
  context: TransportContext,
): Promise<void> {
  const outcome = deferred<undefined>();
  const watch = new ConnectWatch(timeoutMs, context, outcome.reject);
  client.on('event.error', watch.onErrorEvent);
  const ask = client.getMetadata.bind(client);
  let hasNativeClient = false;
  let connecting = true;
  client.getMetadata = (_request, callback) => {
    hasNativeClient = true;
    client.getMetadata = ask;
    serveEvents(() => connecting);
    watch.untilAnswered(ask, callback);
  };
  client.connect({}, (error) => {
    connecting = false;
    if (!error) outcome.resolve(undefined);
    else outcome.reject(hasNativeClient ? watch.failure(error) : configurationError(error));
  });
  await outcome.promise;
}

/** What is known about an attempt to connect. */
export class ConnectWatch {
  readonly onErrorEvent: (error: Error) => void;
  readonly #timeoutMs: number;
  readonly #context: TransportContext;
  readonly #deadlineMs: number;
  #denied = false;
  #lastReason: string | undefined;

  constructor(timeoutMs: number, context: TransportContext, onDenied: (error: TenantryError) => void) {
    this.#timeoutMs = timeoutMs;
    this.#context = context;
    this.#deadlineMs = context.clock.monotonicMs() + timeoutMs;
    this.onErrorEvent = ({ message }) => {
      if (message === EVENT_TEXT.authentication && !this.#denied) {
        this.#denied = true;
        onDenied(this.failure());
      }
      // This one only says that all others have failed.
      if (message !== 'all broker connections are down') this.#lastReason = message;
    };
  }

  /** Asks for the brokers until there is an answer, access is denied or time is up. */
  untilAnswered(
    ask: (
      request: DriverMetadataRequest,
      callback: (error: DriverError | null | undefined, value: DriverMetadata) => void,
    ) => void,
    callback: (error: DriverError | null | undefined, value: DriverMetadata) => void,
    turnMs = FIRST_ATTEMPT_MS,
  ): void {
    const remainingMs = Math.max(1, Math.ceil(this.#deadlineMs - this.#context.clock.monotonicMs()));
    ask({ ...BROKERS_ONLY, timeout: Math.min(turnMs, remainingMs) }, (error, metadata) => {
      const isOver = this.#denied || this.#context.clock.monotonicMs() >= this.#deadlineMs;
      if (!error || isOver) callback(error, metadata);
      else this.untilAnswered(ask, callback, turnMs * 2);
    });
  }

  failure(error?: Error): TenantryError {
    if (this.#denied || codeOf(error) === CODE.authentication) {
      return tenantryError('BROKER_ACCESS_DENIED', 'the broker refused the credentials of the option connection.sasl');
    }
    const reason = this.#lastReason ?? reasonOf(error);
    return tenantryError(
      'BROKER_UNREACHABLE',
      `no broker answered within ${this.#timeoutMs} ms (${reason}): look whether the addresses of the option brokers are right, and whether a broker runs there`,
    );
  }
}

const SETTING_NAME = /\b[a-z]+(?:\.[a-z_]+)+/;

/**
 * The error for a configuration that librdkafka refuses. Its own text may repeat a value, and a value may be
 * a secret: only the name of the setting leaves.
 */
export function configurationError(error: unknown): TenantryError {
  const setting = SETTING_NAME.exec(reasonOf(error))?.[0];
  const path = setting !== undefined && /^s(?:sl|asl|ecurity)\./.test(setting) ? 'connection' : 'librdkafka';
  // Some clients lose the name on the way.
  const message = `librdkafka does not accept ${setting ?? 'a setting made from the options connection and librdkafka'}`;
  return tenantryError('INVALID_OPTIONS', message, { problems: [{ path, message }] });
}

/** Makes a client; fails with `INVALID_OPTIONS` where librdkafka does not accept its configuration. */
export function makeClient<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw configurationError(error);
  }
}

const SYSLOG_ERROR = 3;
const SYSLOG_WARNING = 4;

/** Makes librdkafka's log lines log events. */
export function logTo({ telemetry }: TransportContext): (log: DriverLog) => void {
  return ({ severity, fac, message }) => {
    const fields = { facility: fac, detail: message };
    if (severity <= SYSLOG_ERROR) telemetry.log('clientError', fields);
    else if (severity === SYSLOG_WARNING) telemetry.log('clientWarning', fields);
    else telemetry.log('clientNote', fields);
  };
}

/** The listeners every client needs; without one for `error` a failed token request would end the process. */
export function attachListeners(client: DriverClient, context: TransportContext): void {
  client.on('event.log', logTo(context));
  client.on('error', () => undefined);
}
