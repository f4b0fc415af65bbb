import { ERROR_CODES, type ErrorCode } from './error-codes.js';

/** One thing that is wrong with an input. It names a place, never a value. */
export interface Problem {
  /** Dotted path of the field, or `(root)`. */
  readonly path: string;
  readonly message: string;
}

/** The fields that an error of a given code carries beside `code` and `message`. */
export interface ErrorFields {
  INVALID_OPTIONS: { readonly problems: readonly Problem[] };
  NO_JSON_SCHEMA: { readonly problems: readonly Problem[] };
  VALIDATION_FAILED: { readonly problems: readonly Problem[] };
  PAYLOAD_INVALID: { readonly problems: readonly Problem[] };
  UPCAST_FAILED: { readonly problems: readonly Problem[] };
  RECORD_TOO_LARGE: { readonly sizeBytes: number; readonly limitBytes: number };
  RATE_LIMITED: { readonly tenantId: string; readonly retryAfterMs: number };
  PUBLISH_QUEUE_FULL: { readonly tenantId: string; readonly waiting: number };
  PUBLISH_FAILED: { readonly reason: string };
  PUBLISH_REFUSED: { readonly reason: string };
  CONTROL_UNCONFIRMED: { readonly partitions: readonly string[] };
  REDRIVE_UNDER_WAY: { readonly partitions: readonly string[] };
  PUBLISH_INCOMPLETE: { readonly outcomes: readonly PublishOutcome[] };
  DELIVERY_UNKNOWN: { readonly eventId: string };
  /** `key`: the tenant's key itself is refused. `data-key`: only this record's wrapped data key is. */
  KEY_REFUSED: { readonly refused: 'key' | 'data-key' };
  /** Key ids as 16 hex digits each. */
  ERASURE_NOT_ENTERED: { readonly kekIds: readonly string[] };
  CERTIFICATE_INVALID: {
    readonly reason: 'malformed' | 'payload-type' | 'signatures' | 'other-key' | 'signature' | 'statement';
  };
  SCHEMA_REFUSED: { readonly subject: string; readonly problems: readonly Problem[] };
  TOPIC_NOT_FOUND: { readonly topics: readonly string[] };
  ADMIN_FAILED: { readonly reason: string };
  RECORDS_LOST: {
    readonly topic: string;
    readonly partition: number;
    readonly fromOffset: number;
    readonly toOffset: number;
  };
  RECORD_NOT_FOUND: { readonly topic: string; readonly partition: number; readonly offset: number };
}

/** What became of one item of `publishMany`. */
export type PublishOutcome =
  | { readonly index: number; readonly published: true; readonly eventId: string }
  | { readonly index: number; readonly published: false; readonly error: TenantryError };

/** A `TenantryError` known to carry the code `C`, with that code's fields. */
export type TenantryErrorOf<C extends ErrorCode> = TenantryError & { readonly code: C } & (C extends keyof ErrorFields
    ? ErrorFields[C]
    : object);

const BRAND = Symbol.for('tenantry.error');

/**
 * The one error class of this library. Decide by `code`; the message is for people. No message holds a
 * payload, a key, a token or a password, and no error has a `cause` from a parser, a schema, a cipher or a key
 * service, because their messages hold such things and loggers print causes.
 */
export class TenantryError extends Error {
  /** Stable, one of the codes in the documentation's error table. */
  readonly code: ErrorCode;
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.name = 'TenantryError';
    this.code = code;
    this.retryable = ERROR_CODES[code].retryable;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

type FieldArguments<C extends ErrorCode> = C extends keyof ErrorFields ? [fields: ErrorFields[C]] : [];

/** Makes an error with the fields its code requires. */
export function tenantryError<C extends ErrorCode>(
  code: C,
  message: string,
  ...fields: FieldArguments<C>
): TenantryErrorOf<C> {
  return Object.assign(new TenantryError(code, message), fields[0]) as unknown as TenantryErrorOf<C>;
}

/** Recognises an error of this library, also one made by another copy of the package. */
export function isTenantryError(error: unknown): error is TenantryError;
/**
 * Recognises an error of this library that carries a given code; the fields of that code become readable.
 *
 * @param code - the code it must carry
 */
export function isTenantryError<C extends ErrorCode>(error: unknown, code: C): error is TenantryErrorOf<C>;
export function isTenantryError(error: unknown, code?: ErrorCode): boolean {
  if (typeof error !== 'object' || error === null) return false;
  try {
    return BRAND in error && (code === undefined || (error as unknown as TenantryError).code === code);
  } catch {
    // A handler may throw anything, also a proxy whose traps throw.
    return false;
  }
}

const WELL_FORMED_NAME = /^[A-Za-z_$][\w$.-]{0,63}$/;

/**
 * The name and code of a foreign error, where they look like names: the only parts of a handler's error
 * that may leave the process, because its message may hold a tenant's data.
 */
export function describeForeignError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return typeof error;
  const name = ownText(error, 'name') ?? 'Error';
  const code = ownText(error, 'code');
  return code === undefined ? name : `${name} ${code}`;
}

/** The same for what `fetch` throws, which only says why in its cause. */
export function describeFetchError(error: unknown): string {
  const cause = error instanceof TypeError ? error.cause : undefined;
  return describeForeignError(cause ?? error);
}

function ownText(error: object, property: 'name' | 'code'): string | undefined {
  try {
    const value = (error as Record<string, unknown>)[property];
    return typeof value === 'string' && WELL_FORMED_NAME.test(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
