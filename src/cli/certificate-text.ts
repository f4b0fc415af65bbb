import type { ErasureStatement } from '../erasure/statement.js';

type Key = ErasureStatement['keys'][number];
type Left = ErasureStatement['notErased'][number];

const STATES = {
  destroyed: 'destroyed: nobody can bring the keys back',
  scheduled: 'scheduled: a key service still waits, and until then somebody may cancel it',
} as const;

const HOLDS = { events: 'events', quarantine: 'quarantine', 'dead-letters': 'dead letters' } as const;

const LEFT: Readonly<Record<Left['what'], string>> = {
  'record-keys': 'record keys: tenant and aggregate ids',
  headers: 'headers, times and sizes of records',
  'unprotected-contracts': 'values of contracts that are not sealed',
  'partly-sealed-contracts': 'all but the sealed fields of contracts that seal fields',
  'contracts-not-given': 'whatever was published under contracts that were not given',
  'unsealed-copies': 'backups and mirrors of what was not sealed',
  'plaintext-elsewhere': 'plaintext that left Kafka: databases, logs, caches of applications',
  'key-copies': 'backups and exports of keys that were made outside of this library',
};

/** What a certificate says, for people. */
export function certificateText(statement: ErasureStatement, keyId: string): string {
  const { tenant, state, issuedAt, issuer, requestedBy, keys, keysNotAsked, topics, topicsNotFound } = statement;
  const lines = [
    `tenant        ${tenant}`,
    `state         ${STATES[state]}`,
    `issued        ${issuedAt} by ${shown(issuer.clientId)} (${issuer.library} ${issuer.version})`,
    `requested by  ${requestedBy}`,
    `verified with key ${keyId}`,
    ...(statement.earlier === undefined
      ? []
      : [`follows       the certificate of ${statement.earlier.issuedAt}, sha256 ${statement.earlier.sha256}`]),
    '',
    'keys',
    ...keys.flatMap(keyLines),
    ...keysNotAsked.map((id) => `  ${id}  entered as erased and not configured: nobody was asked`),
    '',
    'data, up to these end offsets by partition',
    ...topics.map(({ topic, holds, endOffsets }) => `  ${shown(topic)} (${HOLDS[holds]}): ${endOffsets.join(' ')}`),
    ...topicsNotFound.map((topic) => `  ${shown(topic)}: not there, or may not be described`),
    '',
    'not erased',
    ...statement.notErased.map(leftLine),
  ];
  return `${lines.join('\n')}\n`;
}

function keyLines({ kekId, role, state, keyUri, dueAt, answer }: Key): string[] {
  const fields = Object.entries(answer).map(([name, value]) => `${name}=${String(value)}`);
  return [
    `  ${kekId}  ${role}  ${state}${dueAt === undefined ? '' : ` (due ${dueAt})`}  ${keyUri}`,
    `    the service's answer: ${fields.length === 0 ? 'no fields' : fields.join(', ')}`,
  ];
}

function leftLine({ what, names }: Left): string {
  return `  - ${LEFT[what]}${names === undefined ? '' : `: ${names.map(shown).join(', ')}`}`;
}

/** A signed name may hold what steers a terminal all the same. */
function shown(name: string): string {
  return name.replaceAll(/[^\x20-\x7e]/g, '?');
}
