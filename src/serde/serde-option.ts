import type { Clock } from '../core/clock.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { ValueSerde } from './value-serde.js';

/** What a serde may use of the client that it is made for. */
export interface SerdePorts {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

declare const serdeOptionBrand: unique symbol;

/** How a client writes the values of its records; an opaque value, made by `registrySerde` of `tenantry/registry`. */
export interface SerdeOption {
  readonly [serdeOptionBrand]: true;
}

const makers = new WeakMap<object, (ports: SerdePorts) => ValueSerde>();

/** An option out of which each client makes a serde of its own. */
export function serdeOption(make: (ports: SerdePorts) => ValueSerde): SerdeOption {
  const option = Object.freeze({}) as SerdeOption;
  makers.set(option, make);
  return option;
}

/** Whether a value was made by `serdeOption`. */
export function isSerdeOption(value: unknown): value is SerdeOption {
  return typeof value === 'object' && value !== null && makers.has(value);
}

/** The serde of one client; undefined for what `serdeOption` did not make. */
export function makeSerde(option: SerdeOption, ports: SerdePorts): ValueSerde | undefined {
  return makers.get(option)?.(ports);
}
