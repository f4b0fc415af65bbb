import type { Mutation } from './mutation.ts';

// What other languages rely on: docs/wire-format.md.

export const RECORD_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a record key that is read up to its last colon',
    file: 'record-key.ts',
    find: 'const colon = key.indexOf(COLON);',
    replace: 'const colon = key.lastIndexOf(COLON);',
    noticedBy: 'wire-format.test.ts',
  },
  {
    name: 'another name for the header of the tenant',
    file: 'header-names.ts',
    find: "tenantId: 'tenant-id',",
    replace: "tenantId: 'tenant',",
    noticedBy: 'wire-format.test.ts',
  },
];

export const ROUTING_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a partition by the absolute value of the hash',
    file: 'murmur2.ts',
    find: 'return (murmur2(key) & 0x7fffffff) % partitionCount;',
    replace: 'return Math.abs(murmur2(key)) % partitionCount;',
    noticedBy: 'murmur2.test.ts',
  },
];
