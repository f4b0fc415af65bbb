/** Who can mend an error: the code that calls tenantry, whoever runs the platform, or nobody but time. */
export type ErrorActor = 'application' | 'operator' | 'time';

/** What is said of a code. */
export interface ErrorCodeEntry {
  /** Whether the same call may succeed later without anything being changed. */
  readonly retryable: boolean;
  readonly actor: ErrorActor;
  readonly meaning: string;
  readonly remedy: string;
}
