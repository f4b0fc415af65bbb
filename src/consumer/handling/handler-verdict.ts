const BRAND = Symbol.for('tenantry.verdict');

/** What a handler asks for by throwing. */
export type HandlerVerdict =
  { readonly kind: 'dead-letter'; readonly reason: string } | { readonly kind: 'retry'; readonly afterMs: number };

/** Thrown by a handler to say what becomes of its event; made by `deadLetter` and `retryAfter`. */
class VerdictError extends Error {
  readonly verdict: HandlerVerdict;

  constructor(verdict: HandlerVerdict, message: string) {
    super(message);
    this.name = 'HandlerVerdict';
    this.verdict = verdict;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

const MAX_REASON_LENGTH = 200;

/**
 * Sends the event to the dead-letter topic at once: `throw deadLetter('no such order')`.
 *
 * @param reason - for people; it is written to the dead letter's headers in the clear, so it must hold no
 * tenant data. Cut at 200 characters.
 */
export function deadLetter(reason: string): Error {
  const given: unknown = reason;
  return new VerdictError(
    { kind: 'dead-letter', reason: typeof given === 'string' ? given.slice(0, MAX_REASON_LENGTH) : 'no reason given' },
    'the handler asked for the dead-letter topic',
  );
}

/**
 * Has the event handled again after `afterMs` milliseconds: `throw retryAfter(5_000)`. It counts as an
 * attempt. The events of the same aggregate wait meanwhile, no others.
 */
export function retryAfter(afterMs: number): Error {
  if (!Number.isFinite(afterMs) || afterMs < 0)
    throw new RangeError('retryAfter takes a number of milliseconds, 0 or more');
  return new VerdictError({ kind: 'retry', afterMs }, `the handler asked to be called again after ${afterMs} ms`);
}

/** The verdict that a thrown value carries, if any; also of another copy of the package. */
export function verdictOf(thrown: unknown): HandlerVerdict | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  try {
    return BRAND in thrown ? checked((thrown as unknown as VerdictError).verdict) : undefined;
  } catch {
    // A handler may throw anything, also a proxy whose traps throw.
    return undefined;
  }
}

/** Each field is read once, here: what a proxy answers it may answer otherwise the next time, or throw. */
function checked(given: { kind?: unknown; reason?: unknown; afterMs?: unknown }): HandlerVerdict | undefined {
  const { kind, reason, afterMs } = given;
  if (kind === 'dead-letter' && typeof reason === 'string') return { kind, reason };
  if (kind === 'retry' && typeof afterMs === 'number' && afterMs >= 0) return { kind, afterMs };
  return undefined;
}
