export {
  awsKms,
  type AwsDataKeyRequest,
  type AwsDecryptRequest,
  type AwsKmsClient,
  type AwsKmsOptions,
} from './aws-kms.js';
export type { AwsDestroyingClient, AwsKeyMetadata } from './aws-destruction.js';
