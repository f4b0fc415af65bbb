// Tenants that bring their own keys, each on another service, in one process.
import { CryptographyClient } from '@azure/keyvault-keys';
import { KeyManagementServiceClient } from '@google-cloud/kms';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent, envelopeEncryption, keyServices, localKeyring, TenantKafka } from 'tenantry';
import { azureKeyVault } from 'tenantry/azure-keyvault';
import { googleKms } from 'tenantry/google-kms';
import { EmbeddedKafka } from 'tenantry/testing';
import { vaultTransit } from 'tenantry/vault';
import { AzureServer } from './servers/azure-server.js';
import { GoogleServer } from './servers/google-server.js';
import { VAULT_TOKEN, VaultServer } from './servers/vault-server.js';

const [vault, google, azure] = [new VaultServer(), new GoogleServer(), new AzureServer()];
const servers = [vault.http, google.http, azure.http];
let broker: EmbeddedKafka;

beforeAll(async () => {
  broker = await EmbeddedKafka.start();
  for (const server of servers) await server.start();
});

afterAll(async () => {
  await broker.stop();
  for (const server of servers) await server[Symbol.asyncDispose]();
});

const Signed = defineEvent({
  type: 'contracts.signed',
  version: 1,
  topic: 'contracts',
  schema: z.object({ id: z.string(), secret: z.string() }),
  aggregateId: ({ id }) => id,
  protection: 'confidential',
});

const KEY = 'projects/globex/locations/global/keyRings/events/cryptoKeys/events';

it('each tenant is sealed and opened by its own service, and no call for it goes to another', async () => {
  vault.addKey('tenant-acme');
  google.addKey(KEY);
  const client = new KeyManagementServiceClient({
    fallback: true,
    protocol: 'http',
    apiEndpoint: '127.0.0.1',
    port: google.http.port,
    auth: { getClient: () => Promise.resolve({}), fetch } as never,
  });
  const credential = {
    getToken: () => Promise.resolve({ token: 'a-token-of-the-tests', expiresOnTimestamp: Date.now() + 3_600_000 }),
  };
  const kms = (): ReturnType<typeof keyServices> =>
    keyServices({
      default: localKeyring({ keys: { umbrella: Buffer.alloc(32, 1) } }),
      tenants: {
        acme: vaultTransit({ address: vault.http.url, token: VAULT_TOKEN, keys: 'tenant-{tenant}' }),
        globex: googleKms({ client, keys: { globex: KEY } }),
        initech: azureKeyVault({
          client: (keyId) =>
            new CryptographyClient(keyId, credential, {
              allowInsecureConnection: true,
              disableChallengeResourceVerification: true,
            }),
          keys: { initech: `${azure.http.url}${azureKey}` },
        }),
      },
    });
  const azureKey = azure.addKey('initech');
  const clientOf = (clientId: string): TenantKafka =>
    new TenantKafka({ clientId, brokers: broker.brokers, encryption: envelopeEncryption({ kms: kms() }) });

  await using producer = clientOf('producer');
  await producer.admin.createTopics([Signed], { partitions: 1, replicationFactor: 1, groups: ['archive'] });
  const tenants = ['acme', 'globex', 'initech', 'umbrella'];
  for (const tenantId of tenants) await producer.tenant(tenantId).publish(Signed, { id: '1', secret: tenantId });

  const handled: string[] = [];
  await using consumer = clientOf('consumer');
  const worker = consumer.worker('archive').on(Signed, (event) => {
    handled.push(`${event.tenantId} ${event.data.secret}`);
  });
  await worker.start();
  await worker.caughtUp();
  expect(handled.sort()).toEqual(tenants.map((tenantId) => `${tenantId} ${tenantId}`));
  // One data key was made and one unwrapped in each place.
  const calls = servers.map(({ requests }) => requests.filter(({ method }) => method === 'POST').length);
  expect(calls).toEqual([2, 2, 2]);
  await client.close();
});
