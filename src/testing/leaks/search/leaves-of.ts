import { KeyObject } from 'node:crypto';

/** A text that a value holds, and where. */
export interface Leaf {
  /** JSON Pointer (RFC 6901) from the value; of a name, the pointer of what it names. */
  readonly path: string;
  readonly text: string;
  /** Whether it is the name of a property and not a value. */
  readonly isName: boolean;
}

/**
 * Everything that a logger or a debugger could show of a value: strings, names and numbers of all that can be reached,
 * also what is hidden; bytes in hex and as they are. Each object once.
 */
export function leavesOf(value: unknown): Leaf[] {
  const leaves: Leaf[] = [];
  const seen = new Set<object>();
  const add = (path: string, text: string, isName = false): void => {
    leaves.push({ path, text, isName });
  };
  const visit = (node: unknown, path: string): void => {
    if (typeof node === 'string') add(path, node);
    else if (typeof node === 'symbol') add(path, node.description ?? '');
    else if (typeof node === 'number' || typeof node === 'bigint') add(path, String(node));
    if ((typeof node !== 'object' && typeof node !== 'function') || node === null || seen.has(node)) return;
    seen.add(node);
    const bytes = bytesOf(node);
    if (bytes !== undefined) {
      add(path, bytes.toString('hex'));
      add(path, bytes.toString('latin1'));
      return;
    }
    if (node instanceof URL) add(path, node.href);
    for (const [name, each] of entriesOf(node)) {
      const inside = `${path}/${escaped(name)}`;
      if (typeof name === 'string') add(inside, name, true);
      else visit(name, inside);
      visit(each, inside);
    }
    for (const name of Reflect.ownKeys(node)) {
      // Behind the message it names places in files, and to look at it takes longer than all the rest.
      if (name === 'stack' && node instanceof Error) continue;
      const inside = `${path}/${escaped(name)}`;
      add(inside, typeof name === 'symbol' ? (name.description ?? '') : name, true);
      visit(Object.getOwnPropertyDescriptor(node, name)?.value, inside);
    }
  };
  visit(value, '');
  return leaves;
}

/** What collections hold that show it by no property. */
function entriesOf(node: object): Iterable<readonly [unknown, unknown]> {
  if (node instanceof Set) return [...node].map((each, at) => [String(at), each]);
  return node instanceof Map || node instanceof Headers || node instanceof URLSearchParams || node instanceof FormData
    ? node
    : [];
}

function bytesOf(node: object): Buffer | undefined {
  if (ArrayBuffer.isView(node)) return Buffer.from(node.buffer, node.byteOffset, node.byteLength);
  if (node instanceof ArrayBuffer) return Buffer.from(node);
  return node instanceof KeyObject && node.type === 'secret' ? node.export() : undefined;
}

function escaped(name: unknown): string {
  const text = typeof name === 'object' && name !== null ? 'object' : String(name);
  return text.replaceAll('~', '~0').replaceAll('/', '~1');
}
