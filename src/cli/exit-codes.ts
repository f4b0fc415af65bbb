/** What the process exits with. */
export const EXIT = { done: 0, failed: 1, usage: 2, unwritten: 3 } as const;

/** The exit codes, as every help tells them. */
export const EXIT_CODES = `Exit codes: 0 done; 1 failed, nothing was changed; 2 the command line is wrong;
3 done, but the result could not be printed.
`;
