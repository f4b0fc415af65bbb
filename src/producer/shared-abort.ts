import { tenantryError } from '../core/errors.js';

/** Those who wait for one signal, behind the one listener that it carries for them. */
interface Waiting {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const waitingFor = new WeakMap<AbortSignal, Waiting>();

/**
 * Calls `callback` once when the signal is aborted. However many wait for one signal, it carries one listener:
 * Node.js warns of a leak from the eleventh on.
 *
 * @returns takes the callback back
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const waiting = waitingFor.get(signal) ?? listenTo(signal);
  waiting.callbacks.add(callback);
  return () => {
    waiting.callbacks.delete(callback);
    if (waiting.callbacks.size > 0 || waitingFor.get(signal) !== waiting) return;
    waitingFor.delete(signal);
    signal.removeEventListener('abort', waiting.listener);
  };
}

/** @throws TenantryError `INVALID_OPTIONS` for what is no `AbortSignal`, of this realm or another */
export function assertSignal(signal: unknown): void {
  if (signal === undefined || signal instanceof AbortSignal || isSignalLike(signal)) return;
  throw tenantryError('INVALID_OPTIONS', 'publish: signal must be an AbortSignal', {
    problems: [{ path: 'signal', message: 'must be an AbortSignal' }],
  });
}

function isSignalLike(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { aborted, addEventListener, removeEventListener } = value as Partial<Record<keyof AbortSignal, unknown>>;
  return (
    typeof aborted === 'boolean' && typeof addEventListener === 'function' && typeof removeEventListener === 'function'
  );
}

function listenTo(signal: AbortSignal): Waiting {
  const callbacks = new Set<() => void>();
  const listener = (): void => {
    for (const callback of callbacks) callback();
  };
  const waiting = { callbacks, listener };
  waitingFor.set(signal, waiting);
  signal.addEventListener('abort', listener, { once: true });
  return waiting;
}
