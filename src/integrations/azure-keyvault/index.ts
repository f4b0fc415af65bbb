export {
  azureKeyVault,
  type AzureCryptographyClient,
  type AzureDecryptParameters,
  type AzureEncryptParameters,
  type AzureKeyVaultOptions,
} from './azure-keyvault.js';
export type { AzureDeletedKey, AzureDeletion, AzureKeyClient, AzureKeyDeletion } from './azure-destruction.js';
