// Puts one mutation into the source that a test run loads; no file is changed.
import type { Plugin } from 'vite';
import { mutated, MUTATIONS } from './mutation.ts';

export function mutationPlugin(name: string): Plugin {
  const mutation = MUTATIONS.find((one) => one.name === name);
  if (mutation === undefined) throw new Error(`there is no mutation "${name}"`);
  return {
    name: 'mutation',
    enforce: 'pre',
    transform(code, id) {
      return id.endsWith(`/${mutation.file}`) ? { code: mutated(mutation, code), map: null } : undefined;
    },
  };
}
