// The titles of the tests that run, read from the tests' syntax: text in a comment or a string proves nothing.
import ts from 'typescript';

const TEST = new Set(['it', 'test', 'describe']);
const NOT_RUN = new Set(['skip', 'todo', 'fails']);

/** The titles of `it`, `test` and `describe`, with `each` and the like; those that are skipped are left out. */
export function testTitles(code: string): string[] {
  const titles: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const words = wordsOf(node.expression);
      if (TEST.has(words[0] ?? '')) {
        // Skipped with everything inside.
        if (words.some((word) => NOT_RUN.has(word))) return;
        const [title] = node.arguments;
        if (title !== undefined && ts.isStringLiteralLike(title)) titles.push(title.text);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('test.ts', code, ts.ScriptTarget.Latest, true));
  return titles;
}

/** `it.skipIf(x).each(rows)` is `it`, `skipIf`, `each`; anything else than such a chain is nothing. */
function wordsOf(callee: ts.Expression): string[] {
  if (ts.isIdentifier(callee)) return [callee.text];
  if (ts.isPropertyAccessExpression(callee)) return [...wordsOf(callee.expression), callee.name.text];
  if (ts.isCallExpression(callee)) return wordsOf(callee.expression);
  return [];
}
