/** A value that is at hand, or a promise of it. */
export type Eventual<T> = T | Promise<T>;

/** Goes on with a value at once where it is at hand, so that the common case costs no turn of the event loop. */
export function whenReady<T, U>(value: Eventual<T>, next: (value: T) => Eventual<U>): Eventual<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
