export {
  awsKms,
  type AwsDataKeyRequest,
  type AwsDecryptRequest,
  type AwsKmsClient,
  type AwsKmsOptions,
} from './aws-kms.js';
