// An application whose every guard, pipe, interceptor, filter, observable and provider notes the ambient tenant.
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import {
  Body,
  Catch,
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Post,
  Req,
  Scope,
  Sse,
  StreamableFile,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  type MessageEvent,
  type MiddlewareConsumer,
  type NestInterceptor,
  type NestModule,
  type PipeTransform,
} from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost, NestFactory, REQUEST, type AbstractHttpAdapter } from '@nestjs/core';
import { delay, finalize, interval, map, of, Subject, take, tap, type Observable } from 'rxjs';
import { TenantKafka, type TenantScope } from 'tenantry';
import { CurrentTenant, keepTenant, TenantOptional, TenantryModule, type TenantryModuleOptions } from 'tenantry/nestjs';

const CHUNKS = 100;
const CHUNK = 'x'.repeat(65_536);

/** Where some code ran, for which request and with which tenant ambient. */
export interface Sighting {
  readonly where: string;
  readonly expected: string | undefined;
  readonly ambient: string | undefined;
}

type AnyRequest = Pick<IncomingMessage, 'headers'>;

@Injectable()
class Probe {
  readonly sightings: Sighting[] = [];
  readonly shared = new Subject<void>();

  constructor(@Inject(TenantKafka) readonly kafka: TenantKafka) {}

  see(where: string, { headers }: AnyRequest): void {
    const expected = headers.authorization?.replace('later:', '');
    this.sightings.push({ where, expected, ambient: this.kafka.currentTenant });
  }
}

@Injectable()
class ProbeGuard implements CanActivate {
  constructor(@Inject(Probe) private readonly probe: Probe) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AnyRequest>();
    this.probe.see('guard', request);
    await new Promise(setImmediate);
    this.probe.see('guard later', request);
    return true;
  }
}

@Injectable()
class ProbeInterceptor implements NestInterceptor {
  constructor(@Inject(Probe) private readonly probe: Probe) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<AnyRequest>();
    this.probe.see('interceptor before', request);
    return next.handle().pipe(
      tap(() => this.probe.see('interceptor after', request)),
      delay(2),
      tap({
        next: () => this.probe.see('interceptor later', request),
        error: () => this.probe.see('interceptor error', request),
      }),
      finalize(() => this.probe.see('interceptor end', request)),
    );
  }
}

/** Request-scoped, so that it knows its request. */
@Injectable({ scope: Scope.REQUEST })
class ProbePipe implements PipeTransform {
  constructor(
    @Inject(Probe) private readonly probe: Probe,
    @Inject(REQUEST) private readonly request: AnyRequest,
  ) {}

  async transform(value: unknown): Promise<unknown> {
    this.probe.see('pipe', this.request);
    return value;
  }
}

@Injectable({ scope: Scope.REQUEST })
class OfRequest {
  constructor(
    @Inject(Probe) private readonly probe: Probe,
    @Inject(REQUEST) private readonly request: AnyRequest,
  ) {
    this.probe.see('request-scoped constructor', request);
  }

  see(): void {
    this.probe.see('request-scoped', this.request);
  }
}

@Catch()
class ProbeFilter extends BaseExceptionFilter implements ExceptionFilter {
  constructor(
    @Inject(Probe) private readonly probe: Probe,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
  ) {
    super(host.httpAdapter);
  }

  override catch(error: unknown, host: ArgumentsHost): void {
    this.probe.see('filter', host.switchToHttp().getRequest<AnyRequest>());
    super.catch(error, host);
  }
}

@Controller()
@UseGuards(ProbeGuard)
@UseInterceptors(ProbeInterceptor)
@UseFilters(ProbeFilter)
class ProbeController {
  constructor(
    @Inject(Probe) private readonly probe: Probe,
    @Inject(OfRequest) private readonly ofRequest: OfRequest,
  ) {}

  @Post('promise')
  @UsePipes(ProbePipe)
  async promise(@Req() request: AnyRequest, @Body() _body: unknown, @CurrentTenant() tenant: TenantScope) {
    this.probe.see('handler', request);
    this.ofRequest.see();
    await new Promise(setImmediate);
    this.probe.see('handler later', request);
    return { tenant: tenant.id };
  }

  @Get('observable')
  observable(@Req() request: AnyRequest, @CurrentTenant() tenant: TenantScope) {
    return of({ tenant: tenant.id }).pipe(
      delay(1),
      tap(() => this.probe.see('observable', request)),
      delay(3),
      map((value) => {
        this.probe.see('observable later', request);
        return value;
      }),
    );
  }

  /** Waits for what another request emits, and so in the context of that one. */
  @Get('shared')
  shared(@Req() request: AnyRequest, @CurrentTenant() tenant: TenantScope) {
    return this.probe.shared.pipe(
      take(1),
      keepTenant(),
      tap(() => this.probe.see('behind keepTenant', request)),
      map(() => ({ tenant: tenant.id })),
    );
  }

  @Get('emit')
  emit(@Req() request: AnyRequest) {
    this.probe.see('handler', request);
    this.probe.shared.next();
    return {};
  }

  @Get('throws')
  throws(@Req() request: AnyRequest): never {
    this.probe.see('handler', request);
    throw new Error('as asked');
  }

  @Sse('sse')
  sse(@Req() request: AnyRequest): Observable<MessageEvent> {
    return interval(1).pipe(
      take(5),
      tap(() => this.probe.see('sse', request)),
      map((data) => ({ data: String(data) })),
    );
  }

  @Get('stream')
  stream(@Req() request: AnyRequest): StreamableFile {
    const see = (): void => this.probe.see('stream', request);
    let made = 0;
    return new StreamableFile(
      new Readable({
        read() {
          see();
          made += 1;
          this.push(made > CHUNKS ? null : CHUNK);
        },
      }),
    );
  }

  @Get('optional')
  @TenantOptional()
  optional(@Req() request: AnyRequest) {
    this.probe.see('optional', request);
    return { tenant: this.probe.kafka.currentTenant ?? 'none' };
  }
}

/** The tenant id that the header names; `later:acme` is found out asynchronously. */
function tenantOf({ headers: { authorization } }: IncomingMessage): string | undefined | Promise<string | undefined> {
  if (authorization?.startsWith('later:') !== true) return authorization;
  return new Promise((resolve) => setImmediate(resolve, authorization.slice(6)));
}

/** The application on one of Nest's platforms. */
export async function probeApp(
  kafka: TenantKafka,
  platform: AbstractHttpAdapter,
  options: Partial<TenantryModuleOptions> = {},
): Promise<{ readonly app: INestApplication; readonly probe: Probe; readonly port: number }> {
  @Module({
    imports: [TenantryModule.forRoot({ kafka, tenantOf, ...options })],
    controllers: [ProbeController],
    providers: [Probe, OfRequest],
  })
  class ProbeModule implements NestModule {
    constructor(@Inject(Probe) private readonly probe: Probe) {}

    configure(consumer: MiddlewareConsumer): void {
      consumer
        .apply((request: AnyRequest, _response: unknown, next: () => void) => {
          this.probe.see('middleware', request);
          next();
        })
        .forRoutes('{*path}');
    }
  }

  const app = await NestFactory.create(ProbeModule, platform, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  const { port } = new URL(await app.getUrl());
  return { app, probe: app.get(Probe), port: Number(port) };
}
