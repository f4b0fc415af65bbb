import { Body, Controller, HttpCode, Inject, Injectable, Module, Post, type DynamicModule } from '@nestjs/common';
import { TenantKafka, type EventOf, type TenantScope } from 'tenantry';
import { CurrentTenant, HandleEvent, TenantryModule } from 'tenantry/nestjs';
import { OrderPlaced } from '../http/orders.ts';
import { tenantIn } from '../http/signed-token.ts';

interface Order {
  readonly orderId: string;
  readonly total: number;
}

@Controller('orders')
class OrderController {
  @Post()
  @HttpCode(202)
  async place(@Body() order: Order, @CurrentTenant() tenant: TenantScope): Promise<object> {
    await tenant.publish(OrderPlaced, order);
    return { tenant: tenant.id, orderId: order.orderId };
  }
}

@Injectable()
class Mailer {
  // With `emitDecoratorMetadata`, which tsx does not have, the type alone would do.
  constructor(@Inject(TenantKafka) private readonly kafka: TenantKafka) {}

  @HandleEvent(OrderPlaced, { group: 'mailer' })
  send(event: EventOf<typeof OrderPlaced>): void {
    console.log(`mail to ${this.kafka.currentTenant}: order ${event.data.orderId}`);
  }
}

/** Takes orders, and handles them. */
@Module({ controllers: [OrderController], providers: [Mailer] })
export class OrderModule {
  static with(kafka: TenantKafka): DynamicModule {
    return {
      module: OrderModule,
      imports: [
        TenantryModule.forRoot({
          kafka,
          tenantOf: (request) => tenantIn(request.headers.authorization),
          workers: { mailer: {} },
        }),
      ],
    };
  }
}
