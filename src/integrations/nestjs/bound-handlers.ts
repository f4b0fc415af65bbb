import { Logger } from '@nestjs/common';
import { ContextIdFactory, type DiscoveryService, type ModuleRef } from '@nestjs/core';
import { isObservable, lastValueFrom } from 'rxjs';
import type { EventHandler } from '../../api/handler.js';
import { invalidOptions } from '../../core/invalid-options.js';
import { classesBeside, handlerMethodsOf, type HandlerMethod } from './handle-event.js';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** A method that handles events, with its instance. */
export interface BoundHandler extends Pick<HandlerMethod, 'contracts' | 'options'> {
  readonly handler: EventHandler;
}

/**
 * Every method of the application that has `HandleEvent`. A class with such methods that the application does not have,
 * or hides from who looks for it, is told: its events would be handled by nobody, in silence.
 */
export function boundHandlers(discovery: DiscoveryService, moduleRef: ModuleRef): readonly BoundHandler[] {
  const wrappers = [...discovery.getProviders(), ...discovery.getControllers()].filter((wrapper) => !wrapper.isAlias);
  const prototypes = wrappers.map(prototypeOf);
  const missing = classesBeside(prototypes.filter((one) => typeof one === 'object' && one !== null));
  if (missing.length > 0) {
    new Logger('Tenantry').warn(
      `no provider or controller of the application: ${missing.join(', ')}. Methods with HandleEvent there handle nothing. A class that a factory makes for each request is found where it is itself the token, and that of a lazy module is not`,
    );
  }
  return wrappers.flatMap((wrapper, index) =>
    handlerMethodsOf(prototypes[index]).map(({ name, contracts, options }) => ({
      contracts,
      options,
      handler: handlerOf(wrapper, name, moduleRef),
    })),
  );
}

function prototypeOf({ instance, metatype, isFactory, token }: Wrapper): unknown {
  if (typeof instance === 'object' && instance !== null) return Object.getPrototypeOf(instance) as unknown;
  // What a factory makes later is known by its token alone.
  const made = isFactory ? token : metatype;
  return typeof made === 'function' ? (made.prototype as unknown) : undefined;
}

function handlerOf(wrapper: Wrapper, name: PropertyKey, moduleRef: ModuleRef): EventHandler {
  if (wrapper.isDependencyTreeStatic() && !wrapper.isTransient) {
    return (event, context) => settled(callMethod(wrapper, wrapper.instance, name, event, context));
  }
  return async (event, context) => {
    const contextId = ContextIdFactory.create();
    moduleRef.registerRequestByContextId({ event, context }, contextId);
    const instance: unknown = await moduleRef.resolve(wrapper.token as never, contextId, { strict: false });
    return settled(callMethod(wrapper, instance, name, event, context));
  };
}

function callMethod(
  { name: provider }: Wrapper,
  instance: unknown,
  name: PropertyKey,
  ...values: Parameters<EventHandler>
): unknown {
  const made = instance as Partial<Record<PropertyKey, EventHandler>> | undefined | null;
  if (typeof made?.[name] === 'function') return made[name](...values);
  // A factory may make something else than its token says.
  const path = `${String(provider)}.${String(name)}`;
  throw invalidOptions('TenantryModule', [{ path, message: 'is no method of what the provider is' }]);
}

/** An observable that nobody subscribes to would be an event that nobody has handled. */
function settled(result: unknown): unknown {
  return isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result;
}
