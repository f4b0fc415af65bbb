import { createSecretKey, randomBytes } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import type { DataKey } from '../../../src/encryption/data-key.js';
import { parseEnvelope, type Envelope } from '../../../src/encryption/envelope-layout.js';
import { OpeningKey } from '../../../src/encryption/opening-key.js';
import { bench, identity } from './fixtures.js';

const withSalt = (envelope: Buffer, salt: Buffer): Envelope => {
  const copy = Buffer.from(envelope);
  copy.set(salt, 37);
  return parseEnvelope(copy, 'value');
};

it('keeps the record keys in use, however many forged salts come in between', () => {
  const envelope = bench().cipher.sealValue(identity(), Buffer.from('{}'), 1) as Buffer;
  const recordKey = vi.fn(() => createSecretKey(randomBytes(32)));
  const key = new OpeningKey({ recordKey } as unknown as DataKey);
  const salts = Array.from({ length: 16 }, () => randomBytes(16));
  for (const salt of salts) key.open(withSalt(envelope, salt), () => 'opened');
  for (let forged = 0; forged < 100; forged++) {
    const open = (): unknown =>
      key.open(withSalt(envelope, randomBytes(16)), () => {
        throw new Error('it does not authenticate');
      });
    expect(open).toThrow('it does not authenticate');
  }
  recordKey.mockClear();
  for (const salt of salts) key.open(withSalt(envelope, salt), () => 'opened');
  expect(recordKey).not.toHaveBeenCalled();
});
