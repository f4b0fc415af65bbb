// A server with Fastify whose requests run inside their tenants. It needs no Kafka.
import { EmbeddedKafka } from 'tenantry/testing';
import { orderKafka } from '../http/orders.ts';
import { placeOrders } from '../http/place-orders.ts';
import { orderMailer, orderServer } from './server.ts';

await using broker = await EmbeddedKafka.start();
const kafka = await orderKafka(broker.brokers);
const mailer = orderMailer(kafka);
const app = await orderServer(kafka, mailer);
const url = await app.listen({ port: 0, host: '127.0.0.1' });

await placeOrders(url);
await mailer.caughtUp();
console.log(`ready: ${await (await fetch(`${url}/ready`)).text()}`);
// Stops the mailer and the client.
await app.close();
