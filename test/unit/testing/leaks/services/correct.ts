// Services that do what the leaky ones do, and keep tenants apart.
import { AsyncLocalStorage } from 'node:async_hooks';
import http from 'node:http';
import { trace } from '@opentelemetry/api';
import pino from 'pino';
import { deadLetter, retryAfter } from '../../../../../src/index.js';
import { aMoment, invoice, InvoiceMade, OrderPlaced, StatementMade, type Order, type Service } from './shop.js';

/** A service without a leak. */
export interface CorrectService {
  readonly title: string;
  /** Made anew, as a module is loaded; `url` is where an HTTP server listens. */
  readonly make: (url: string) => Service;
}

type Invoice = ReturnType<typeof invoice>;

export const CORRECT: readonly CorrectService[] = [
  {
    title: 'a cache by tenant and id, and a promise that is remembered for each tenant',
    make: () => {
      const cache = new Map<string, Order>();
      const settings = new Map<string, Promise<{ readonly sender: string }>>();
      const load = async ({ data }: Order): Promise<{ readonly sender: string }> => {
        await aMoment();
        return { sender: data.email };
      };
      return (worker) => {
        worker.on(OrderPlaced, async (order, { tenant }) => {
          const key = JSON.stringify([tenant.id, order.data.orderId]);
          const known = cache.get(key) ?? order;
          cache.set(key, known);
          const loading = settings.get(tenant.id) ?? load(order);
          settings.set(tenant.id, loading);
          const { sender } = await loading;
          await tenant.publish(InvoiceMade, invoice(known), { headers: { sender } });
          return known;
        });
      };
    },
  },
  {
    title: 'a pool whose objects have one user at a time and are cleared behind each',
    make: () => {
      const free: Invoice[] = [];
      return (worker) => {
        worker.on(OrderPlaced, async (order, { tenant }) => {
          const taken = free.pop() ?? { orderId: '', to: '', lines: [] };
          try {
            Object.assign(taken, invoice(order));
            await aMoment();
            await tenant.publish(InvoiceMade, taken);
          } finally {
            Object.assign(taken, { orderId: '', to: '', lines: [] });
            free.push(taken);
          }
        });
      };
    },
  },
  {
    title: 'a batch for each tenant',
    make: (url) => {
      const batches = new Map<string, { readonly customers: string[]; readonly sent: Promise<void> }>();
      return (worker) => {
        worker.on(OrderPlaced, async ({ tenantId, data }) => {
          let batch = batches.get(tenantId);
          if (batch === undefined) {
            const customers: string[] = [];
            const send = async (): Promise<void> => {
              await aMoment();
              batches.delete(tenantId);
              const headers = { 'x-tenant-id': tenantId };
              const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ customers }) });
              await answer.text();
            };
            batch = { customers, sent: send() };
            batches.set(tenantId, batch);
          }
          batch.customers.push(data.customer);
          await batch.sent;
        });
      };
    },
  },
  {
    title: 'one queue for all tenants, worked off outside of handlers, each item as its tenant',
    make: (url) => {
      const log = pino({ base: {} });
      return (worker, kafka) => {
        const queue: { readonly tenantId: string; readonly order: Order; readonly done: () => void }[] = [];
        let wake = (): void => undefined;
        const work = async (): Promise<void> => {
          for (;;) {
            const item = queue.shift();
            if (item === undefined) {
              await new Promise<void>((resolve) => (wake = resolve));
              continue;
            }
            const { tenantId, order, done } = item;
            log.info({ tenantId, customer: order.data.customer }, 'sent');
            await fetch(`${url}/tenants/${tenantId}/mails`, { method: 'POST', body: order.data.email })
              .then((answer) => answer.text())
              .catch(() => undefined);
            await kafka
              .tenant(tenantId)
              .publish(InvoiceMade, invoice(order))
              .catch(() => undefined);
            done();
          }
        };
        void work();
        worker.on(OrderPlaced, async (order) => {
          await new Promise<void>((done) => {
            queue.push({ tenantId: order.tenantId, order, done });
            wake();
          });
        });
      };
    },
  },
  {
    title: 'logs, spans, requests and errors with what is their own, in a context of the application',
    make: (url) => {
      const context = new AsyncLocalStorage<{ readonly tenantId: string }>();
      const log = pino({ base: {}, mixin: () => context.getStore() ?? {} });
      const tracer = trace.getTracer('shop');
      return (worker) => {
        worker.on(OrderPlaced, (order, { tenant, attempt }) =>
          context.run({ tenantId: tenant.id }, () =>
            tracer.startActiveSpan('order', async (span) => {
              const { data } = order;
              span.setAttribute('customer', data.customer).setAttribute('tenant.id', tenant.id);
              log.info({ order }, 'placed');
              console.log(`tenant=${tenant.id} ${data.email}`);
              await new Promise((resolve, reject) => {
                const request = http.request(`${url}/orders`, { method: 'PUT' }, (response) =>
                  response.resume().on('end', resolve),
                );
                request.on('error', reject).setHeader('x-tenant-id', tenant.id).end(JSON.stringify(data));
              });
              span.end();
              if (data.orderId === '1' && attempt === 1) throw retryAfter(5);
              if (data.orderId === 'b1') throw deadLetter(`no such order of ${data.customer}`);
              if (data.orderId === 'b-1') throw Object.assign(new Error(`conflict at ${data.email}`), { data });
              await tenant.publish(InvoiceMade, invoice(order));
              log.info('invoiced');
            }),
          ),
        );
      };
    },
  },
  {
    title: 'events whose data name their own tenant',
    make: () => (worker) => {
      worker.on(OrderPlaced, async ({ data: { orderId } }, { tenant }) => {
        await tenant.publish(StatementMade, { orderId, customerTenant: tenant.id });
      });
    },
  },
];
