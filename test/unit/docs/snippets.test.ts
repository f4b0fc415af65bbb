// Every `ts` block of README.md and docs/*.md compiles. Each is a module of its own; what it does not import
// or declare itself comes from the prelude below.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
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
  const memoryDedupe: typeof tenantry.memoryDedupe;
  const EmbeddedKafka: typeof testing.EmbeddedKafka;
  const VirtualClock: typeof testing.VirtualClock;

  interface Order { orderId: string; total: number }
  interface Payment { orderId: string; method: string }
  const OrderPlaced: tenantry.EventContract<'orders.placed', 1, Order, Order, false>;
  const OrderPaid: tenantry.EventContract<'orders.paid', 1, Payment, Payment, false>;
  const OrderState: tenantry.EventContract<'orders.state', 1, Order, Order, true>;
  const order: Order;
  const orders: Order[];

  const brokers: string[];
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
    runs: false,
  };
  expect(problemsOf([...snippets, wrong])).toEqual([expect.stringMatching(/^docs\/none\.md:7: .*totl/s)]);
});

it('shows in the README what examples/quickstart does', () => {
  const withoutTitle = readText('examples/quickstart/main.ts').replace(/^\/\/.*\n/, '');
  expect(snippetsOf('README.md').map(({ code }) => code)).toContain(withoutTitle);
});

/** The problems that the compiler finds, each with its page and line. */
function problemsOf(checked: readonly Snippet[]): string[] {
  mkdirSync(join(root, 'coverage'), { recursive: true });
  const folder = mkdtempSync(join(root, 'coverage/snippets-'));
  try {
    writeFileSync(join(folder, 'prelude.ts'), PRELUDE);
    for (const [index, { code }] of checked.entries()) {
      writeFileSync(join(folder, `${index}.ts`), `${code}\nexport {};\n`);
    }
    writeFileSync(join(folder, 'tsconfig.json'), '{ "extends": "../../tsconfig.json", "include": ["*.ts"] }');
    const compiler = join(root, 'node_modules/typescript-native/bin/tsc');
    const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, '--pretty', 'false', '-p', folder], {
      encoding: 'utf8',
    });
    const problems = [...stdout.matchAll(/^(?<file>\S+)\((?<line>\d+),\d+\): (?<text>.*(?:\n +.*)*)/gm)].map(
      (found) => {
        const { file = '', line, text } = found.groups ?? {};
        const { page, line: first } = checked[Number(basename(file, '.ts'))] ?? { page: file, line: 1 };
        return `${page}:${first + Number(line) - 1}: ${text}`;
      },
    );
    // Whatever it was, a compiler that fails has said why.
    return status === 0 || problems.length > 0 ? problems : [`tsc ended with ${status}: ${stdout}${stderr}`];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
