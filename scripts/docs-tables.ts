// `tsx scripts/docs-tables.ts`: writes the pages of docs/ that are tables in the code, and the help of commands.
// A unit test fails while a page is not what this would write.
import { writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { ERROR_CODES } from '../src/core/error-codes.js';
import { ATTRIBUTES } from '../src/telemetry/attributes.js';
import { METRICS, SPANS } from '../src/telemetry/catalog.js';
import { LOG_EVENTS } from '../src/telemetry/log-catalog.js';
import { commandPage } from './docs/command-page.ts';
import { troubleshootingPage } from './docs/troubleshooting/page.ts';

const docs = new URL('../docs/', import.meta.url);

const PAGES = {
  'errors.md': errorsPage,
  'telemetry.md': telemetryPage,
  'troubleshooting.md': troubleshootingPage,
  // Written by hand, but for what commands say of themselves.
  'command-line.md': commandPage,
} as const;

/** A page of docs/, by its file name. */
export type TablePage = keyof typeof PAGES;

/** All of them. */
export const TABLE_PAGES = Object.keys(PAGES) as readonly TablePage[];

/** What a page must hold. */
export async function renderPage(page: TablePage): Promise<string> {
  const path = pageFile(page);
  return format(PAGES[page](), { ...(await resolveConfig(path)), parser: 'markdown' });
}

/** Where a page is kept. */
export function pageFile(page: TablePage): string {
  return fileURLToPath(new URL(page, docs));
}

const ACTORS = {
  application: 'the application',
  operator: 'the operator',
  time: 'time',
} as const;

function errorsPage(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, { retryable, actor, meaning }]) => [
    `[\`${code}\`](troubleshooting.md#${code.toLowerCase()})`,
    retryable ? 'yes' : 'no',
    ACTORS[actor],
    meaning,
  ]);
  return `# Errors

Every error of this library is a \`TenantryError\` with one of these codes. Decide by the code, never by the message:

\`\`\`ts
if (isTenantryError(error, 'RATE_LIMITED')) await sleep(error.retryAfterMs);
\`\`\`

A code is never renamed and never used for another meaning. _Retryable_ means that the same call may succeed later
without any change. No message holds a payload, a key or a password. Each code leads to its entry in
[troubleshooting](troubleshooting.md), with likely causes and what to do.

${table(['Code', 'Retryable', 'Mended by', 'Meaning'], rows)}
`;
}

function telemetryPage(): string {
  const spans = Object.values(SPANS).map(({ name, kind, attributes, meaning }) => [
    `\`${name}\``,
    kind,
    meaning,
    list(attributes),
  ]);
  const metrics = Object.entries(METRICS).map(([name, { kind, unit, attributes, meaning }]) => [
    `\`${name}\``,
    kind,
    `\`${unit}\``,
    meaning,
    list(attributes),
  ]);
  const attributes = Object.entries(ATTRIBUTES).map(([name, meaning]) => [`\`${name}\``, meaning]);
  const events = Object.entries(LOG_EVENTS).map(([name, { level, message, fields, meaning }]) => [
    `\`${name}\``,
    level,
    message,
    list(fields),
    meaning,
  ]);
  return `# Telemetry

Spans and metrics go through the OpenTelemetry API to the SDK that the application registers, before or after it makes
a client; without one they cost next to nothing. Names follow OpenTelemetry's conventions for messaging, version 1.45,
which are still in development there. Nothing observed ever holds a payload, a record key, key material or the message
of a handler's error.

The trace goes on through the headers \`traceparent\` (55 bytes) and, where the application uses it, \`tracestate\` (at
most 512 bytes), written by the propagator that the application has set, and only while a span is recorded. Baggage is
never carried. The headers are not authenticated: whoever may write to a topic may claim any trace, so with producers
that are not trusted choose \`telemetry: { traceContext: 'link' }\`, which gives each handled event a trace of its own.

Spans and logs always name the tenant. Metrics name the tenants listed in \`telemetry: { metrics: { tenants } }\`, at
most 100, and count all others together as \`_other\`; \`_violation\` stands for records that lie about their tenant. So
every metric has a bounded number of series, however many tenants there are.

## Spans

${table(['Span', 'Kind', 'Meaning', 'Attributes'], spans)}

A failed span has the status error, without a description.

## Metrics

${table(['Metric', 'Kind', 'Unit', 'Meaning', 'Attributes'], metrics)}

## Attributes

${table(['Attribute', 'Meaning'], attributes)}

## Log events

The option \`logger\` takes anything that logs as pino does: fields first, message second. Each message is constant, and
the field \`event\` names the event.

${table(['Event', 'Level', 'Message', 'Fields', 'Meaning'], events)}
`;
}

function list(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const page of TABLE_PAGES) writeFileSync(pageFile(page), await renderPage(page));
}
