import { localKeyring } from 'tenantry';
import { contractOf } from './contract.js';

const KEK = Buffer.alloc(32, 1);
const OLD_KEK = Buffer.alloc(32, 2);

contractOf('the local keyring', {
  service: () => localKeyring({ keys: { acme: { current: KEK, previous: [OLD_KEK] }, globex: KEK } }),
  beforeRotation: () => localKeyring({ keys: { acme: OLD_KEK } }),
  tenants: ['acme', 'globex'],
  stranger: 'initech',
});
