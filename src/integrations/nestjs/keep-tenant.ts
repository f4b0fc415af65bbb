import { Observable, type MonoTypeOperatorFunction } from 'rxjs';
import { AmbientTenant } from '../../tenant/ambient-tenant.js';

const ambient = new AmbientTenant();

/**
 * What comes after it runs with the tenant that was ambient at the subscription. Needed behind what emits in somebody
 * else's context: a `Subject` that several tenants' code shares, `share` and its like, `asapScheduler` and
 * `animationFrameScheduler`, which do the work of all in the context of the first.
 */
export function keepTenant<T>(): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable((subscriber) => {
      const enter = ambient.capture();
      return source.subscribe({
        next: (value) => enter(() => subscriber.next(value)),
        error: (error: unknown) => enter(() => subscriber.error(error)),
        complete: () => enter(() => subscriber.complete()),
      });
    });
}
