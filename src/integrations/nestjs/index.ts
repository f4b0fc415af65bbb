export { CurrentTenant } from './current-tenant.js';
export { HandleEvent, type HandleEventOptions } from './handle-event.js';
export { keepTenant } from './keep-tenant.js';
export type { TenantryModuleAsyncOptions, TenantryModuleOptions } from './options.js';
export { TenantOptional } from './tenant-guard.js';
export { TenantryModule } from './tenantry-module.js';
export { TenantryWorkers } from './tenantry-workers.js';
