import { describe, expect, it } from 'vitest';
import { compileOptions, type ClientOptions } from '../../../src/client/client-options.js';
import type { Problem } from '../../../src/core/errors.js';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import { envelopeEncryption } from '../../../src/encryption/encryption-options.js';
import { localKeyring } from '../../../src/encryption/local-keyring.js';
import { jsonSerde } from '../../../src/serde/json-serde.js';
import { serdeOption } from '../../../src/serde/serde-option.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const GOOD = { clientId: 'shop', brokers: ['localhost:9092'] };
const acme = parseTenantId('acme');

function problemsOf(options: unknown): readonly Problem[] {
  try {
    compileOptions(options as ClientOptions);
    return [];
  } catch (error) {
    expect(error).toMatchObject({ code: 'INVALID_OPTIONS' });
    return (error as { problems: readonly Problem[] }).problems;
  }
}

const paths = (options: unknown): string[] => problemsOf(options).map(({ path }) => path);

describe('the options of a client', () => {
  it('have their defaults', () => {
    const compiled = compileOptions(GOOD);
    expect(compiled).toMatchObject({
      maxRecordBytes: 1_000_000,
      deliveryTimeoutMs: 120_000,
      maxInFlight: 5_000,
      maxInFlightBytes: 64 * 1024 * 1024,
      rateLimit: { onLimit: 'wait', maxWaitMs: 30_000, maxWaiting: 10_000 },
    });
    expect(compiled.encryption).toBeUndefined();
    expect(Object.isFrozen(compiled)).toBe(true);
    expect(compiled.directory.get(acme)).toBeDefined();
  });

  it('list every field that is wrong, not the first', () => {
    const wrong = {
      clientId: '',
      brokers: ['localhost'],
      maxInFlight: 0,
      maxInFlightBytes: 'many',
      rateLimit: { onLimit: 'drop', default: { eventsPerSecond: -1 } },
      telemetry: { traceContext: 'none' },
      logger: {},
      clock: {},
      encryption: { key: 'x' },
      connection: { sasl: { mechanism: 'plain', username: '' } },
      groupProtocol: 'new',
      clientid: 'shop',
    };
    expect(new Set(paths(wrong))).toEqual(
      new Set([
        'clientId',
        'brokers.0',
        'maxInFlight',
        'maxInFlightBytes',
        'rateLimit.onLimit',
        'rateLimit.default.eventsPerSecond',
        'telemetry.traceContext',
        'logger',
        'clock',
        'encryption',
        'connection.sasl.username',
        'connection.sasl.password',
        'groupProtocol',
        'clientid',
      ]),
    );
  });

  it.each([undefined, null, 5, 'localhost:9092', []])('that are %j are refused', (options) => {
    expect(paths(options)).not.toEqual([]);
  });

  it('refuse what is not an option, at any depth', () => {
    expect(paths({ ...GOOD, tenant: {} })).toEqual(['tenant']);
    expect(paths({ ...GOOD, rateLimit: { perSecond: 5 } })).toEqual(['rateLimit.perSecond']);
    expect(paths({ ...GOOD, connection: { tls: true } })).toEqual(['connection.tls']);
    expect(paths({ ...GOOD, tenants: { acme: { limit: 5 } } })).toEqual(['tenants.acme.limit']);
  });

  it('never repeat a secret', () => {
    const secret = 'hunter2-hunter2-hunter2-hunter2-hunter2-hunter2';
    const wrongs = [
      { ...GOOD, connection: { sasl: { mechanism: 'plain', username: 5, password: secret } } },
      { ...GOOD, connection: { sasl: { mechanism: secret, username: 'u', password: secret } } },
      { ...GOOD, connection: { sasl: { mechanism: 'plain', username: 'u', password: [secret] } } },
      { ...GOOD, connection: { ssl: { key: secret, cert: secret, passphrase: 5 } } },
      { ...GOOD, connection: secret },
      { ...GOOD, encryption: { kms: { keys: { acme: secret } } } },
      { ...GOOD, librdkafka: { global: { 'sasl.password': secret } } },
      { ...GOOD, brokers: [`user:${secret}@host:9092/x`] },
      { ...GOOD, [secret]: 1 },
    ];
    for (const wrong of wrongs) {
      const caught = (() => {
        try {
          compileOptions(wrong as unknown as ClientOptions);
          return undefined;
        } catch (error) {
          return error as Error;
        }
      })();
      expect(caught, JSON.stringify(wrong)).toMatchObject({ code: 'INVALID_OPTIONS' });
      expect(`${String(caught)} ${JSON.stringify(caught)} ${String(caught?.stack)}`).not.toContain('hunter2');
      expect(caught?.cause).toBeUndefined();
    }
  });

  it('take a serde as it is made, and nothing like it', () => {
    const serde = serdeOption(() => jsonSerde);
    expect(compileOptions({ ...GOOD, serde }).serde).toBe(serde);
    expect(paths({ ...GOOD, serde: { ...serde } })).toEqual(['serde']);
    expect(paths({ ...GOOD, serde: jsonSerde as never })).toEqual(['serde']);
  });

  it('take encryption as it is made, and nothing like it', () => {
    const encryption = envelopeEncryption({ kms: localKeyring({ keys: { acme: Buffer.alloc(32, 1) } }) });
    expect(compileOptions({ ...GOOD, encryption }).encryption).toBe(encryption);
    expect(paths({ ...GOOD, encryption: { ...encryption } })).toEqual(['encryption']);
  });

  it('take a clock', () => {
    const clock = new VirtualClock();
    expect(compileOptions({ ...GOOD, clock }).clock).toBe(clock);
  });
});

describe('tenants', () => {
  it('left out: every well-formed id is one', () => {
    expect(compileOptions(GOOD).directory.get(acme)).toEqual({});
  });

  it('as profiles: only these are', () => {
    const { directory } = compileOptions({
      ...GOOD,
      tenants: { acme: { weight: 2, rateLimit: { eventsPerSecond: 5 } } },
    });
    expect(directory.get(acme)).toEqual({ weight: 2, rateLimit: { eventsPerSecond: 5 } });
    expect(directory.get(parseTenantId('globex'))).toBeUndefined();
  });

  it('threat 23: named as an object’s own things are ordinary', () => {
    const named = ['constructor', 'hasOwnProperty', 'toString', 'get'];
    const { directory } = compileOptions({ ...GOOD, tenants: Object.fromEntries(named.map((id) => [id, {}])) });
    for (const id of named) expect(directory.get(parseTenantId(id)), id).toEqual({});
    expect(directory.get(parseTenantId('valueOf'))).toBeUndefined();
    expect(compileOptions({ ...GOOD, tenants: {} }).directory.get(parseTenantId('constructor'))).toBeUndefined();
  });

  it('as a directory are asked there', () => {
    const { directory } = compileOptions({
      ...GOOD,
      tenants: { get: (id) => (id === acme ? { weight: 3 } : undefined) },
    });
    expect([directory.get(acme), directory.get(parseTenantId('globex'))]).toEqual([{ weight: 3 }, undefined]);
  });

  it('that are wrong are all listed', () => {
    const tenants = { 'a.b': {}, acme: { weight: -1 }, globex: { rateLimit: { bytesPerSecond: 'x' } }, _x: {} };
    const erased = { acme: { erasedKeks: ['0123456789ABCDEF'] }, globex: { erasedKeks: '0123456789abcdef' } };
    const listed = paths({ ...GOOD, tenants });
    expect(listed).toHaveLength(4);
    expect(listed).toContain('tenants.acme.weight');
    expect(listed).toContain('tenants.globex.rateLimit.bytesPerSecond');
    expect(paths({ ...GOOD, tenants: erased })).toEqual(['tenants.acme.erasedKeks.0', 'tenants.globex.erasedKeks']);
  });

  it.each([5, 'acme', ['acme'], null])('that are %j are refused', (tenants) => {
    expect(paths({ ...GOOD, tenants })).not.toEqual([]);
  });
});
