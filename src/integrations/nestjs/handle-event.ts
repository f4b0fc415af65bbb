import type { EventHandler, HandlerOptions } from '../../api/handler.js';
import type { AnyEventContract } from '../../contract/event-contract.js';

/** Options of `HandleEvent`. */
export interface HandleEventOptions extends HandlerOptions {
  /** Which of the module's `workers` handles the event. */
  readonly group: string;
}

/** A method that handles events. */
export interface HandlerMethod {
  readonly name: PropertyKey;
  readonly contracts: AnyEventContract | readonly AnyEventContract[];
  readonly options: HandleEventOptions;
}

/** By the prototype of their class. */
const handlerMethods = new WeakMap<object, HandlerMethod[]>();
/** The prototypes of these classes, so that those that nobody provides can be told. */
const decorated = new Set<WeakRef<object>>();

/**
 * Makes a method of a provider or controller the handler of a contract, or of several: it is called with the event and
 * its `HandlerContext`, with the event's tenant ambient, and may return a promise or an observable. Guards, pipes,
 * interceptors and exception filters are for requests, they are not called. In a request-scoped provider each event
 * has an instance of its own.
 */
export function HandleEvent<const C extends AnyEventContract>(
  contracts: C | readonly C[],
  options: HandleEventOptions,
): <M extends EventHandler<C>>(prototype: object, name: PropertyKey, descriptor: TypedPropertyDescriptor<M>) => void {
  return (prototype, name) => {
    const methods = handlerMethods.get(prototype) ?? [];
    if (methods.length === 0) decorated.add(new WeakRef(prototype));
    methods.push({ name, contracts, options });
    handlerMethods.set(prototype, methods);
  };
}

/** The methods of a class that handle events, those that it inherits included, as the nearest class decorates them. */
export function handlerMethodsOf(prototype: unknown): readonly HandlerMethod[] {
  const found: HandlerMethod[] = [];
  for (let at = prototype; typeof at === 'object' && at !== null; at = Object.getPrototypeOf(at) as unknown) {
    // A method that stands there again is the same one, and handles its events once.
    const nearer = new Set(found.map(({ name }) => name));
    found.push(...(handlerMethods.get(at) ?? []).filter(({ name }) => !nearer.has(name)));
  }
  return found;
}

/** The names of the classes with such methods that are none of these, and that none of these inherits from. */
export function classesBeside(prototypes: Iterable<object>): readonly string[] {
  const found = new Set<unknown>();
  for (const prototype of prototypes)
    for (let at: unknown = prototype; typeof at === 'object' && at !== null; at = Object.getPrototypeOf(at) as unknown)
      found.add(at);
  const others = [...decorated].map((reference) => reference.deref()).filter((one) => one !== undefined);
  return [...new Set(others.filter((one) => !found.has(one)).map((one) => nameOf(one.constructor)))];
}

function nameOf(made: { readonly name: string }): string {
  return made.name === '' ? '(a class without a name)' : made.name;
}
