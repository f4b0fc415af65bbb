// A statement and keys for the tests of certificates.
import { generateKeyPairSync } from 'node:crypto';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import type { ErasureStatement } from '../../../src/erasure/statement.js';

export const issuer = generateKeyPairSync('ed25519');
export const stranger = generateKeyPairSync('ed25519');

export const PUBLIC_PEM = issuer.publicKey.export({ type: 'spki', format: 'pem' }) as string;

export function statement(changes: Partial<ErasureStatement> = {}): ErasureStatement {
  return {
    version: 1,
    state: 'scheduled',
    tenant: parseTenantId('acme'),
    requestedBy: 'Data protection office, request 4711',
    issuedAt: '2026-03-01T12:00:00.000Z',
    issuer: { library: 'tenantry', version: '0.1.0', clientId: 'ops' },
    keys: [
      {
        kekId: '0011223344556677',
        role: 'current',
        state: 'scheduled',
        keyUri: 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
        dueAt: '2026-03-31T12:00:00.000Z',
        answer: { KeyState: 'PendingDeletion', PendingWindowInDays: 30, MultiRegion: false },
      },
    ],
    keysNotAsked: [],
    contracts: [{ eventType: 'orders.placed.v1', topic: 'orders', protection: 'confidential' }],
    topics: [{ topic: 'orders', holds: 'events', endOffsets: [12, 0, 7] }],
    topicsNotFound: ['_quarantine.orders'],
    notErased: [{ what: 'record-keys' }, { what: 'unprotected-contracts', names: ['prices.set.v1'] }],
    ...changes,
  };
}
