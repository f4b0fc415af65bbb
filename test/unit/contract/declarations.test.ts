import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const contractEntry = fileURLToPath(new URL('../../../src/contract/index.ts', import.meta.url));
const fixture = fileURLToPath(new URL('../../types/contract-package.test-d.ts', import.meta.url));

function emitDeclarations(): string {
  const program = ts.createProgram([fixture], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    declaration: true,
    emitDeclarationOnly: true,
    types: [],
    paths: { 'tenantry/contract': [contractEntry] },
  });
  let declarations = '';
  const { diagnostics } = program.emit(program.getSourceFile(fixture), (_, text) => (declarations += text));
  expect(diagnostics).toEqual([]);
  return declarations;
}

describe('the declarations of a contract package', () => {
  it('hold plain types and nothing of the schema library', { timeout: 60_000 }, () => {
    expect(readFileSync(fixture, 'utf8')).toContain("from 'zod'");
    const declarations = emitDeclarations();
    expect(declarations).not.toMatch(/zod|StandardSchema/i);
    expect(declarations.replaceAll(/\s+/g, ' ')).toContain(
      'EventContract<"orders.placed", 2, { orderId: string; ' +
        'lines: { sku: string; quantity?: number | undefined; }[]; note?: string | undefined; }, { orderId: string; ' +
        'lines: { sku: string; quantity: number; }[]; note?: string | undefined; }, true>',
    );
  });
});
