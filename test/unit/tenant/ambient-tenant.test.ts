import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deferred } from '../../../src/core/deferred.js';
import { isTenantryError } from '../../../src/core/errors.js';
import { parseTenantId, type TenantId } from '../../../src/core/tenant-id.js';
import { AmbientTenant, type Entry } from '../../../src/tenant/ambient-tenant.js';

const a = parseTenantId('a');
const b = parseTenantId('b');

/** Runs a handler and gives back what it came to. */
function runHandler<T>(ambient: AmbientTenant, tenantId: TenantId, handler: () => T | PromiseLike<T>): Promise<T> {
  return ambient.runHandler(
    tenantId,
    handler,
    (value) => value,
    (error) => {
      throw error as Error;
    },
  );
}

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return isTenantryError(error) ? error.code : 'untyped';
  }
}

describe('outside of any tenant', () => {
  it('there is none, and any may be acted for', () => {
    const ambient = new AmbientTenant();
    expect(ambient.current).toBeUndefined();
    expect(codeOf(() => ambient.require())).toBe('TENANT_CONTEXT_MISSING');
    ambient.assertMayActFor(a);
  });
});

describe('run', () => {
  it('makes the tenant ambient for the work and all that it awaits, and gives back its result', async () => {
    const ambient = new AmbientTenant();
    const result = ambient.run(a, async () => {
      expect(ambient.current).toBe('a');
      await setImmediate();
      await Promise.all(
        [1, 2].map(() =>
          setImmediate().then(() => {
            expect(ambient.require()).toBe('a');
          }),
        ),
      );
      return 7;
    });
    expect(ambient.current).toBeUndefined();
    await expect(result).resolves.toBe(7);
    expect(ambient.run(a, () => 8)).toBe(8);
  });

  it('lets what goes wrong through', () => {
    const ambient = new AmbientTenant();
    expect(() =>
      ambient.run(a, () => {
        throw new RangeError('mine');
      }),
    ).toThrow(RangeError);
    expect(ambient.current).toBeUndefined();
  });

  it('nests for the same tenant, and refuses another before anything runs', () => {
    const ambient = new AmbientTenant();
    ambient.run(a, () => {
      expect(ambient.run(a, () => ambient.current)).toBe('a');
      let ran = false;
      expect(
        codeOf(() => {
          ambient.run(b, () => (ran = true));
        }),
      ).toBe('TENANT_ISOLATION_VIOLATION');
      expect(ran).toBe(false);
      expect(ambient.current).toBe('a');
    });
  });

  it('refuses acting for another tenant, naming both', () => {
    const ambient = new AmbientTenant();
    ambient.run(a, () => {
      ambient.assertMayActFor(a);
      expect(() => {
        ambient.assertMayActFor(b);
      }).toThrow(/tenant a .*tenant b/);
    });
  });

  it('is one for all clients', () => {
    const [one, other] = [new AmbientTenant(), new AmbientTenant()];
    one.run(a, () => {
      expect(other.current).toBe('a');
      expect(() => other.run(b, () => undefined)).toThrow(/tenant a .*tenant b/);
      expect(other.withoutTenant(() => other.run(b, () => one.current))).toBe('b');
    });
  });
});

describe('threat 52: interleaved handlers', () => {
  it('the ambient tenant is never the other one', async () => {
    const ambient = new AmbientTenant();
    const gates = { a: deferred<undefined>(), b: deferred<undefined>() };
    const seen: string[] = [];
    const handler = (own: 'a' | 'b', other: 'a' | 'b') => async (): Promise<void> => {
      seen.push(`${own}:${ambient.require()}`);
      gates[other].resolve(undefined);
      await gates[own].promise;
      seen.push(`${own}:${ambient.require()}`);
      await setImmediate();
      seen.push(`${own}:${ambient.require()}`);
    };
    await Promise.all([runHandler(ambient, a, handler('a', 'b')), runHandler(ambient, b, handler('b', 'a'))]);
    expect(seen).toHaveLength(6);
    expect(seen.filter((line) => line !== 'a:a' && line !== 'b:b')).toEqual([]);
    expect(ambient.current).toBeUndefined();
  });

  it('however many tenants take turns in whatever order', async () => {
    const pause = [
      () => Promise.resolve(),
      () => setImmediate(),
      () =>
        new Promise<void>((resolve) => {
          process.nextTick(resolve);
        }),
      () =>
        new Promise<void>((resolve) => {
          queueMicrotask(resolve);
        }),
    ] as const;
    const plan = fc.array(
      fc.record({ tenant: fc.constantFrom('a', 'b', 'c', 'd'), pauses: fc.array(fc.nat(3), { maxLength: 6 }) }),
    );
    await fc.assert(
      fc.asyncProperty(plan, async (handlers) => {
        const ambient = new AmbientTenant();
        const work = handlers.map(({ tenant, pauses }) =>
          runHandler(ambient, parseTenantId(tenant), async () => {
            for (const kind of pauses) {
              await pause[kind]?.();
              if (ambient.require() !== tenant)
                throw new Error(`${String(ambient.current)} in the handler of ${tenant}`);
            }
          }),
        );
        await Promise.all(work);
      }),
      { numRuns: 30 },
    );
  });
});

describe('threat 58: what outlives its handler', () => {
  it.each<[string, () => unknown]>([
    ['returned', () => 1],
    ['returned after a while', () => setImmediate()],
    [
      'threw',
      () => {
        throw new Error('x');
      },
    ],
    ['rejected', () => Promise.reject(new Error('x'))],
  ])('is refused once the handler has %s', async (_, handler) => {
    const ambient = new AmbientTenant();
    const gate = deferred<undefined>();
    let later: Promise<unknown[]> | undefined;
    await runHandler(ambient, a, () => {
      later = gate.promise.then(() => [
        ambient.current,
        codeOf(() => ambient.require()),
        codeOf(() => {
          ambient.assertMayActFor(a);
        }),
        codeOf(() => {
          ambient.assertMayActFor(b);
        }),
        codeOf(() => {
          ambient.run(a, () => 1);
        }),
      ]);
      return handler();
    }).catch(() => undefined);
    gate.resolve(undefined);
    const expired = 'TENANT_CONTEXT_EXPIRED';
    expect(await later).toEqual([undefined, expired, expired, expired, expired]);
  });

  it('is refused also where the handler had opened its own scope for the same tenant', async () => {
    const ambient = new AmbientTenant();
    const gate = deferred<undefined>();
    let later: Promise<string | undefined> | undefined;
    await runHandler(ambient, a, () => {
      later = ambient.run(a, () =>
        gate.promise.then(() =>
          codeOf(() => {
            ambient.assertMayActFor(a);
          }),
        ),
      );
    });
    gate.resolve(undefined);
    expect(await later).toBe('TENANT_CONTEXT_EXPIRED');
  });

  it('a batch begun in one handler is never flushed as the other tenant', async () => {
    const ambient = new AmbientTenant();
    const batcher = new Batcher(() => ambient.require());
    let flushed: Promise<unknown> | undefined;
    await runHandler(ambient, a, () => {
      flushed = batcher.add();
    });
    await runHandler(ambient, b, async () => {
      batcher.flush();
      await flushed?.then(
        (tenant) => {
          expect(tenant).toBe('never');
        },
        (error: unknown) => {
          expect(isTenantryError(error, 'TENANT_CONTEXT_EXPIRED')).toBe(true);
        },
      );
      expect(ambient.require()).toBe('b');
    });
  });

  it('a scope opened outside of handlers does not expire', async () => {
    const ambient = new AmbientTenant();
    const gate = deferred<undefined>();
    const later = ambient.run(a, () => gate.promise.then(() => ambient.require()));
    gate.resolve(undefined);
    expect(await later).toBe('a');
  });
});

describe('runHandler', () => {
  it('goes on outside of the tenant, with its context dead', async () => {
    const ambient = new AmbientTenant();
    for (const fails of [false, true]) {
      let kept: (() => string | undefined) | undefined;
      const goOn = (): unknown => [ambient.current, kept?.()];
      const after = ambient.runHandler(
        a,
        () => {
          kept = AsyncResource.bind(() => codeOf(() => ambient.require()));
          expect(kept()).toBeUndefined();
          return fails ? Promise.reject(new Error('x')) : Promise.resolve();
        },
        goOn,
        goOn,
      );
      expect(await after).toEqual([undefined, 'TENANT_CONTEXT_EXPIRED']);
    }
  });

  it('gives back what the handler returned, and rejects where it threw at once', async () => {
    const ambient = new AmbientTenant();
    await expect(runHandler(ambient, a, () => 7)).resolves.toBe(7);
    await expect(
      runHandler(ambient, a, () => {
        throw new RangeError('x');
      }),
    ).rejects.toThrow(RangeError);
  });

  it('brings its own tenant, whoever else is ambient where it is called', async () => {
    const ambient = new AmbientTenant();
    await ambient.run(a, () =>
      runHandler(ambient, b, () => {
        expect(ambient.current).toBe('b');
      }),
    );
  });
});

describe('withoutTenant', () => {
  it('leaves the tenant for the work only', async () => {
    const ambient = new AmbientTenant();
    await runHandler(ambient, a, async () => {
      await ambient.withoutTenant(async () => {
        expect(ambient.current).toBeUndefined();
        ambient.assertMayActFor(b);
        await setImmediate();
        expect(ambient.run(b, () => ambient.current)).toBe('b');
      });
      expect(ambient.current).toBe('a');
    });
  });
});

describe('runInBackground', () => {
  it('has no tenant, wherever it is called, and in nothing that it starts', async () => {
    const ambient = new AmbientTenant();
    await runHandler(ambient, a, async () => {
      const started = ambient.runInBackground(async () => {
        expect(ambient.current).toBeUndefined();
        await setImmediate();
        return ambient.current;
      });
      expect(await started).toBeUndefined();
      expect(ambient.current).toBe('a');
    });
  });

  it('has the async context of the constructor, so that traces do not run on in it either', () => {
    const trace = new AsyncLocalStorage<string>();
    const ambient = trace.run('start', () => new AmbientTenant());
    expect(trace.run('request', () => ambient.runInBackground(() => trace.getStore()))).toBe('start');
    const outside = new AmbientTenant();
    expect(trace.run('request', () => outside.runInBackground(() => trace.getStore()))).toBeUndefined();
  });

  it('gives back results and lets errors through', () => {
    const ambient = new AmbientTenant();
    expect(ambient.runInBackground(() => 7)).toBe(7);
    expect(() =>
      ambient.runInBackground(() => {
        throw new RangeError('x');
      }),
    ).toThrow(RangeError);
  });
});

describe('an entry', () => {
  it('replaces what is ambient where it is called, and brings it back', () => {
    const ambient = new AmbientTenant();
    const [acme, none] = [ambient.entry(a), ambient.entry(undefined)];
    const seen = ambient.run(b, () => [
      acme(() => ambient.current),
      none(() => ambient.current),
      acme(() => none(() => ambient.current)),
      ambient.current,
    ]);
    expect(seen).toEqual([a, undefined, undefined, b]);
  });

  it('to what was ambient when it was captured dies with its handler', async () => {
    const ambient = new AmbientTenant();
    let captured: Entry = (work) => work();
    const during = await ambient.runHandler(
      a,
      () => {
        captured = ambient.capture();
        return ambient.withoutTenant(() => captured(() => ambient.current));
      },
      (value) => value,
      () => undefined,
    );
    expect(during).toBe(a);
    expect(() => ambient.run(b, () => captured(() => ambient.require()))).toThrow(
      expect.objectContaining({ code: 'TENANT_CONTEXT_EXPIRED' }),
    );
  });
});

/** As applications write them: one for all tenants, flushed by whoever comes along. */
class Batcher {
  readonly #emitter = new EventEmitter();
  readonly #read: () => string;

  constructor(read: () => string) {
    this.#read = read;
  }

  async add(): Promise<string> {
    await new Promise<void>((resolve) => this.#emitter.once('flush', resolve));
    return this.#read();
  }

  flush(): void {
    this.#emitter.emit('flush');
  }
}
