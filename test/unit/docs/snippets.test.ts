// Every `ts` block of README.md and docs/*.md compiles. Each is a module of its own; what it does not import
// or declare itself comes from the prelude below.
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { pages, readText, root, snippetsOf, type Snippet } from './pages.ts';

const PRELUDE = `
import type { z as Zod } from 'zod';
import type * as tenantry from 'tenantry';
import type * as testing from 'tenantry/testing';
declare global {
  type TenantDirectory = tenantry.TenantDirectory;
  type TenantProfile = tenantry.TenantProfile;
  const z: typeof Zod;
  const TenantKafka: typeof tenantry.TenantKafka;
  const defineEvent: typeof tenantry.defineEvent;
  const deadLetter: typeof tenantry.deadLetter;
  const retryAfter: typeof tenantry.retryAfter;
  const isTenantryError: typeof tenantry.isTenantryError;
  const envelopeEncryption: typeof tenantry.envelopeEncryption;
  const localKeyring: typeof tenantry.localKeyring;
  const EmbeddedKafka: typeof testing.EmbeddedKafka;
  const VirtualClock: typeof testing.VirtualClock;

  interface Order { orderId: string; total: number }
  interface Payment { orderId: string; method: string }
  const OrderPlaced: tenantry.EventContract<'orders.placed', 1, Order, Order, false>;
  const OrderPaid: tenantry.EventContract<'orders.paid', 1, Payment, Payment, false>;
  const OrderState: tenantry.EventContract<'orders.state', 1, Order, Order, true>;
  const order: Order;
  const orders: Order[];

  const kafka: tenantry.TenantKafka;
  const acme: tenantry.TenantScope;
  const worker: tenantry.Worker;
  const error: unknown;
  function sleep(ms: number): Promise<void>;
  function sendMail(event: tenantry.EventOf<typeof OrderPlaced>): Promise<void>;
  function handleOrderPaid(event: tenantry.EventOf<typeof OrderPaid>): void;
  function findOrder(orderId: string): Promise<{ locked: boolean } | undefined>;
}
`;

const snippets = pages.flatMap(snippetsOf);

it('has snippets to check', () => {
  expect(snippets.length).toBeGreaterThan(20);
});

// One that does not compile is among them, so that the check is known to check.
it('every snippet compiles', { timeout: 120_000 }, () => {
  const wrong = {
    page: 'docs/none.md',
    line: 7,
    code: "await acme.publish(OrderPlaced, { orderId: '42', totl: 9.5 });\n",
  };
  expect(problemsOf([...snippets, wrong])).toEqual([expect.stringMatching(/^docs\/none\.md:7: .*totl/s)]);
});

it('shows in the README what examples/quickstart does', () => {
  const withoutTitle = readText('examples/quickstart/main.ts').replace(/^\/\/.*\n/, '');
  expect(snippetsOf('README.md').map(({ code }) => code)).toContain(withoutTitle);
});

/** The problems that the compiler finds, each with its page and line. */
function problemsOf(checked: readonly Snippet[]): string[] {
  const folder = join(root, 'test/unit/docs');
  const prelude = join(folder, 'snippet-prelude.ts');
  const files = new Map([[prelude, PRELUDE]]);
  const snippetOf = new Map(checked.map((snippet, index) => [join(folder, `snippet-${index}.ts`), snippet]));
  for (const [file, { code }] of snippetOf) files.set(file, `${code}\nexport {};\n`);

  const { options } = ts.parseJsonConfigFileContent(
    { ...ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config, include: [] },
    ts.sys,
    root,
  );
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  const { getSourceFile } = host;
  host.getSourceFile = (name, languageVersion, ...rest) => {
    const text = files.get(name);
    return text === undefined
      ? getSourceFile(name, languageVersion, ...rest)
      : ts.createSourceFile(name, text, languageVersion);
  };
  host.getCurrentDirectory = () => dirname(prelude);

  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()].flatMap((file) => {
    const source = program.getSourceFile(file);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(({ start = 0, messageText }) => {
      const { page, line } = snippetOf.get(file) ?? { page: 'the prelude', line: 1 };
      const at = line + (source?.getLineAndCharacterOfPosition(start).line ?? 0);
      return `${page}:${at}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  });
}
