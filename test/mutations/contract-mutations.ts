import type { Mutation } from './mutation.ts';

export const CONTRACT_MUTATIONS: readonly Mutation[] = [
  {
    name: 'of several wrong fields of a definition only the first is told',
    file: 'define-event.ts',
    find: "problems.join('; ')",
    replace: 'problems[0]',
    noticedBy: 'define-event.test.ts',
  },
  {
    name: 'rows of fields that are left out are not told',
    file: 'bundle/field-rows.ts',
    find: 'return [...inOrder(top), FURTHER_FIELDS];',
    replace: 'return inOrder(top);',
    noticedBy: 'endless-schemas.test.ts',
  },
  {
    name: 'a part of a schema counts as proven while what it depends on is open',
    file: 'compatibility/compare-schemas.ts',
    find: 'const isOnItsOwn = this.#assumed >= depth;',
    replace: 'const isOnItsOwn = true;',
    noticedBy: 'endless-schemas.test.ts',
  },
  {
    name: 'a promise of data is taken for data',
    file: 'validate.ts',
    find: 'if (result.value instanceof Promise) throw refusePromise(contract, result.value);',
    replace: '',
    noticedBy: 'standard-schema.test.ts',
  },
  {
    name: 'fields that are named through a prototype',
    file: 'field-paths.ts',
    find: 'if (names.some((name) => REFUSED_NAME.test(name)))',
    replace: 'if (names.length === 0)',
    noticedBy: 'field-paths.test.ts',
  },
  {
    name: 'a flag of a pattern is dropped',
    file: 'json-schema/portable-pattern.ts',
    find: 'if (!/[imsvy]/.test(flags)) return source;',
    replace: 'if (flags !== "") return source;',
    noticedBy: 'json-schema/unsaid.test.ts',
  },
  {
    name: 'a sign beyond ASCII that a pattern takes is forgotten',
    file: 'json-schema/portable-pattern.ts',
    find: "if (isUnicode && ['k', 's', 'K', 'S'].some((letter) => low <= letter && letter <= high)) return undefined;",
    replace: '',
    noticedBy: 'json-schema/portable-pattern.test.ts',
  },
  {
    name: 'the options of a URL are not seen',
    file: 'json-schema/zod-options.ts',
    find: '...(protocol === undefined ? [] : [`protocol ${String(protocol)}`]),',
    replace: '',
    noticedBy: 'json-schema/unsaid.test.ts',
  },
  {
    name: 'the end of a pipe is not seen',
    file: 'json-schema/zod-options.ts',
    find: "if (type === 'pipe') schema = this.#pipe(part, schema, form);",
    replace: "if (type === 'pipe' && form === 'output') schema = this.#pipe(part, schema, form);",
    noticedBy: 'json-schema/unsaid.test.ts',
  },
  {
    name: 'rules that JSON Schema cannot say are passed over',
    file: 'compatibility/compare-keywords.ts',
    find: 'if (!unsaidRules(from).includes(rule))',
    replace: 'if (unsaidRules(from).length > 100)',
    noticedBy: 'json-schema/unsaid.test.ts',
  },
];
