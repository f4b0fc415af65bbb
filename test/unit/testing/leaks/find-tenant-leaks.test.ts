import fs from 'node:fs';
import http from 'node:http';
import { trace } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-base';
import { describe, expect, it, vi } from 'vitest';
import {
  assertNoTenantLeaks,
  findTenantLeaks,
  formatLeakReport,
  leakInput,
  type TenantLeakOptions,
  type TenantLeakReport,
} from '../../../../src/testing/index.js';
import { registeredProvider, registerTracing, unregisterAll } from '../../telemetry/otel-sdk.js';
import { CORRECT } from './services/correct.js';
import { echoServer } from './services/echo-server.js';
import { LEAKY } from './services/leaky.js';
import { aMoment, inputs, InvoiceMade, OrderPlaced, type Order, type Service } from './services/shop.js';

const server = echoServer();

const leakyCache = (): Service => LEAKY.find(({ title }) => title.includes('forgets the tenant'))!.make(server.url);
const correct = (): Service => CORRECT[0]!.make(server.url);

const find = (register: Service, options: Partial<TenantLeakOptions> = {}): Promise<TenantLeakReport> =>
  findTenantLeaks({ register, inputs, seeds: 3, ...options });

/** Shows what only it knows. */
class Secretive {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  toString(): string {
    return this.#text;
  }
}

describe('findTenantLeaks finds also', () => {
  it('what the console shows of an object and nobody else can reach', async () => {
    const last = new Map<string, Order>();
    const report = await find((worker) => {
      worker.on(OrderPlaced, async (order) => {
        await aMoment();
        const { customer } = (last.get('last') ?? order).data;
        last.set('last', order);
        console.log('customer %s', new Secretive(customer));
      });
    });
    expect(report.leaks).toEqual([expect.objectContaining({ kind: 'canary', channel: 'log', path: '' })]);
  });

  it('what is written to a sink of the user, and what an earlier seed has left behind', async () => {
    let write: (line: unknown) => void = () => undefined;
    const sinks: TenantLeakOptions['sinks'] = {
      audit: (saw) => {
        write = saw;
        return () => (write = () => undefined);
      },
    };
    const all = new Map<string, Order>();
    let runs = 0;
    const report = await find(
      (worker) => {
        runs += 1;
        const isLast = runs === 3;
        worker.on(OrderPlaced, async (order) => {
          await aMoment();
          all.set('last', all.get('last') ?? order);
          if (isLast) write({ by: order.tenantId, of: all.get('last')?.data.email });
        });
      },
      { sinks, seeds: [11, 12, 13] },
    );
    expect(report.leaks).toEqual([
      expect.objectContaining({ channel: 'sink', name: 'audit', path: '/of', seed: 13, replay: [11, 12, 13] }),
    ]);
    expect(report.options.sinks).toEqual(['audit']);
  });

  it('what an output says it is, by a name that the user has given', async () => {
    let last = 'a';
    const service: Service = (worker) => {
      worker.on(OrderPlaced, ({ tenantId }) => {
        console.info({ customerAccount: last });
        last = tenantId;
      });
    };
    expect(await find(service)).toMatchObject({ result: 'passed' });
    expect((await find(service, { tenantFields: ['customer-account'] })).leaks).toEqual([
      expect.objectContaining({ kind: 'tenant id', channel: 'log', name: 'console.info', path: '/customerAccount' }),
    ]);
  });
});

describe('a report', () => {
  it('names what leaked, whose it is, where it was found, and by which handler and seed', async () => {
    const { leaks } = await find(leakyCache(), { seeds: [7] });
    const [leak] = leaks;
    expect(leak).toMatchObject({
      kind: 'canary',
      ownerKnownBy: 'record',
      channel: 'publish',
      path: '/data/to',
      form: 'UTF-8',
      canary: { kind: 'text', eventType: 'orders.placed.v1', seed: 7, plantedAt: ['/customer', '/email'] },
      handler: { tenantId: leak?.inOutputOf, eventType: 'orders.placed.v1', attempt: 1 },
      seed: 7,
      replay: [7],
    });
    expect(leak?.of).not.toBe(leak?.inOutputOf);
  });

  it('is the same for the same seeds', async () => {
    const timeless = (report: TenantLeakReport): unknown => ({ ...report, startedAt: '', durationMs: 0 });
    const service = LEAKY.find(({ title }) => title.startsWith('a pooled object'))!;
    const first = timeless(await find(service.make(server.url), { seeds: [3, 4] }));
    expect(timeless(await find(service.make(server.url), { seeds: [3, 4] }))).toEqual(first);
    expect(timeless(await find(service.make(server.url), { seeds: [5, 6] }))).not.toEqual(first);
  });

  it('is plain JSON that says what was run', async () => {
    const report = await find(correct());
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(report).toMatchObject({
      format: 'tenantry.leak-report',
      formatVersion: 1,
      library: { name: 'tenantry' },
      tenants: ['a', 'ab', 'a-b', 'a_b', 'A', 'Aa-works', 'BB-works', 'kiln-lolo0d', 'kiln-1kor5dn'],
      seeds: [1, 2, 3],
      channels: { publish: { isWatched: true }, span: { isWatched: true }, log: { isWatched: true } },
    });
    expect(report.channels.publish.withOwnCanaries).toBe(report.channels.publish.outputs);
    const { choices, mostAtOnce, faults, retries, redeliveries, orderedByNetwork } = report.runs;
    for (const count of [choices, mostAtOnce, faults, retries, redeliveries]) expect(count).toBeGreaterThan(1);
    expect(orderedByNetwork).toBe(0);
  });

  it('is told as text, which a failed assertion shows', async () => {
    const report = await find(leakyCache(), { seeds: 1 });
    const text = formatLeakReport(report);
    expect(text).toMatch(
      /^Tenant leaks: 2 found\n\n1\. data of tenant \S+ in an output of tenant \S+: publish invoices/,
    );
    expect(text).toMatch(/again with seeds: \[1\]/);
    expect(() => {
      assertNoTenantLeaks(report);
    }).toThrow(text);
  });

  it('keeps what is allowed, with the reason', async () => {
    const allow: TenantLeakOptions['allow'] = ({ path }) => (path === '/data/to' ? 'everybody knows it' : undefined);
    const report = await find(leakyCache(), { allow });
    expect(report.leaks.map(({ path }) => path)).toEqual(['/data/lines/0']);
    expect(report.allowed).toEqual([expect.objectContaining({ path: '/data/to', reason: 'everybody knows it' })]);
    expect(formatLeakReport(report)).toContain('Allowed, because everybody knows it: data of tenant');
  });

  it.each([false, null, '', ' '])('lets nothing pass where the reason is %j', async (reason) => {
    const report = await find(leakyCache(), { allow: (() => reason) as never });
    expect(report).toMatchObject({ result: 'leaks', allowed: [] });
  });

  it('does not let pass what is at the same place as what is allowed', async () => {
    const last = new Map<string, Order>();
    const service: Service = (worker) => {
      worker.on(OrderPlaced, async (order) => {
        await aMoment();
        const { customer, account } = (last.get('last') ?? order).data;
        last.set('last', order);
        console.log(`${customer} ${account}`);
      });
    };
    for (const kind of ['text', 'uuid']) {
      const report = await find(service, { allow: ({ canary }) => (canary?.kind === kind ? 'not ours' : undefined) });
      expect(report.leaks.map(({ canary }) => canary?.kind)).toEqual([kind === 'text' ? 'uuid' : 'text']);
      expect(report.allowed.map(({ canary }) => canary?.kind)).toEqual([kind]);
    }
  });
});

describe('without a leak it is inconclusive', () => {
  const nothing: Service = (worker) => {
    worker.on(OrderPlaced, () => undefined);
  };

  it('where no handler returns', async () => {
    const report = await find((worker) => {
      worker.on(OrderPlaced, () => {
        throw new Error('not today');
      });
    });
    expect(report.result).toBe('inconclusive');
    expect(report.reasons).toEqual([expect.stringMatching(/^no handler of orders\.placed\.v1 returned/)]);
    expect(() => {
      assertNoTenantLeaks(report);
    }).toThrow('inconclusive');
  });

  it('where handlers return for one tenant only', async () => {
    const report = await find((worker) => {
      worker.on(OrderPlaced, ({ tenantId }) => {
        if (tenantId !== 'ab') throw new Error('not known');
      });
    });
    expect(report.reasons).toEqual([
      'handlers of orders.placed.v1 returned for one tenant only, ab: see that the service knows all of them',
    ]);
  });

  it('where inputs hold no canary', async () => {
    const blind = leakInput(InvoiceMade, ({ same }) => ({ orderId: same.id, to: 'everybody', lines: [] }));
    const report = await find((worker) => worker.on(InvoiceMade, () => undefined), { inputs: [blind] });
    expect(report.reasons).toEqual([expect.stringMatching(/^inputs of invoices\.made\.v1 hold no canary/)]);
  });

  it('where a run does not end in time', async () => {
    const report = await find((worker) => worker.on(OrderPlaced, () => new Promise(() => undefined)), {
      seeds: [9],
      timeoutMs: 200,
    });
    expect(report.reasons).toContain('not over within 200 ms: seeds 9');
  });

  it('where no two handlers run at the same time', async () => {
    const report = await find(nothing, { tenants: ['a', 'b'], recordsPerTenant: 1, redeliveryRate: 0, seeds: [1] });
    expect(report.runs.mostAtOnce).toBe(2);
    const alone = leakInput(OrderPlaced, (plant) => inputs[0]!.make(plant) as never);
    expect((await find(nothing, { inputs: [alone] })).result).toBe('passed');
  });

  it('where an output cannot be looked at', async () => {
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    const report = await find((worker) => worker.on(OrderPlaced, () => hostile));
    expect(report.reasons).toEqual(['outputs threw when they were looked at, in: return value']);
  });
});

/** What a search changes of the process while it runs. */
const changeable = (): unknown[] => [
  globalThis.fetch,
  http.ClientRequest.prototype.end,
  setTimeout,
  console.log,
  process.stdout.write,
  fs.writeSync,
  Math.random,
  registeredProvider(),
];

describe('findTenantLeaks refuses', () => {
  it('wrong options, all at once', async () => {
    const wrong = find(correct(), { tenants: ['a'], faultRate: 2, seeds: 0 });
    await expect(wrong).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      problems: [{ path: 'seeds' }, { path: 'tenants' }, { path: 'faultRate' }],
    });
  });

  it('a second search at the same time, because both would watch the whole process', async () => {
    const first = find(correct());
    await expect(find(correct())).rejects.toMatchObject({ code: 'INVALID_STATE' });
    await expect(first).resolves.toMatchObject({ result: 'passed' });
  });

  it('inputs that do not fit their contract, and leaves nothing behind', async () => {
    const before = changeable();
    const wrong = leakInput(OrderPlaced, () => ({ orderId: '1' }) as never);
    await expect(find(correct(), { inputs: [wrong] })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    const failed = find(() => {
      throw new Error('cannot register');
    });
    await expect(failed).rejects.toThrow('cannot register');
    expect(changeable()).toEqual(before);
    await expect(find(correct())).resolves.toMatchObject({ result: 'passed' });
  });
});

it.each<[string, NonNullable<TenantLeakOptions['sinks']>[string]]>([
  [
    'begins',
    () => {
      throw new Error('no audit log');
    },
  ],
  [
    'ends',
    () => () => {
      throw new Error('no audit log');
    },
  ],
])('leaves nothing behind where a sink throws as it %s', async (_, sink) => {
  const before = changeable();
  await expect(find(correct(), { sinks: { first: () => undefined, audit: sink } })).rejects.toThrow('no audit log');
  expect(changeable()).toEqual(before);
  await expect(find(correct())).resolves.toMatchObject({ result: 'passed' });
});

it('sees spans that the SDK of the application samples out, and leaves it registered', async () => {
  registerTracing(new AlwaysOffSampler());
  try {
    const before = changeable();
    const service = LEAKY.find(({ channel }) => channel === 'span')!;
    const report = await find(service.make(server.url));
    expect(report.leaks).toContainEqual(expect.objectContaining({ channel: 'span', path: service.path }));
    expect(changeable()).toEqual(before);
  } finally {
    unregisterAll();
  }
});

it('says where it could not watch spans', async () => {
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan: vi.fn(), startActiveSpan: vi.fn() }) });
  try {
    const { channels } = await find((worker) => worker.on(OrderPlaced, () => undefined));
    expect(channels.span).toMatchObject({ isWatched: false, note: expect.stringContaining('cannot be watched') });
  } finally {
    unregisterAll();
  }
});

it('does not show what handlers log, unless it is asked to', async () => {
  const shown: string[] = [];
  const { write } = process.stdout;
  process.stdout.write = (chunk: string) => shown.push(chunk) > 0;
  try {
    const service: Service = (worker) => {
      worker.on(OrderPlaced, async () => {
        await new Promise((resolve) => process.stdout.write('a line\n', resolve as () => void));
      });
    };
    const quiet = await find(service, { seeds: 1 });
    expect(shown).not.toContain('a line\n');
    expect(quiet.channels.log.outputs).toBeGreaterThan(0);
  } finally {
    process.stdout.write = write;
  }
});
