export {
  azureKeyVault,
  type AzureCryptographyClient,
  type AzureDecryptParameters,
  type AzureEncryptParameters,
  type AzureKeyVaultOptions,
} from './azure-keyvault.js';
