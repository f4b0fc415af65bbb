export { registrySerde, type RegistrySerdeOptions } from './registry-serde.js';
export type { ContractSchema } from './contract-schema.js';
export type { RegistryAuth } from '../../serde/registry/registry-http.js';
export type { RegistryMode } from './publishing-schema.js';
export type { SubjectStrategy } from '../../serde/registry/subjects.js';
