// Methods with HandleEvent, and how the workers start and stop with the application.
import { Controller, Inject, Injectable, Module, Scope, type INestApplicationContext } from '@nestjs/common';
import { NestFactory, REQUEST } from '@nestjs/core';
import { delay, Observable, of, tap } from 'rxjs';
import type { EventHandler, EventOf, HandlerContext, Worker } from 'tenantry';
import { HandleEvent, TenantryModule, TenantryWorkers, type TenantryModuleOptions } from 'tenantry/nestjs';
import { afterEach, describe, expect, it } from 'vitest';
import { tenantryError } from '../../../../src/core/errors.js';
import { HandleEvent as handle, handlerMethodsOf } from '../../../../src/integrations/nestjs/handle-event.js';
import { AmbientTenant } from '../../../../src/tenant/ambient-tenant.js';
import type { TenantKafka } from '../../../../src/client/tenant-kafka.js';
import { ACME, Lettered, Noted, Signed, Whispered } from '../../../support/contracts.js';

const ambient = new AmbientTenant();
const STOPPED = { timedOut: false, unfinished: 0, uncommitted: 0 };

type Note = EventOf<typeof Noted>;

/** What handlers have seen. */
const seen: string[] = [];
const see = (where: string, { id }: Pick<Note, 'id'>): void => {
  seen.push(`${where} ${id} for ${ambient.current ?? 'none'}`);
};

@Injectable()
class Sink {
  readonly name = 'sink';
}

class Base {
  @HandleEvent(Noted, { group: 'readers', timeoutMs: 5 })
  noted(event: Note) {
    see(this.constructor.name, event);
    return of(1).pipe(
      delay(1),
      tap(() => see('observable', event)),
    );
  }
}

@Injectable()
class Reader extends Base {}

@Injectable({ scope: Scope.REQUEST })
class OfEvent {
  static made = 0;
  readonly number = ++OfEvent.made;

  constructor(
    @Inject(Sink) readonly sink: Sink,
    @Inject(REQUEST) readonly request: { readonly event: Note; readonly context: HandlerContext },
  ) {}

  @HandleEvent([Whispered, Lettered], { group: 'writers' })
  async whispered(event: EventOf<typeof Whispered> | EventOf<typeof Lettered>, { attempt }: HandlerContext) {
    const isOwn = this.request.event.id === event.id && this.request.context.attempt === attempt;
    see(`instance ${this.number} ${this.sink.name} ${isOwn}`, event);
  }
}

@Controller()
class EventController {
  @HandleEvent(Signed, { group: 'readers' })
  signed(event: EventOf<typeof Signed>) {
    see('controller', event);
    return new Observable(() => {
      throw new Error('as asked');
    });
  }
}

/** A client whose workers only remember. */
class FakeClient {
  readonly log: string[] = [];
  readonly handlers = new Map<unknown, { readonly handler: EventHandler; readonly options: unknown; group: string }>();
  startError: Error | undefined;

  readonly kafka = {
    tenant: () => undefined,
    start: async () => void this.log.push('client starts'),
    stop: async () => {
      this.log.push('client stops');
      return STOPPED;
    },
    worker: (group: string) => this.#worker(group),
  } as unknown as TenantKafka;

  async deliver(contract: unknown, id: string): Promise<void> {
    const { handler } = this.handlers.get(contract)!;
    const run = (): unknown => handler({ id } as never, { attempt: 1 } as HandlerContext);
    await ambient.runHandler(
      ACME,
      run,
      () => undefined,
      (error) => Promise.reject(error),
    );
  }

  #worker(group: string): Worker {
    return {
      on: (contracts: unknown, handler: EventHandler, options: unknown) => {
        for (const contract of [contracts].flat()) this.handlers.set(contract, { handler, options, group });
      },
      start: async () => {
        if (this.startError !== undefined) throw this.startError;
        this.log.push(`${group} starts`);
      },
      stop: async () => {
        this.log.push(`${group} stops`);
        return STOPPED;
      },
    } as unknown as Worker;
  }
}

let app: INestApplicationContext | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
  seen.length = 0;
});

async function start(client: FakeClient, options: Partial<TenantryModuleOptions> = {}): Promise<void> {
  @Module({
    imports: [TenantryModule.forRoot({ kafka: client.kafka, workers: { readers: {}, writers: {} }, ...options })],
    controllers: [EventController],
    providers: [Sink, Reader, OfEvent, { provide: 'alias', useExisting: Reader }],
  })
  class TestModule {}
  app = await NestFactory.createApplicationContext(TestModule, { logger: false, abortOnError: false });
}

describe('a method with HandleEvent', () => {
  it('is called for its events, also one that is inherited, and its observable is waited for', async () => {
    const client = new FakeClient();
    await start(client);
    await client.deliver(Noted, '1');
    expect(seen).toEqual(['Reader 1 for acme', 'observable 1 for acme']);
    expect(client.handlers.get(Noted)).toMatchObject({ group: 'readers', options: { timeoutMs: 5 } });
  });

  it('fails with what its observable fails with', async () => {
    const client = new FakeClient();
    await start(client);
    await expect(client.deliver(Signed, '1')).rejects.toThrow('as asked');
  });

  it('of a request-scoped provider has an instance an event', async () => {
    const client = new FakeClient();
    await start(client);
    OfEvent.made = 0;
    await client.deliver(Whispered, '1');
    await client.deliver(Lettered, '2');
    expect(seen).toEqual(['instance 1 sink true 1 for acme', 'instance 2 sink true 2 for acme']);
  });

  it('handles its events once where a class decorates it again, as the nearest class says', () => {
    class Further {
      noted(): void {}
      other(): void {}
    }
    class Nearer extends Further {
      override noted(): void {}
    }
    handle(Noted, { group: 'readers' })(Further.prototype, 'noted', {});
    handle(Noted, { group: 'readers' })(Further.prototype, 'other', {});
    handle(Whispered, { group: 'writers' })(Nearer.prototype, 'noted', {});
    handle(Lettered, { group: 'writers' })(Nearer.prototype, 'noted', {});
    const methods = handlerMethodsOf(Nearer.prototype).map(({ name, contracts }) => [name, contracts]);
    expect(methods).toEqual([
      ['noted', Whispered],
      ['noted', Lettered],
      ['other', Noted],
    ]);
  });

  it('needs a worker that the options name', async () => {
    await expect(start(new FakeClient(), { workers: { readers: {} } })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      problems: [{ path: 'workers.writers', message: expect.any(String) as unknown }],
    });
  });
});

describe('the workers', () => {
  it('start and stop with the application, before the client stops', async () => {
    const client = new FakeClient();
    await start(client);
    expect(app!.get(TenantryWorkers).get('readers')).toBeDefined();
    await app!.close();
    app = undefined;
    expect(client.log).toEqual([
      'client starts',
      ...['readers starts', 'writers starts', 'readers stops', 'writers stops'],
      'client stops',
    ]);
  });

  it('that cannot start leave nothing running', async () => {
    const client = new FakeClient();
    client.startError = tenantryError('TOPIC_NOT_FOUND', 'no topic', { topics: ['notes'] });
    await expect(start(client)).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' });
    expect(client.log).toEqual(['client starts', 'client stops']);
  });

  it('have options that are checked', async () => {
    const wrong = { kafka: {}, tenantOf: 'acme', workers: { readers: 1 }, other: 1 } as never;
    await expect(start(new FakeClient(), wrong)).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
      problems: ['kafka', 'tenantOf', 'workers.readers', 'other'].map((path): unknown =>
        expect.objectContaining({ path }),
      ),
    });
  });
});
