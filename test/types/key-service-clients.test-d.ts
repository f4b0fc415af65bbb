// The clients of the official packages fit as they are.
import type { KMS } from '@aws-sdk/client-kms';
import type { CryptographyClient, KeyClient } from '@azure/keyvault-keys';
import type { KeyManagementServiceClient } from '@google-cloud/kms';
import type { AwsDestroyingClient, AwsKmsClient } from 'tenantry/aws-kms';
import type { AzureCryptographyClient, AzureKeyClient } from 'tenantry/azure-keyvault';
import type { GoogleDestroyingClient, GoogleKmsClient } from 'tenantry/google-kms';

declare const aws: KMS;
declare const azure: CryptographyClient;
declare const azureKeys: KeyClient;
declare const google: KeyManagementServiceClient;

aws satisfies AwsKmsClient & Required<AwsDestroyingClient>;
azure satisfies AzureCryptographyClient;
azureKeys satisfies AzureKeyClient;
google satisfies GoogleKmsClient & Required<GoogleDestroyingClient>;
