// The clients of the official packages fit as they are.
import type { KMS } from '@aws-sdk/client-kms';
import type { CryptographyClient } from '@azure/keyvault-keys';
import type { KeyManagementServiceClient } from '@google-cloud/kms';
import type { AwsKmsClient } from 'tenantry/aws-kms';
import type { AzureCryptographyClient } from 'tenantry/azure-keyvault';
import type { GoogleKmsClient } from 'tenantry/google-kms';

declare const aws: KMS;
declare const azure: CryptographyClient;
declare const google: KeyManagementServiceClient;

aws satisfies AwsKmsClient;
azure satisfies AzureCryptographyClient;
google satisfies GoogleKmsClient;
