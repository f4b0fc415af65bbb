export { vaultTransit, type VaultToken, type VaultTransitOptions } from './vault-transit.js';
