import { describe, expect, it } from 'vitest';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import { DataKeySource } from '../../../src/encryption/data-key-source.js';
import { KEY_SERVICE_TIMEOUT_MS } from '../../../src/encryption/key-service-calls.js';
import { openDirectory } from '../../../src/tenant/directory.js';
import { ErasureEntries } from '../../../src/tenant/erasure-entries.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { FaultyKeyService } from '../../support/faulty-key-service.js';
import { acme, codeOf, globex, recordingTelemetry } from './fixtures.js';

function harness(tenants: readonly string[] = ['acme', 'globex']) {
  const clock = new VirtualClock();
  const service = new FaultyKeyService(clock, tenants);
  const { logged, telemetry } = recordingTelemetry();
  const refused: string[] = [];
  const source = new DataKeySource({
    erasure: new ErasureEntries(openDirectory),
    service,
    clock,
    telemetry,
    random: () => 0,
    onKeyRefused: (tenantId) => void refused.push(tenantId),
  });
  const run = <T>(work: T | Promise<T>): Promise<T> => clock.advanceUntil(Promise.resolve(work));
  const codes = (calls: (() => unknown)[]): Promise<string[]> =>
    clock.advanceUntil(Promise.all(calls.map((call) => codeOf(call as () => Promise<unknown>))));
  const names = (): string[] => logged.map(({ event, tenant }) => `${event} ${String(tenant)}`);
  return { clock, service, source, logged, refused, run, codes, names };
}

describe('threat 31: a key service that hangs', () => {
  it('takes nobody’s time any more once a call has timed out, and answers for others meanwhile', async () => {
    const { clock, service, source, codes, names } = harness();
    service.mood = (tenantId) => (tenantId === acme ? 'hangs' : 'up');
    const first = codeOf(() => source.generate(acme));
    await clock.advance(KEY_SERVICE_TIMEOUT_MS - 1);
    await clock.advance(1);
    expect(await first).toBe('KEY_SERVICE_AWAY');
    expect(names()).toEqual(['keyServiceAway acme']);
    for (let second = 0; second < 60; second++) {
      // Known at once, without a call and without a wait.
      expect(await codeOf(() => source.generate(acme))).toBe('KEY_SERVICE_AWAY');
      await clock.advance(1_000);
    }
    expect(service.count(acme)).toBeLessThanOrEqual(7);
    expect(service.mostRunningOfOne).toBe(1);
    expect(await codes([() => source.generate(globex)])).toEqual(['no error']);
  });

  it('is found to be back by itself', async () => {
    const { clock, service, source, codes, names } = harness();
    service.mood = () => 'hangs';
    expect(await codes([() => source.generate(acme)])).toEqual(['KEY_SERVICE_AWAY']);
    const again = async (): Promise<string> => codeOf(() => source.generate(acme));
    await again();
    service.mood = () => 'up';
    await clock.advance(1_000 + 20);
    expect(names()).toEqual(['keyServiceAway acme', 'keyServiceBack acme']);
    expect(await codes([() => source.generate(acme)])).toEqual(['no error']);
    expect([service.running, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('is left alone when nobody asks any more', async () => {
    const { clock, service, source, codes } = harness();
    service.mood = () => 'hangs';
    await codes([() => source.generate(acme)]);
    await clock.advance(3_600_000);
    expect(service.count(acme)).toBeLessThanOrEqual(2);
    expect(clock.pendingTimers).toBe(0);
    service.mood = () => 'down';
    await codes([() => source.generate(acme)]);
    const calls = service.count(acme);
    expect(await codes([() => source.generate(acme)])).toEqual(['KEY_SERVICE_AWAY']);
    expect(service.count(acme)).toBe(calls);
  });

  it('leaves slots to the keys about which it does answer', async () => {
    const tenants = Array.from({ length: 400 }, (_, index) => parseTenantId(`t${index}`));
    const { clock, service, source } = harness(tenants);
    service.mood = (tenantId) => (Number(tenantId.slice(1)) < 200 ? 'hangs' : 'up');
    const hanging = tenants.slice(0, 200);
    const ask = (ids: typeof tenants): Promise<string>[] => ids.map((id) => codeOf(() => source.generate(id)));
    // All of them find out once; then only probes hang, and they have half of the slots.
    for (let round = 0; round < 40; round++) {
      void Promise.all(ask(hanging));
      await clock.advance(1_000);
    }
    const healthy = ask(tenants.slice(200));
    await clock.advance(500);
    expect(new Set(await Promise.all(healthy))).toEqual(new Set(['no error']));
    expect(service.mostRunning).toBeLessThanOrEqual(64);
  });
});

describe('a key service that is away', () => {
  it.each(['down', 'throttles'] as const)(
    'and says so (%s) is asked three times in a row, then by one call at a time',
    async (mood) => {
      const { clock, service, source, codes } = harness();
      service.mood = () => mood;
      for (let call = 0; call < 50; call++)
        expect(await codes([() => source.generate(acme)])).toEqual(['KEY_SERVICE_AWAY']);
      expect(service.count(acme)).toBe(3);
      await clock.advance(1_020);
      expect(service.count(acme)).toBe(4);
    },
  );

  it.each(['refuses', 'gone', 'refuses-data-key', 'nonsense'] as const)(
    'is not one that answers otherwise (%s)',
    async (mood) => {
      const { clock, service, source, codes, names } = harness();
      service.mood = () => 'up';
      const { wrapped } = await clock.advanceUntil(Promise.resolve(source.generate(acme)));
      service.mood = () => mood;
      for (let call = 0; call < 30; call++) {
        const forged = Buffer.from(wrapped);
        forged[20] = wrapped[20]! ^ (call + 1);
        expect(await codes([() => source.unwrap(acme, forged)])).not.toEqual(['KEY_SERVICE_AWAY']);
        await clock.advance(1_000);
      }
      service.mood = () => 'up';
      expect(names()).not.toContain('keyServiceAway acme');
      expect(await codes([() => source.unwrap(acme, wrapped)])).toEqual(['no error']);
    },
  );

  it('lets nobody wait in line once that is known', async () => {
    const { service, source, clock } = harness();
    service.mood = () => 'hangs';
    const { wrapped } = await clock.advanceUntil(
      (async () => {
        service.mood = () => 'up';
        return source.generate(acme);
      })(),
    );
    service.mood = () => 'hangs';
    const waiting = Array.from({ length: 15 }, (_, index) => {
      const other = Buffer.from(wrapped);
      other[30] = index;
      return codeOf(() => source.unwrap(acme, other));
    });
    await clock.advance(KEY_SERVICE_TIMEOUT_MS);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['KEY_SERVICE_AWAY']));
    expect(service.mostRunningOfOne).toBe(4);
  });
});

describe('a key that is refused', () => {
  it.each([
    ['refuses', 'KEY_REFUSED'],
    ['gone', 'KEY_GONE'],
  ] as const)('(%s) is asked about once a second at most, whoever needs it', async (mood, code) => {
    const { clock, service, source, codes, names, refused } = harness();
    service.mood = () => mood;
    for (let call = 0; call < 100; call++) {
      expect(await codes([() => source.generate(acme)])).toEqual([code]);
      await clock.advance(80);
    }
    expect(service.count(acme)).toBeLessThanOrEqual(10);
    expect(service.count(acme)).toBeGreaterThan(5);
    expect(names()).toEqual(['keyRefused acme']);
    expect(source.alarms()).toEqual([{ tenantId: acme, code }]);
    expect(refused.length).toBe(service.count(acme));
    service.mood = () => 'up';
    await clock.advance(1_000);
    expect(await codes([() => source.generate(acme)])).toEqual(['no error']);
    expect(source.alarms()).toEqual([]);
    expect(names()).toEqual(['keyRefused acme', 'keyServiceBack acme']);
  });

  it('is reported as long as somebody asks for it', async () => {
    const { clock, service, source, codes } = harness();
    service.mood = () => 'gone';
    await codes([() => source.generate(acme)]);
    await clock.advance(15 * 60_000);
    expect(source.alarms()).toEqual([]);
  });
});

describe('forged records with many wrapped keys', () => {
  it('have 20 of them unwrapped in a second; the rest may be tried again, and good ones come through', async () => {
    const { clock, service, source, codes } = harness();
    const good = await clock.advanceUntil(Promise.resolve(source.generate(acme)));
    const forged = Array.from({ length: 200 }, (_, index) => {
      const wrapped = Buffer.from(good.wrapped);
      wrapped.writeUInt32BE(index, 24);
      return () => source.unwrap(acme, wrapped);
    });
    const first = await codes(forged);
    expect(first.filter((code) => code === 'DATA_KEY_RATE_LIMITED')).toHaveLength(180);
    expect(service.count(acme, 'unwrap')).toBe(20);
    let opened = false;
    for (let second = 0; second < 12 && !opened; second++) {
      await clock.advance(1_000);
      const results = await codes([...forged, () => source.unwrap(acme, good.wrapped)]);
      opened = results.at(-1) === 'no error';
    }
    expect(opened).toBe(true);
    expect(await codes([() => source.unwrap(globex, good.wrapped)])).toEqual(['KEY_REFUSED']);
  });

  it('keep no known key from being confirmed', async () => {
    const { clock, source, codes } = harness();
    const good = await clock.advanceUntil(Promise.resolve(source.generate(acme)));
    await codes(
      Array.from({ length: 30 }, (_, index) => {
        const wrapped = Buffer.from(good.wrapped);
        wrapped.writeUInt32BE(index, 24);
        return () => source.unwrap(acme, wrapped);
      }),
    );
    expect(await codes([() => source.confirm(good)])).toEqual(['no error']);
  });
});

describe('a cold cache', () => {
  it('of 10,000 tenants, 20 ms from the key service, is filled by 64 calls at once', async () => {
    const tenants = Array.from({ length: 10_000 }, (_, index) => parseTenantId(`t${index}`));
    const { clock, service, source } = harness(tenants);
    const startMs = clock.monotonicMs();
    const made = await clock.advanceUntil(Promise.all(tenants.map((id) => codeOf(() => source.generate(id)))));
    expect(new Set(made)).toEqual(new Set(['no error']));
    expect(service.calls).toHaveLength(10_000);
    expect(service.mostRunning).toBe(64);
    // 10,000 / 64 rounds of 20 ms; one after the other they would take 200 s.
    expect(clock.monotonicMs() - startMs).toBeLessThanOrEqual(Math.ceil(10_000 / 64) * 20 + 20);
  });
});

describe('close', () => {
  it('ends calls that run, wait or would be made to find out whether the service is back', async () => {
    const { clock, service, source, codes } = harness();
    service.mood = (tenantId) => (tenantId === acme ? 'down' : 'hangs');
    for (let call = 0; call < 3; call++) await codes([() => source.generate(acme)]);
    const { wrapped } = await (async () => {
      service.mood = () => 'now';
      return source.generate(globex);
    })();
    service.mood = () => 'hangs';
    const waiting = Array.from({ length: 9 }, (_, index) => {
      const other = Buffer.from(wrapped);
      other[30] = index;
      return codeOf(() => source.unwrap(globex, other));
    });
    source.close();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['NOT_RUNNING']));
    const calls = service.calls.length;
    await clock.advance(60_000);
    expect(service.calls).toHaveLength(calls);
    expect([service.running, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('wipes a data key that comes after it, or after its call was given up', async () => {
    const { clock, service, source } = harness();
    const late: Buffer[] = [];
    const answer = (): Promise<Buffer> =>
      new Promise((resolve) => {
        clock.setTimer(KEY_SERVICE_TIMEOUT_MS + 1_000, () => {
          const dek = Buffer.alloc(32, 7);
          late.push(dek);
          resolve(dek);
        });
      });
    const good = await clock.advanceUntil(Promise.resolve(source.generate(acme)));
    service.unwrapDataKey = answer;
    const givenUp = codeOf(() => source.unwrap(acme, good.wrapped));
    await clock.advance(KEY_SERVICE_TIMEOUT_MS + 2_000);
    expect(await givenUp).toBe('KEY_SERVICE_AWAY');
    const closed = codeOf(() => source.unwrap(globex, Buffer.concat([service.kekIds(globex)[0]!, Buffer.alloc(60)])));
    source.close();
    expect(await closed).toBe('NOT_RUNNING');
    await clock.advance(KEY_SERVICE_TIMEOUT_MS + 2_000);
    // One of them had come of finding out whether the service is back.
    expect(late.length).toBeGreaterThanOrEqual(2);
    expect(late.every((dek) => dek.equals(Buffer.alloc(32)))).toBe(true);
  });
});
