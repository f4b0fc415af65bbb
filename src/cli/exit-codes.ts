/** What the process exits with. */
export const EXIT = { done: 0, failed: 1, usage: 2, unwritten: 3, partial: 4 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The exit codes, as every help tells them. */
export const EXIT_CODES = `Exit codes: 0 done; 1 failed, nothing was changed; 2 the command line, or a
setting, is wrong; 3 done, but the result could not be printed.
`;

/** What the help of a command tells beside them that goes on where it may not read one topic of several. */
export const PARTIAL_EXIT_CODE = `4 done in part: some of what was asked for could not be read, and is named.
`;
