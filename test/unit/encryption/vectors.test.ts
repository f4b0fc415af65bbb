import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.js';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import { AssociatedData } from '../../../src/encryption/associated-data.js';
import { DataKey } from '../../../src/encryption/data-key.js';
import { createEnvelopeCipher } from '../../../src/encryption/envelope-cipher.js';
import { parseEnvelope, type Placement } from '../../../src/encryption/envelope-layout.js';
import { envelopeEncryption } from '../../../src/encryption/encryption-options.js';
import { deriveDekId, deriveRecordKey } from '../../../src/encryption/key-derivation.js';
import { localKeyring } from '../../../src/encryption/local-keyring.js';
import { localKekId, unwrapLocally, wrapLocally } from '../../../src/encryption/local-wrap.js';
import type { SealedIdentity } from '../../../src/encryption/record-cipher.js';
import { RecordSeal } from '../../../src/encryption/record-seal.js';
import { SealingSession } from '../../../src/encryption/sealing-session.js';
import { recordingTelemetry, vectors, type VectorRecord } from './fixtures.js';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const tenantId = parseTenantId(vectors.tenant);
const who: SealedIdentity = {
  tenantId,
  logicalTopic: vectors.logicalTopic,
  recordKey: Buffer.from(vectors.recordKey),
  eventType: vectors.eventType,
  eventId: vectors.eventId,
};
const PLACEMENTS: readonly Placement[] = ['value', 'detached', 'value', 'fields'];
const placement = ({ flags }: VectorRecord): Placement => PLACEMENTS[flags] ?? 'value';
const readable = ({ value }: VectorRecord): Buffer | null | undefined =>
  typeof value === 'string' ? Buffer.from(value) : value;

describe('the published vectors', () => {
  const dek = createSecretKey(hex(vectors.dek));
  const kekKey = createSecretKey(hex(vectors.localKek));
  const kek = { id: localKekId(kekKey), key: kekKey };

  it('derive the same ids and keys', () => {
    expect(kek.id.toString('hex')).toBe(vectors.kekId);
    expect(deriveDekId(dek, tenantId).toString('hex')).toBe(vectors.dekId);
    expect(deriveRecordKey(dek, hex(vectors.salt), tenantId).export().toString('hex')).toBe(vectors.sessionKey);
  });

  it('wrap and unwrap the data key', () => {
    const blob = wrapLocally(kek, tenantId, hex(vectors.dek), hex(vectors.wrapNonce));
    expect(Buffer.concat([kek.id, blob]).toString('hex')).toBe(vectors.wrapped);
    expect(unwrapLocally(kek, tenantId, blob)?.toString('hex')).toBe(vectors.dek);
  });

  it('are made again byte for byte, in the order of their sequence numbers', () => {
    const dataKey = DataKey.accept(tenantId, hex(vectors.dek), hex(vectors.wrapped));
    const session = new SealingSession(dataKey, hex(vectors.salt));
    const seal = new RecordSeal();
    for (const record of vectors.records) {
      const made = seal.seal(session, who, placement(record), hex(record.plaintext), vectors.timeMs, readable(record));
      expect(made.toString('hex'), record.name).toBe(record.envelope);
    }
  });

  it.each(vectors.records)('$name: the associated data is the same', (record) => {
    const envelope = parseEnvelope(hex(record.envelope), placement(record));
    const made = new AssociatedData().assemble(envelope.bytes, envelope.headBytes, who, readable(record));
    expect(made.toString('hex')).toBe(record.aad);
  });

  it.each(vectors.records)('$name: opens through the cipher and the keyring', async (record) => {
    const kms = localKeyring({ keys: { [vectors.tenant]: vectors.localKek } });
    const cipher = createEnvelopeCipher(envelopeEncryption({ kms }), { clock: systemClock, ...recordingTelemetry() });
    const value = readable(record);
    if (placement(record) === 'detached') {
      expect(await cipher.openDetached(who, value ?? null, hex(record.envelope))).toEqual({ timeMs: vectors.timeMs });
      return;
    }
    const opened = value
      ? await cipher.openFields(who, value, hex(record.envelope))
      : await cipher.openValue(who, hex(record.envelope));
    expect(opened.plaintext.toString('hex')).toBe(record.plaintext);
    expect(opened.timeMs).toBe(vectors.timeMs);
  });
});
