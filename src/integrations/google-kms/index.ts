export {
  googleKms,
  type GoogleChecksum,
  type GoogleDecryptRequest,
  type GoogleDecryptResponse,
  type GoogleEncryptRequest,
  type GoogleEncryptResponse,
  type GoogleKmsClient,
  type GoogleKmsOptions,
} from './google-kms.js';
export type { GoogleDestroyingClient, GoogleKeyVersion } from './google-destruction.js';
