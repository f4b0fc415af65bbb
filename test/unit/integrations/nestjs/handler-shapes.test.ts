// Every way to provide a class with HandleEvent: its methods are found, or it is told that they are not.
import { Controller, Inject, Injectable, Logger, Module, Scope, type Provider, type Type } from '@nestjs/common';
import { LazyModuleLoader, NestFactory } from '@nestjs/core';
import type { EventHandler, EventOf, HandlerContext, Worker } from 'tenantry';
import { HandleEvent, TenantryModule } from 'tenantry/nestjs';
import { afterEach, expect, it, vi } from 'vitest';
import type { TenantKafka } from '../../../../src/client/tenant-kafka.js';
import { Noted, Whispered } from '../../../support/contracts.js';

const STOPPED = { timedOut: false, unfinished: 0, uncommitted: 0 };
const seen: string[] = [];
const warned = vi.fn();

let readers = 0;

/** Each made anew, so that no test knows the classes of another. */
function reader(scope: Scope = Scope.DEFAULT): Type {
  @Injectable({ scope })
  class Reader {
    static made = 0;
    readonly number = ++Reader.made;

    @HandleEvent(Noted, { group: 'readers' })
    noted({ id }: EventOf<typeof Noted>) {
      seen.push(`${id} by instance ${this.number}`);
    }
  }
  readers += 1;
  return Object.defineProperty(Reader, 'name', { value: `Reader${readers}` });
}

interface Started {
  readonly deliver: (id: string, contract?: unknown) => Promise<void>;
  readonly handlers: number;
  readonly close: () => Promise<void>;
  readonly load: (module: Type) => Promise<unknown>;
}

let started: Started | undefined;

afterEach(async () => {
  await started?.close();
  started = undefined;
  seen.length = 0;
  warned.mockReset();
});

async function start(providers: Provider[], controllers: Type[] = []): Promise<Started> {
  const handlers = new Map<unknown, EventHandler>();
  const worker = {
    on: (contracts: unknown, handler: EventHandler) => {
      for (const contract of [contracts].flat()) handlers.set(contract, handler);
    },
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(STOPPED),
  } as unknown as Worker;
  const kafka = {
    tenant: () => undefined,
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(STOPPED),
    worker: () => worker,
  } as unknown as TenantKafka;
  @Module({
    imports: [TenantryModule.forRoot({ kafka, workers: { readers: {} } })],
    controllers,
    providers,
  })
  class TestModule {}
  const logger = { log: () => undefined, error: () => undefined, warn: warned, fatal: () => undefined };
  const app = await NestFactory.createApplicationContext(TestModule, { logger, abortOnError: false });
  started = {
    handlers: handlers.size,
    deliver: async (id, contract = Noted) => {
      await handlers.get(contract)?.({ id } as never, { attempt: 1 } as HandlerContext);
    },
    close: async () => {
      await app.close();
      Logger.overrideLogger(false);
    },
    load: (module) => app.get(LazyModuleLoader).load(() => module),
  };
  return started;
}

const ONE = ['1 by instance 1', '2 by instance 1'];
const EACH = ['1 by instance 1', '2 by instance 2'];

it.each<[string, (made: Type) => Provider[], readonly string[], Scope?]>([
  ['a class', (made) => [made], ONE],
  ['a class under another name', (made) => [{ provide: 'reader', useClass: made }], ONE],
  ['a value', (made) => [{ provide: 'reader', useValue: new made() as object }], ONE],
  ['an alias, once', (made) => [made, { provide: 'alias', useExisting: made }], ONE],
  ['what a factory makes', (made) => [{ provide: 'reader', useFactory: () => new made() as object }], ONE],
  ['a request-scoped class', (made) => [made], EACH, Scope.REQUEST],
  ['a transient class', (made) => [made], EACH, Scope.TRANSIENT],
  [
    'what a factory makes for each request',
    (made) => [{ provide: made, scope: Scope.REQUEST, useFactory: () => new made() as object }],
    EACH,
  ],
  [
    'what a function makes for each who asks',
    (made) => [
      {
        provide: made,
        scope: Scope.TRANSIENT,
        useFactory: function make() {
          return new made() as object;
        },
      },
    ],
    EACH,
  ],
  [
    'what a factory makes of something request-scoped',
    (made) => [
      { provide: 'request', scope: Scope.REQUEST, useFactory: () => 'anything' },
      { provide: made, inject: ['request'], useFactory: () => new made() as object },
    ],
    EACH,
  ],
])('handles the events of %s', async (_, provide, expected, scope) => {
  const made = reader(scope);
  const { deliver, handlers } = await start(provide(made));
  expect(handlers).toBe(1);
  await deliver('1');
  await deliver('2');
  // The first of some is made when the application starts.
  const numbers = seen.map((text) => Number(/\d+$/.exec(text)?.[0]));
  const first = numbers[0] ?? 0;
  expect(seen.map((text, index) => text.replace(/\d+$/, String((numbers[index] ?? 0) - first + 1)))).toEqual(expected);
  expect(String(warned.mock.calls)).not.toContain(made.name);
});

it('handles the events of a request-scoped controller', async () => {
  @Controller({ path: 'notes', scope: Scope.REQUEST })
  class NotesController {
    @HandleEvent(Noted, { group: 'readers' })
    noted({ id }: EventOf<typeof Noted>) {
      seen.push(id);
    }
  }
  const { deliver } = await start([], [NotesController]);
  await deliver('1');
  expect(seen).toEqual(['1']);
});

it('handles what an abstract class declares, as its child does it', async () => {
  abstract class Base {
    @HandleEvent(Noted, { group: 'readers' })
    noted(event: EventOf<typeof Noted>): void {
      this.see(event.id);
    }
    abstract see(id: string): void;
  }
  @Injectable()
  class Child extends Base {
    see(id: string): void {
      seen.push(`child ${id}`);
    }
  }
  await (await start([Child])).deliver('1');
  expect(seen).toEqual(['child 1']);
  expect(String(warned.mock.calls)).not.toContain('Base');
});

it('is told where a factory makes, for each request, what nobody can know by its token', async () => {
  @Injectable()
  class Hidden {
    @HandleEvent(Whispered, { group: 'readers' })
    whispered() {
      seen.push('never');
    }
  }
  const { handlers } = await start([
    { provide: 'hidden', scope: Scope.REQUEST, useFactory: () => new Hidden() },
    { provide: 'user', inject: ['hidden'], useFactory: () => 'user' },
  ]);
  expect(handlers).toBe(0);
  expect(String(warned.mock.calls)).toMatch(/no provider or controller of the application: .*Hidden/);
});

it('is told of a class in a module that is loaded later, whose events nobody handles', async () => {
  @Injectable()
  class Late {
    constructor(@Inject('word') readonly word: string) {}

    @HandleEvent(Whispered, { group: 'readers' })
    whispered() {
      seen.push(this.word);
    }
  }
  @Module({ providers: [{ provide: 'word', useValue: 'never' }, Late] })
  class LateModule {}
  const { load, deliver } = await start([]);
  expect(String(warned.mock.calls)).toMatch(/no provider or controller of the application: .*Late/);
  await load(LateModule);
  await deliver('1', Whispered);
  expect(seen).toEqual([]);
});

it('fails, and does not pass for handled, where a factory makes something else than its token says', async () => {
  const made = reader();
  const { deliver } = await start([{ provide: made, scope: Scope.REQUEST, useFactory: () => ({}) }]);
  await expect(deliver('1')).rejects.toMatchObject({
    code: 'INVALID_OPTIONS',
    problems: [{ path: `${made.name}.noted`, message: 'is no method of what the provider is' }],
  });
});
