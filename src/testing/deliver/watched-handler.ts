import type { DeliveredRecord, EventHandler } from '../../api/handler.js';
import { retryAfter, verdictOf } from '../../consumer/handling/handler-verdict.js';
import type { AnyEventContract } from '../../contract/event-contract.js';
import type { HandlerTry } from './delivery-result.js';

/**
 * A handler whose tries are written down, and whose pauses nobody waits for.
 *
 * @param triesOf - where to write down those of a record; undefined where the handler is not to see it
 */
export function watchedHandler<C extends AnyEventContract>(
  handler: EventHandler<C>,
  triesOf: (record: DeliveredRecord) => HandlerTry[] | undefined,
): EventHandler<C> {
  return async (event, context) => {
    const tries = triesOf(context.record);
    if (tries === undefined) return undefined;
    const index = tries.push({ error: undefined, settled: false, retryAfterMs: undefined }) - 1;
    const settle = (error: unknown): void => {
      const verdict = verdictOf(error);
      const retryAfterMs = verdict?.kind === 'retry' ? verdict.afterMs : undefined;
      tries[index] = { error, settled: true, retryAfterMs };
      if (retryAfterMs !== undefined) throw retryAfter(0);
    };
    let answer: unknown;
    try {
      answer = await handler(event, context);
    } catch (error) {
      settle(error);
      throw error;
    }
    // A verdict that is returned counts as thrown.
    settle(verdictOf(answer) === undefined ? undefined : answer);
    return answer;
  };
}
