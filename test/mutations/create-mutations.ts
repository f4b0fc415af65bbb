import type { Mutation } from './mutation.ts';

export const CREATE_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a new service keeps a name of the template',
    file: 'create/rename.ts',
    find: "  ['Requested', ({ event }) => pascalCase(event)],\n",
    replace: '',
    noticedBy: 'create.test.ts',
  },
  {
    name: 'the names of the template are replaced one after the other',
    file: 'create/rename.ts',
    find: 'return text.replaceAll(ANY_FORM, (form) => NEW_FORMS.get(form)?.(names) ?? form);',
    replace: 'return FORMS.reduce((done, [form, of]) => done.replaceAll(form, of(names)), text);',
    noticedBy: 'create.test.ts',
  },
  {
    name: 'a new service is written over what is there',
    file: 'create/template-files.ts',
    find: '  assertEmpty(folder);\n',
    replace: '',
    noticedBy: 'create.test.ts',
  },
  {
    name: 'a new service depends on the version that the template names',
    file: 'create/template-files.ts',
    find: "text: path === 'package.json' ? withVersion(text) : text",
    replace: 'text',
    noticedBy: 'create.test.ts',
  },
  {
    name: 'a new service may have a second tenantId',
    file: 'create/service-names.ts',
    find: "new Set(['tenant', 'event'])",
    replace: "new Set(['event'])",
    noticedBy: 'create.test.ts',
  },
  {
    name: 'a new service may be named by a path',
    file: 'create/service-names.ts',
    find: 'const NAME = /^[a-z]',
    replace: 'const NAME = /[a-z]',
    noticedBy: 'create.test.ts',
  },
];
