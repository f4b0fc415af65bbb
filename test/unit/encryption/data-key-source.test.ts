import { AsyncLocalStorage } from 'node:async_hooks';
import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { openingFailure } from '../../../src/consumer/handling/failure.js';
import { tenantryError } from '../../../src/core/errors.js';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import { DataKeySource } from '../../../src/encryption/data-key-source.js';
import { KEY_SERVICE_TIMEOUT_MS } from '../../../src/encryption/key-service-calls.js';
import { KeyServiceFailure, type KeyService, type KeyServiceFailureKind } from '../../../src/encryption/key-service.js';
import { openDirectory } from '../../../src/tenant/directory.js';
import { ErasureEntries } from '../../../src/tenant/erasure-entries.js';
import { acme, codeOf, FakeKeyService, outcome, recordingTelemetry } from './fixtures.js';
import { ManualClock } from './manual-clock.js';

const KEK_ID = Buffer.from('12345678');
const WRAPPED = Buffer.concat([KEK_ID, Buffer.alloc(60, 9)]);

function source(service: Partial<KeyService>, erasedKeks: () => readonly string[] = () => []) {
  const clock = new ManualClock();
  const onKeyRefused = vi.fn();
  const complete: KeyService = {
    maxBlobBytes: 60,
    kekIds: () => [KEK_ID],
    generateDataKey: () => ({ plaintext: Buffer.alloc(32, 1), blob: Buffer.alloc(60) }),
    unwrapDataKey: () => Buffer.alloc(32, 1),
    ...service,
  };
  const { logged, telemetry } = recordingTelemetry();
  const erasure = new ErasureEntries(openDirectory, erasedKeks);
  const parts = { service: complete, clock, telemetry, random: () => 0, erasure, onKeyRefused };
  return { source: new DataKeySource(parts), clock, onKeyRefused, logged };
}

describe('the checks of what a key service answers', () => {
  it.each([0, 16, 31, 33, 64])('threat 28: a data key of %i bytes is refused, new or unwrapped', async (length) => {
    const bad = source({
      generateDataKey: () => ({ plaintext: Buffer.alloc(length), blob: Buffer.alloc(60) }),
      unwrapDataKey: () => Promise.resolve(Buffer.alloc(length)),
    });
    expect(await codeOf(() => bad.source.generate(acme))).toBe('DATA_KEY_INVALID');
    expect(await codeOf(() => bad.source.unwrap(acme, WRAPPED))).toBe('DATA_KEY_INVALID');
  });

  it.each([0, 1017, 5000])('a wrapped data key of %i bytes is refused', async (length) => {
    const bad = source({ generateDataKey: () => ({ plaintext: Buffer.alloc(32), blob: Buffer.alloc(length) }) });
    expect(await codeOf(() => bad.source.generate(acme))).toBe('DATA_KEY_INVALID');
  });

  it.each([undefined, null, 'text', {}, 7])('the answer %s is refused', async (answer) => {
    const bad = source({
      generateDataKey: () => answer as never,
      unwrapDataKey: () => Promise.resolve(answer as never),
    });
    expect(await codeOf(() => bad.source.generate(acme))).toBe('DATA_KEY_INVALID');
    expect(await codeOf(() => bad.source.unwrap(acme, WRAPPED))).toBe('DATA_KEY_INVALID');
  });

  it('the plain data key is wiped once it is taken over', async () => {
    const plaintext = Buffer.alloc(32, 1);
    await source({ unwrapDataKey: () => plaintext }).source.unwrap(acme, WRAPPED);
    expect(plaintext).toEqual(Buffer.alloc(32));
  });

  it('a data key that was unwrapped before is confirmed by the same key, and by no other', async () => {
    let answer = 1;
    const { source: made, onKeyRefused } = source({ unwrapDataKey: () => Buffer.alloc(32, answer) });
    const dataKey = await made.unwrap(acme, WRAPPED);
    expect(await codeOf(() => made.confirm(dataKey))).toBe('no error');
    answer = 2;
    expect(await codeOf(() => made.confirm(dataKey))).toBe('DATA_KEY_INVALID');
    expect(onKeyRefused).not.toHaveBeenCalled();
  });

  it('a key id that names no configured key costs no call', async () => {
    const unwrapDataKey = vi.fn();
    const bad = source({ unwrapDataKey });
    const result = await outcome(() => bad.source.unwrap(acme, Buffer.alloc(68)));
    expect(result).toMatchObject({ code: 'KEY_REFUSED', refused: 'data-key' });
    expect(unwrapDataKey).not.toHaveBeenCalled();
    expect(bad.onKeyRefused).not.toHaveBeenCalled();
  });

  it('a tenant without a key costs no call, and its data keys go', async () => {
    const bad = source({ kekIds: () => [] });
    expect(await codeOf(() => bad.source.generate(acme))).toBe('KEY_NOT_CONFIGURED');
    expect(await codeOf(() => bad.source.unwrap(acme, WRAPPED))).toBe('KEY_NOT_CONFIGURED');
    expect(bad.onKeyRefused).toHaveBeenCalledTimes(2);
  });

  it.each([[[]], [[KEK_ID.toString('hex')]]])(
    'threat 34, threat 37: where it is not told which keys there are, records wait, with the entries %j, and no text leaves',
    async (erasedKeks) => {
      const kekIds = (): never => {
        throw new TypeError('hunter2');
      };
      const bad = source({ kekIds }, () => erasedKeks);
      for (const work of [() => bad.source.generate(acme), () => bad.source.unwrap(acme, WRAPPED)]) {
        const result = await outcome(work);
        expect(result).toMatchObject({ code: 'KEY_SERVICE_AWAY', retryable: true });
        expect(openingFailure(result).kind).toBe('hold');
        expect(inspect(result, { showHidden: true })).not.toContain('hunter2');
      }
      expect(bad.onKeyRefused).not.toHaveBeenCalled();
    },
  );

  it('the key that the record names is asked, current or previous', async () => {
    const unwrapDataKey = vi.fn(() => Buffer.alloc(32, 1));
    const old = Buffer.from('old-kek!');
    const two = source({ kekIds: () => [KEK_ID, old], unwrapDataKey });
    await two.source.unwrap(acme, Buffer.concat([old, Buffer.alloc(60)]));
    expect(unwrapDataKey).toHaveBeenCalledWith(acme, old, Buffer.alloc(60), expect.any(AbortSignal));
  });
});

describe('a call that fails', () => {
  const failing = (failure: unknown, mode: 'throws' | 'rejects') =>
    source({
      unwrapDataKey: () => {
        if (mode === 'throws') throw failure;
        return Promise.reject(failure);
      },
    });

  describe.each(['throws', 'rejects'] as const)('%s', (mode) => {
    it.each([
      [new KeyServiceFailure('away', 'timeout'), 'KEY_SERVICE_AWAY', undefined],
      [new KeyServiceFailure('key-refused', 'AccessDeniedException'), 'KEY_REFUSED', 'key'],
      [new KeyServiceFailure('key-gone', 'NotFoundException'), 'KEY_GONE', undefined],
      [new KeyServiceFailure('key-being-destroyed', 'KeyPendingDeletion'), 'KEY_REFUSED', 'key'],
      [new KeyServiceFailure('data-key-refused', 'InvalidCiphertextException'), 'KEY_REFUSED', 'data-key'],
      [new TypeError('secret body'), 'KEY_SERVICE_AWAY', undefined],
      ['secret body', 'KEY_SERVICE_AWAY', undefined],
    ])('%s is classified', async (failure, code, refused) => {
      const bad = failing(failure, mode);
      const result = await outcome(() => bad.source.unwrap(acme, WRAPPED));
      expect(result).toMatchObject({ code });
      expect((result as { refused?: string }).refused).toBe(refused);
      expect(bad.onKeyRefused).toHaveBeenCalledTimes(refused === 'key' || code === 'KEY_GONE' ? 1 : 0);
      expect((result as Error).cause).toBeUndefined();
    });

    it('tells the code of a connection that is refused, and no text', async () => {
      const cause = Object.assign(new Error('connect hunter2'), { code: 'ECONNREFUSED' });
      const failure = new TypeError('fetch failed', { cause });
      const result = await outcome(() => failing(failure, mode).source.unwrap(acme, WRAPPED));
      expect((result as Error).message).toMatch(/: Error ECONNREFUSED$/);
    });

    it('threat 37: no text of the service leaves', async () => {
      for (const kind of ['away', 'key-refused', 'key-gone', 'key-being-destroyed', 'data-key-refused'] as const) {
        const result = await outcome(() =>
          failing(new KeyServiceFailure(kind, 'body: hunter2'), mode).source.unwrap(acme, WRAPPED),
        );
        expect(inspect(result, { showHidden: true, depth: 5 })).not.toContain('hunter2');
      }
      const result = await outcome(() => failing(new Error('body: hunter2'), mode).source.unwrap(acme, WRAPPED));
      expect(inspect(result, { showHidden: true, depth: 5 })).not.toContain('hunter2');
    });

    it('only a refused ciphertext is remembered, for ten minutes', async () => {
      const kinds = { away: 3, 'key-refused': 3, 'key-gone': 3, 'data-key-refused': 2 } as const;
      for (const [kind, calls] of Object.entries(kinds)) {
        const failure = new KeyServiceFailure(kind as keyof typeof kinds, 'why');
        const unwrapDataKey = vi.fn(() => {
          if (mode === 'throws') throw failure;
          return Promise.reject(failure);
        });
        const bad = source({ unwrapDataKey });
        await outcome(() => bad.source.unwrap(acme, WRAPPED));
        bad.clock.advance(9 * 60_000);
        await outcome(() => bad.source.unwrap(acme, WRAPPED));
        bad.clock.advance(60_000);
        await outcome(() => bad.source.unwrap(acme, WRAPPED));
        expect(unwrapDataKey, kind).toHaveBeenCalledTimes(calls);
      }
    });
  });

  it('threat 33: a refused ciphertext refuses no other, and no other tenant', async () => {
    const other = Buffer.from(WRAPPED);
    other[20] = 1;
    const bad = source({
      unwrapDataKey: (tenantId, _kekId, blob) => {
        if (tenantId === acme && blob.equals(WRAPPED.subarray(8))) throw new KeyServiceFailure('data-key-refused', 'x');
        return Buffer.alloc(32, 1);
      },
    });
    expect(await codeOf(() => bad.source.unwrap(acme, WRAPPED))).toBe('KEY_REFUSED');
    expect(await codeOf(() => bad.source.unwrap(acme, other))).toBe('no error');
    expect(await codeOf(() => bad.source.unwrap(parseTenantId('globex'), WRAPPED))).toBe('no error');
  });
});

describe('threat 34: a key that an entry of erasure names', () => {
  const entry = (): readonly string[] => [KEK_ID.toString('hex')];
  const failing = (kind: KeyServiceFailureKind, erasedKeks: () => readonly string[] = entry) => {
    const unwrapDataKey = vi.fn(() => {
      throw new KeyServiceFailure(kind, 'body: hunter2');
    });
    return { ...source({ unwrapDataKey }, erasedKeks), unwrapDataKey };
  };

  it.each([
    ['away', 'KEY_SERVICE_AWAY', 0],
    ['key-refused', 'KEY_REFUSED', 1],
    ['data-key-refused', 'KEY_REFUSED', 0],
    ['key-gone', 'TENANT_ERASED', 1],
    ['key-being-destroyed', 'TENANT_ERASED', 1],
  ] as const)('and of which the service says %s: %s', async (kind, code, drops) => {
    const made = failing(kind);
    const result = await outcome(() => made.source.unwrap(acme, WRAPPED));
    expect(result).toMatchObject({ code });
    expect(made.onKeyRefused).toHaveBeenCalledTimes(drops);
    // Threat 37, for every word of it.
    expect(inspect([result, made.logged], { showHidden: true, depth: 5 })).not.toContain('hunter2');
  });

  it.each([
    ['key-gone', 60_000],
    ['key-being-destroyed', 60_000],
    ['key-refused', 1_000],
  ] as const)('is asked about again, after %s, in %i ms', async (kind, ms) => {
    const { source: made, clock, unwrapDataKey } = failing(kind);
    await outcome(() => made.unwrap(acme, WRAPPED));
    clock.advance(ms - 1);
    await outcome(() => made.unwrap(acme, WRAPPED));
    expect(unwrapDataKey).toHaveBeenCalledTimes(1);
    clock.advance(1);
    await outcome(() => made.unwrap(acme, WRAPPED));
    expect(unwrapDataKey).toHaveBeenCalledTimes(2);
  });

  it('counts from the moment of the entry, and no longer than it stands', async () => {
    let erased: readonly string[] = [];
    const { source: made, clock, unwrapDataKey, logged } = failing('key-gone', () => erased);
    expect(await codeOf(() => made.unwrap(acme, WRAPPED))).toBe('KEY_GONE');
    expect(made.alarms()).toEqual([{ tenantId: acme, code: 'KEY_GONE' }]);
    erased = entry();
    expect(made.alarms()).toEqual([]);
    expect(await codeOf(() => made.unwrap(acme, WRAPPED))).toBe('TENANT_ERASED');
    expect(await codeOf(() => made.unwrap(acme, WRAPPED))).toBe('TENANT_ERASED');
    clock.advance(30_000);
    expect(await codeOf(() => made.unwrap(acme, WRAPPED))).toBe('TENANT_ERASED');
    expect(unwrapDataKey).toHaveBeenCalledTimes(1);
    erased = [];
    expect(await codeOf(() => made.unwrap(acme, WRAPPED))).toBe('KEY_GONE');
    expect(unwrapDataKey).toHaveBeenCalledTimes(2);
    expect(logged.map(({ event }) => event)).toEqual(['keyRefused', 'keyErased', 'keyRefused']);
  });

  it('costs no call where it is not configured any more, and its data keys go', async () => {
    const old = Buffer.from('old-kek!');
    const unwrapDataKey = vi.fn(() => Buffer.alloc(32, 1));
    for (const kekIds of [() => [KEK_ID], () => []]) {
      const { source: made, onKeyRefused, logged } = source({ kekIds, unwrapDataKey }, () => [old.toString('hex')]);
      const wrapped = Buffer.concat([old, Buffer.alloc(60)]);
      expect(await codeOf(() => made.unwrap(acme, wrapped))).toBe('TENANT_ERASED');
      expect(await codeOf(() => made.unwrap(acme, wrapped))).toBe('TENANT_ERASED');
      expect(onKeyRefused).toHaveBeenCalledWith(acme, old);
      expect(logged).toEqual([
        { event: 'keyErased', tenant: acme, kek: old.toString('hex'), reason: 'not-configured' },
      ]);
    }
    expect(unwrapDataKey).not.toHaveBeenCalled();
  });

  it('and that is not configured is neither erased nor foreign while nobody can tell of entries', async () => {
    const { source: made } = source({}, () => expect.fail('hunter2'));
    const result = await outcome(() => made.unwrap(acme, Buffer.alloc(68)));
    expect(result).toMatchObject({ code: 'UNKNOWN_TENANT' });
    expect(inspect(result, { showHidden: true, depth: 5 })).not.toContain('hunter2');
  });
});

describe('a call that does not end', () => {
  it('is given up after the time-out, also by a driver that does not listen', async () => {
    let signal: AbortSignal | undefined;
    const hanging = source({
      unwrapDataKey: (_tenant, _kekId, _blob, given) => {
        signal = given;
        return new Promise(() => {});
      },
    });
    const result = outcome(() => hanging.source.unwrap(acme, WRAPPED));
    hanging.clock.advance(KEY_SERVICE_TIMEOUT_MS - 1);
    expect(signal?.aborted).toBe(false);
    hanging.clock.advance(1);
    expect(await result).toMatchObject({ code: 'KEY_SERVICE_AWAY' });
    expect(signal?.aborted).toBe(true);
  });

  it('ends when the source is closed', async () => {
    const hanging = source({ generateDataKey: () => new Promise(() => {}) });
    const result = outcome(() => hanging.source.generate(acme));
    hanging.source.close();
    expect(await result).toMatchObject({ code: 'NOT_RUNNING' });
    expect(hanging.clock.pendingTimers).toBe(0);
  });

  it('gives its slot back whatever it fails with', async () => {
    const failing = source({
      generateDataKey: () => Promise.reject(tenantryError('KEY_NOT_CONFIGURED', 'the driver says so')),
    });
    for (let call = 0; call < 5; call++)
      expect(await codeOf(() => failing.source.generate(acme))).toBe('KEY_NOT_CONFIGURED');
  });

  it('leaves no timer behind when it ends', async () => {
    const good = source({
      generateDataKey: () => Promise.resolve({ plaintext: Buffer.alloc(32), blob: Buffer.alloc(60) }),
    });
    await good.source.generate(acme);
    expect(good.clock.pendingTimers).toBe(0);
  });
});

describe('the context of a call', () => {
  it('is never that of the tenant whose record came first', async () => {
    const ambient = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const service = new FakeKeyService();
    const { source: made } = source({
      kekIds: service.kekIds,
      generateDataKey: (...args) => {
        seen.push(ambient.getStore());
        return service.generateDataKey(...args);
      },
    });
    await ambient.run('acme', async () => made.generate(acme));
    expect(seen).toEqual([undefined]);
  });
});
