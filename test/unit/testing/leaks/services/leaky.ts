// Services that leak between tenants, each in one way that happens in practice, and where the kit must find it.
import { EventEmitter } from 'node:events';
import http from 'node:http';
import { trace } from '@opentelemetry/api';
import pino from 'pino';
import { deadLetter } from '../../../../../src/index.js';
import { murmur2 } from '../../../../../src/routing/murmur2.js';
import type { Channel } from '../../../../../src/testing/leaks/watch/output.js';
import type { TenantLeak } from '../../../../../src/testing/leaks/leak-report.js';
import { aMoment, invoice, InvoiceMade, OrderPlaced, StatementMade, type Order, type Service } from './shop.js';

/** A service with one leak. */
export interface LeakyService {
  readonly title: string;
  /** Made anew, as a module is loaded; `url` is where an HTTP server listens. */
  readonly make: (url: string) => Service;
  readonly kind: TenantLeak['kind'];
  readonly channel: Channel;
  readonly name: string | RegExp;
  readonly path: string | RegExp;
}

/** A cache under a key of tenant and id that is not one tenant's alone. */
function cachedUnder(keyOf: (tenantId: string, orderId: string) => unknown): LeakyService['make'] {
  return () => {
    const cache = new Map<unknown, Order>();
    return (worker) => {
      worker.on(OrderPlaced, async (order, { tenant }) => {
        const key = keyOf(tenant.id, order.data.orderId);
        const known = cache.get(key) ?? order;
        cache.set(key, known);
        await tenant.publish(InvoiceMade, invoice(known));
      });
    };
  };
}

const inInvoice = { kind: 'canary', channel: 'publish', name: 'invoices.made.v1', path: '/data/to' } as const;

/** As `String.hashCode` of Java. */
function hashCode(text: string): number {
  let hash = 0;
  for (const letter of text) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0;
  return hash;
}

export const LEAKY: readonly LeakyService[] = [
  { title: 'a cache whose key joins tenant and id', make: cachedUnder((tenantId, id) => tenantId + id), ...inInvoice },
  {
    title: 'a cache whose key joins tenant and id with a sign that ids may have',
    make: cachedUnder((tenantId, id) => `${tenantId}-${id}`),
    ...inInvoice,
  },
  {
    title: 'a cache that makes tenants lower-case',
    make: cachedUnder((tenantId, id) => `${tenantId.toLowerCase()}:${id}`),
    ...inInvoice,
  },
  {
    title: 'a cache that makes names of tenants of letters and digits alone',
    make: cachedUnder((tenantId, id) => `${tenantId.replaceAll(/\W|_/g, '-')}:${id}`),
    ...inInvoice,
  },
  {
    title: 'a cache under a hash code of the tenant',
    make: cachedUnder((tenantId, id) => `${hashCode(tenantId)}:${id}`),
    ...inInvoice,
  },
  {
    title: "a cache under Kafka's hash of the tenant",
    make: cachedUnder((tenantId, id) => `${murmur2(Buffer.from(tenantId))}:${id}`),
    ...inInvoice,
  },
  {
    title: 'a cache of the module that forgets the tenant',
    make: () => {
      const cache = new Map<string, Order>();
      return (worker) => {
        worker.on(OrderPlaced, async (order, { tenant }) => {
          const known = cache.get(order.data.orderId) ?? order;
          cache.set(order.data.orderId, known);
          await tenant.publish(InvoiceMade, invoice(known));
        });
      };
    },
    kind: 'canary',
    channel: 'publish',
    name: 'invoices.made.v1',
    path: '/data/to',
  },
  {
    title: 'an event that is published for another tenant',
    make: () => {
      let last: Order | undefined;
      return (worker, kafka) => {
        worker.on(OrderPlaced, async (order) => {
          const before = last ?? order;
          last = order;
          await kafka.withoutTenant(() => kafka.tenant(before.tenantId).publish(InvoiceMade, invoice(order)));
        });
      };
    },
    kind: 'canary',
    channel: 'publish',
    name: 'invoices.made.v1',
    path: '/data/lines/0',
  },
  {
    title: 'an event for another tenant that the library refuses',
    make: () => {
      let last = 'a';
      return (worker, kafka) => {
        worker.on(OrderPlaced, async (order) => {
          const before = last;
          last = order.tenantId;
          await kafka
            .tenant(before)
            .publish(InvoiceMade, invoice(order))
            .catch(() => undefined);
        });
      };
    },
    kind: 'refused',
    channel: 'publish',
    name: '(refused)',
    path: '',
  },
  {
    title: 'an event whose data name another tenant, which the library refuses',
    make: () => {
      let last: string | undefined;
      return (worker) => {
        worker.on(OrderPlaced, async (order, { tenant }) => {
          const customerTenant = last ?? order.tenantId;
          last = order.tenantId;
          const { orderId } = order.data;
          await tenant.publish(StatementMade, { orderId, customerTenant }).catch(() => undefined);
        });
      };
    },
    kind: 'refused',
    channel: 'publish',
    name: '(refused)',
    path: '',
  },
  {
    title: "a log line with another's data",
    make: () => {
      let last: Order | undefined;
      return (worker) => {
        worker.on(OrderPlaced, (order) => {
          console.log('placed, after', last?.data.email);
          last = order;
        });
      };
    },
    kind: 'canary',
    channel: 'log',
    name: 'console.log',
    path: '/1',
  },
  {
    title: "a line of pino with another's data",
    make: () => {
      const log = pino();
      let last: Order | undefined;
      return (worker) => {
        worker.on(OrderPlaced, (order) => {
          log.info({ order: { previous: last?.data.account } }, 'placed');
          last = order;
        });
      };
    },
    kind: 'canary',
    channel: 'log',
    name: 'stdout',
    path: '/order/previous',
  },
  {
    title: "a line on the stream of the process, with another's data in base64",
    make: () => {
      let last = '';
      return (worker) => {
        worker.on(OrderPlaced, ({ data }) => {
          process.stderr.write(`trace ${Buffer.from(`before: ${last}`).toString('base64')}\n`);
          last = data.customer;
        });
      };
    },
    kind: 'canary',
    channel: 'log',
    name: 'process.stderr',
    path: '',
  },
  {
    title: 'a pooled object that is used again too soon',
    make: () => {
      const buffer = { orderId: '', to: '', lines: [''] };
      return (worker) => {
        worker.on(OrderPlaced, async (order, { tenant }) => {
          Object.assign(buffer, invoice(order));
          await aMoment();
          await tenant.publish(InvoiceMade, buffer);
        });
      };
    },
    kind: 'canary',
    channel: 'publish',
    name: 'invoices.made.v1',
    path: '/data/to',
  },
  {
    title: 'bytes of a pooled buffer',
    make: () => {
      const buffer = Buffer.alloc(1_000);
      return (worker) => {
        worker.on(OrderPlaced, async ({ data }) => {
          const length = buffer.write(data.customer);
          await aMoment();
          return buffer.subarray(0, length);
        });
      };
    },
    kind: 'canary',
    channel: 'return value',
    name: 'orders.placed.v1',
    path: '',
  },
  {
    title: 'work that goes on in the asynchronous context of another tenant',
    make: () => {
      const queue = new EventEmitter();
      const waiting: Order[] = [];
      return (worker, kafka) => {
        queue.removeAllListeners().on('flush', () => {
          for (const order of waiting.splice(0)) void kafka.publish(InvoiceMade, invoice(order)).catch(() => undefined);
        });
        worker.on(OrderPlaced, async (order) => {
          waiting.push(order);
          await aMoment();
          queue.emit('flush');
          await aMoment();
        });
      };
    },
    kind: 'canary',
    channel: 'publish',
    name: 'invoices.made.v1',
    path: '/data/to',
  },
  {
    title: 'a variable that holds the tenant who came last',
    make: (url) => {
      let current = '';
      return (worker) => {
        worker.on(OrderPlaced, async (order) => {
          current = order.tenantId;
          await aMoment();
          await fetch(`${url}/orders`, { headers: { 'x-tenant-id': current } }).then((response) => response.text());
        });
      };
    },
    kind: 'tenant id',
    channel: 'http',
    name: /^GET 127\.0\.0\.1:\d+$/,
    path: '/headers/x-tenant-id',
  },
  {
    title: 'a promise that is remembered for all tenants',
    make: () => {
      let settings: Promise<{ readonly sender: string }> | undefined;
      const load = async ({ data }: Order): Promise<{ readonly sender: string }> => {
        await aMoment();
        return { sender: data.email };
      };
      return (worker) => {
        worker.on(OrderPlaced, async (order, { tenant }) => {
          settings ??= load(order);
          const { sender } = await settings;
          const { data } = order;
          await tenant.publish(InvoiceMade, { ...invoice(order), lines: [] }, { headers: { sender } });
          return data.orderId;
        });
      };
    },
    kind: 'canary',
    channel: 'publish',
    name: 'invoices.made.v1',
    path: '/headers/sender',
  },
  {
    title: "a fetch with another tenant's data",
    make: (url) => {
      const body = { customer: '' };
      return (worker) => {
        worker.on(OrderPlaced, async ({ tenantId, data }) => {
          body.customer = data.customer;
          await aMoment();
          const headers = { 'x-tenant-id': tenantId };
          await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) }).then((answer) => answer.text());
        });
      };
    },
    kind: 'canary',
    channel: 'http',
    name: /^POST 127\.0\.0\.1:\d+$/,
    path: '/body/customer',
  },
  {
    title: "a request of node:http with another tenant's data in its path",
    make: (url) => {
      let last = 'nobody';
      return (worker) => {
        worker.on(OrderPlaced, async ({ data }) => {
          const before = last;
          last = data.email;
          await new Promise((resolve, reject) => {
            http
              .get(`${url}/mails/${encodeURIComponent(before)}`, (response) => response.resume().on('end', resolve))
              .on('error', reject);
          });
        });
      };
    },
    kind: 'canary',
    channel: 'http',
    name: /^GET 127\.0\.0\.1:\d+$/,
    path: '/path',
  },
  {
    title: "an attribute of a span with another tenant's data",
    make: () => {
      const tracer = trace.getTracer('shop');
      let last: Order | undefined;
      return (worker) => {
        worker.on(OrderPlaced, async (order) => {
          await tracer.startActiveSpan('invoice', async (span) => {
            span.setAttribute('customer.amount', last?.data.amount ?? 0);
            await aMoment();
            span.end();
          });
          last = order;
        });
      };
    },
    kind: 'canary',
    channel: 'span',
    name: 'invoice',
    path: '/attributes/customer.amount',
  },
  {
    title: "an error whose message has another tenant's data",
    make: () => {
      let last = '';
      return (worker) => {
        worker.on(OrderPlaced, ({ data }) => {
          const before = last;
          last = data.email;
          if (before !== '') throw new Error(`conflict with ${before.toUpperCase()}`);
        });
      };
    },
    kind: 'canary',
    channel: 'thrown error',
    name: 'orders.placed.v1',
    path: '/message',
  },
  {
    title: "a dead letter whose reason has another tenant's data",
    make: () => {
      let last = '';
      return (worker) => {
        worker.on(OrderPlaced, ({ data }) => {
          const before = last;
          last = data.customer;
          throw deadLetter(`same as ${before}`);
        });
      };
    },
    kind: 'canary',
    channel: 'topic',
    name: '_shared.tenant-leaks.orders.dlq',
    path: '/headers/dlq-reason',
  },
  {
    title: 'a batch of several tenants, sent outside of all handlers',
    make: (url) => {
      let batch: string[] = [];
      return (worker, kafka) => {
        let wake = (): void => undefined;
        const work = async (): Promise<void> => {
          for (;;) {
            await new Promise<void>((resolve) => (wake = resolve));
            const body = JSON.stringify(batch);
            batch = [];
            await fetch(url, { method: 'POST', body }).then((answer) => answer.text());
          }
        };
        void work();
        worker.on(OrderPlaced, async ({ data }) => {
          batch.push(data.customer);
          await aMoment();
          kafka.withoutTenant(wake);
        });
      };
    },
    kind: 'mixed',
    channel: 'http',
    name: /^POST 127\.0\.0\.1:\d+$/,
    path: /^\/body\/\d+$/,
  },
  {
    title: 'a batch that mixes tenants',
    make: (url) => {
      const batch: string[] = [];
      return (worker) => {
        worker.on(OrderPlaced, ({ data }) => {
          batch.push(data.customer);
          setTimeout(() => {
            const body = JSON.stringify({ customers: batch.splice(0) });
            if (body.length > 16)
              void fetch(url, { method: 'POST', body }).then(
                (answer) => answer.text(),
                () => '',
              );
          }, 50);
        });
      };
    },
    kind: 'canary',
    channel: 'http',
    name: /^POST 127\.0\.0\.1:\d+$/,
    path: /^\/body\/customers\/\d+$/,
  },
];
