import { tenantryError, type Problem } from '../core/errors.js';
import type { EventContract } from './event-contract.js';
import { schemaProblems } from './schema-problems.js';
import type { SchemaResult } from './standard-schema.js';

/** A contract as validation needs it. */
type Validating<Out> = Pick<EventContract<string, number, unknown, Out>, 'eventType' | 'schema'>;

/**
 * Validates what an application publishes.
 *
 * @returns the schema's output, which is what is written
 * @throws TenantryError `VALIDATION_FAILED`, `ASYNC_SCHEMA`
 */
export function validateData<Out>(contract: Validating<Out>, input: unknown): Out {
  return validate(contract, input, 'VALIDATION_FAILED');
}

/**
 * Validates what was decoded from a consumed record, with the same schema.
 *
 * @returns the schema's output, which is what the handler gets
 * @throws TenantryError `PAYLOAD_INVALID`, `ASYNC_SCHEMA`
 */
export function validatePayload<Out>(contract: Validating<Out>, decoded: unknown): Out {
  return validate(contract, decoded, 'PAYLOAD_INVALID');
}

/**
 * Validates what an upcast to this contract returned.
 *
 * @returns the schema's output
 * @throws TenantryError `UPCAST_FAILED`, `ASYNC_SCHEMA`
 */
export function validateUpcast<Out>(contract: Validating<Out>, upcast: unknown): Out {
  return validate(contract, upcast, 'UPCAST_FAILED');
}

type FailureCode = 'VALIDATION_FAILED' | 'PAYLOAD_INVALID' | 'UPCAST_FAILED';

function validate<Out>(contract: Validating<Out>, value: unknown, code: FailureCode): Out {
  let result: SchemaResult<Out> | PromiseLike<SchemaResult<Out>>;
  try {
    result = contract.schema['~standard'].validate(value);
  } catch {
    throw failure(contract, code, [{ path: '(root)', message: 'made the schema throw' }]);
  }
  if (isThenable(result)) throw refusePromise(contract, result);
  if (!result.issues) {
    // Where a library knows no asynchronous validation, an asynchronous transform is just a value.
    if (result.value instanceof Promise) throw refusePromise(contract, result.value);
    return result.value;
  }
  throw failure(contract, code, schemaProblems(contract.schema, result.issues));
}

function failure(contract: Validating<unknown>, code: FailureCode, problems: readonly Problem[]): Error {
  const list = problems.map(({ path, message }) => `${path} ${message}`).join('; ');
  const what = code === 'UPCAST_FAILED' ? `${contract.eventType}, as it was upcast` : contract.eventType;
  return tenantryError(code, `${what}: ${list}`, { problems });
}

function refusePromise(contract: Validating<unknown>, result: PromiseLike<unknown>): Error {
  // Nobody waits for it, and its rejection must not end the process.
  Promise.resolve(result).catch(() => undefined);
  return tenantryError(
    'ASYNC_SCHEMA',
    `${contract.eventType}: the schema answered with a promise; zod does so also where one of its checks throws`,
  );
}

function isThenable<T extends object>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return 'then' in value && typeof value.then === 'function';
}
