import type { ErrorCode } from '../../../src/core/error-codes.js';

/** What the guide says of a code beside what the table of codes does. */
export interface Trouble {
  /** Who meets it, and where. */
  readonly shows: string;
  readonly causes: readonly string[];
  /** What to do beside the remedy of the table. */
  readonly steps?: readonly string[];
  /** Why a retry helps or does not, where it is not for the usual reason. */
  readonly retry?: string;
}

/** Codes that are met in one place. */
export type TroublesOf<Code extends ErrorCode> = Readonly<Record<Code, Trouble>>;
