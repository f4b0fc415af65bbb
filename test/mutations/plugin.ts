// Puts one mutation into the source that a test run loads; no file is changed.
import type { Plugin } from 'vite';
import { MUTATIONS } from './mutations.ts';

export function mutationPlugin(name: string): Plugin {
  const mutation = MUTATIONS.find((one) => one.name === name);
  if (mutation === undefined) throw new Error(`there is no mutation "${name}"`);
  return {
    name: 'mutation',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith(`/src/consumer/${mutation.file}`)) return undefined;
      if (code.split(mutation.find).length !== 2) throw new Error(`"${name}": its text does not stand there once`);
      return { code: code.replace(mutation.find, () => mutation.replace), map: null };
    },
  };
}
