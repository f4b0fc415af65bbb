// The layout leaves room for no other tag, so a call that pins nothing would behave the same until the layout changes.
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, expect, it, vi } from 'vitest';
import { bench, identity } from './fixtures.js';

const PINNED = ['aes-256-gcm', expect.anything(), expect.anything(), { authTagLength: 16 }];

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

it('threat 10: every tag is pinned to 16 bytes, of records and of keys that are wrapped in this process', () => {
  const calls = [vi.spyOn(crypto, 'createCipheriv'), vi.spyOn(crypto, 'createDecipheriv')];
  syncBuiltinESMExports();
  const { cipher } = bench();
  const envelope = cipher.sealValue(identity(), Buffer.from('{}'), 1) as Buffer;
  void cipher.openValue(identity(), envelope);
  // Of the wrapped data key, and of the record.
  for (const { mock } of calls) expect(mock.calls).toEqual([PINNED, PINNED]);
});
