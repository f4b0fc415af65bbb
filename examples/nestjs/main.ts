// An application with NestJS whose requests run inside their tenants. It needs no Kafka.
import { NestFactory } from '@nestjs/core';
import { TenantryWorkers } from 'tenantry/nestjs';
import { EmbeddedKafka } from 'tenantry/testing';
import { orderKafka } from '../http/orders.ts';
import { placeOrders } from '../http/place-orders.ts';
import { OrderModule } from './order-module.ts';

await using broker = await EmbeddedKafka.start();
const app = await NestFactory.create(OrderModule.with(await orderKafka(broker.brokers)), {
  logger: ['error', 'warn'],
  forceCloseConnections: true,
});
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');

await placeOrders(await app.getUrl());
await app.get(TenantryWorkers).get('mailer').caughtUp();
// Stops the worker and the client.
await app.close();
