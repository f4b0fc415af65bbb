import type { ConsumerExpectation } from '../../contract/expectation/expectation.js';
import type { DroppedFixture } from '../fixtures/fixtures.js';

/** Something that a consumer and the contracts do not agree about. */
export interface ConsumerProblem {
  /** Type and version, such as `orders.placed.v1`. */
  readonly eventType: string;
  /**
   * - `needs`: what the consumer reads is more than what is promised
   * - `handles`: what may be written was not handled
   * - `rejects`: what no contract allows got to a handler, or was not dead-lettered
   * - `publishes`: what the handlers published is not what their own bundle says
   */
  readonly check: 'needs' | 'handles' | 'rejects' | 'publishes';
  /** The place in the data, or the fixture. */
  readonly place: string;
  readonly reason: string;
  /** Whether nobody can tell, so that a person has to look. */
  readonly isUndecided: boolean;
  /** What the handler threw. */
  readonly error: unknown;
}

/** What was delivered of one contract. */
export interface VerifiedContract {
  readonly eventType: string;
  /** Events that may be written, and were handled. */
  readonly handled: number;
  /** Events that no contract allows, and that were dead-lettered without a handler seeing them. */
  readonly rejected: number;
  readonly dropped: readonly DroppedFixture[];
}

/** What `verifyConsumer` found. */
export interface ConsumerVerification {
  /** None where the consumer goes with the contracts. */
  readonly problems: readonly ConsumerProblem[];
  /** One line each, to be compared with `[]` by a test. */
  readonly texts: readonly string[];
  readonly contracts: readonly VerifiedContract[];
  /** Events that the handlers published, by event type. */
  readonly published: Readonly<Record<string, number>>;
  /** What the consumer expects, to be recorded. */
  readonly expectation: ConsumerExpectation;
}
