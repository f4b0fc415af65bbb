// The entry points of web frameworks as a user's compiler sees them.
import Fastify from 'fastify';
import { TenantKafka, type TenantScope } from 'tenantry';
import { tenantryFastify } from 'tenantry/fastify';
import { TenantryModule } from 'tenantry/nestjs';

const kafka = new TenantKafka({ clientId: 'shop', brokers: ['localhost:9092'] });
const app = Fastify();
void app.register(tenantryFastify, { kafka, tenantOf: () => 'acme' });
app.get('/', { config: { tenant: 'none' } }, (request): TenantScope => request.tenant);

export const module = TenantryModule.forRoot({ kafka, tenantOf: () => 'acme' });
