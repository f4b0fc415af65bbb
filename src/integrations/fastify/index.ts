export { tenantryFastify } from './plugin.js';
export type { FastifyTenant, HealthPaths, TenantryFastifyOptions } from './options.js';
