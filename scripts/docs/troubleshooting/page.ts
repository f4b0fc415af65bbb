// docs/troubleshooting.md: an entry for each error code, from the table of codes and from what stands beside this file.
import { ERROR_CODES, type ErrorCode } from '../../../src/core/error-codes.js';
import { HANDLING_TROUBLES } from './handling.ts';
import { KEY_TROUBLES } from './keys.ts';
import { PUBLISHING_TROUBLES } from './publishing.ts';
import { SETUP_TROUBLES } from './setup.ts';
import type { Trouble } from './trouble.ts';

// A code without an entry does not compile here, nor does one that is not in the table.
const TROUBLES: Readonly<Record<ErrorCode, Trouble>> = {
  ...SETUP_TROUBLES,
  ...PUBLISHING_TROUBLES,
  ...KEY_TROUBLES,
  ...HANDLING_TROUBLES,
};

const SECTIONS: readonly (readonly [title: string, codes: readonly string[]])[] = [
  ['Setting up, starting, stopping', Object.keys(SETUP_TROUBLES)],
  ['Tenants, publishing, brokers', Object.keys(PUBLISHING_TROUBLES)],
  ['Keys, seals, erasure', Object.keys(KEY_TROUBLES)],
  ['Records and handlers', Object.keys(HANDLING_TROUBLES)],
];

const INTRODUCTION = `# Troubleshooting

Look for what you see, then for the code. \`error.code\` has it, the log in its field \`code\`, a copy of a record in
the header \`dlq-code\`. [Errors](errors.md) has all codes in one table.

## What you see

| what you see | look at |
| --- | --- |
| The process does not end | \`kafka.stop()\` and, in tests, \`broker.stop()\` were not called; [stopping](operating.md#stopping-while-no-broker-can-be-reached) |
| Nothing is handled, and nothing fails | \`worker.health()\`; \`worker.counts()\`: with \`skipped\` nobody handles the type, with \`foreign\` it is a tenant consumer of another tenant, with \`quarantined\` see the code. A group begins at its committed offset, a new one where \`startFrom\` says |
| Nothing is told when a handler fails | give the client a \`logger\`; \`handler failed\` has the name and code of what was thrown |
| One tenant stands still, the others go on | \`worker.lag()\` says whether it is paused or parked; the log event \`record held\` has the code: often [KEY_SERVICE_AWAY](#key_service_away) or [KEY_GONE](#key_gone) |
| Everything of one tenant goes to quarantine | [UNKNOWN_TENANT](#unknown_tenant), [KEY_NOT_CONFIGURED](#key_not_configured): the consumer was not told of the tenant |
| Everything of one producer goes to quarantine | [RECORD_KEY_INVALID](#record_key_invalid), [RECORD_HEADER_INVALID](#record_header_invalid), [SEAL_MISSING](#seal_missing) |
| Events come twice | at least once is what is promised: [handling once](consuming.md#handling-once) |
| Kafka's tools show lag, and all is handled | one old event holds the watermark: [what group lag means](operating.md#what-group-lag-means) |
| An unhandled rejection ends the process | [TENANT_CONTEXT_EXPIRED](#tenant_context_expired), or a \`publish\` that nobody awaits |
| A test hangs in \`caughtUp\` | a tenant is paused or held, or the handler waits for it: pass a \`signal\`. With \`groupProtocol: 'classic'\` the broker in the process takes its time |
| Tests crash without a word | the native client in a worker thread: [WORKER_THREAD](#worker_thread) |
`;

/** What the page must hold, before it is formatted. */
export function troubleshootingPage(): string {
  const sections = SECTIONS.map(([title, codes]) => `## ${title}\n\n${codes.map(entryOf).join('\n\n')}`);
  return `${INTRODUCTION}\n${sections.join('\n\n')}\n`;
}

function entryOf(code: string): string {
  const { meaning, remedy, retryable } = ERROR_CODES[code as ErrorCode];
  const { shows, causes, steps = [], retry } = TROUBLES[code as ErrorCode];
  const why = retry ?? (retryable ? 'the same call may succeed later.' : 'not before something is changed.');
  return `### ${code}

${meaning}

- **Where it shows.** ${shows.replace(/^./, (first) => first.toUpperCase())}
- **Likely causes.**
${causes.map((cause) => `  - ${cause}`).join('\n')}
- **What to do.** ${[remedy, ...steps].join(' ')}
- **Does a retry help?** ${retryable ? 'Yes' : 'No'}: ${why}`;
}
