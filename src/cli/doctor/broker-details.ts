import type { CompiledOptions } from '../../client/client-options.js';
import type { BrokerApi } from './kafka-line.js';

const PACKAGE = '@platformatic/kafka';
const TIMEOUT_MS = 5_000;

/** What the native client cannot ask the brokers for. */
export interface BrokerDetails {
  /** The settings of topics, by their names. */
  topicSettings(topics: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>>;
  /** The requests that one of the brokers knows. */
  apis(): Promise<readonly BrokerApi[]>;
  close(): Promise<void>;
}

/** How to get what is missing, for people. */
export const INSTALL_DETAILS = `install ${PACKAGE} beside tenantry, with which doctor asks for this`;

/** @returns undefined where the optional package is not installed */
export async function openBrokerDetails(client: CompiledOptions): Promise<BrokerDetails | undefined> {
  const kafka = await import('@platformatic/kafka').catch(() => undefined);
  if (kafka === undefined) return undefined;
  const { ssl } = client.connection;
  const admin = new kafka.Admin({
    clientId: `${client.clientId}-doctor`,
    bootstrapBrokers: [...client.brokers],
    retries: 0,
    timeout: TIMEOUT_MS,
    connectTimeout: TIMEOUT_MS,
    requestTimeout: TIMEOUT_MS,
    ...(ssl !== false && { tls: ssl === true ? {} : defined(ssl) }),
    ...saslOf(client.connection.sasl),
  });
  return {
    topicSettings: async (topics) => {
      const described = await admin.describeConfigs({
        resources: topics.map((resourceName) => ({ resourceType: kafka.ConfigResourceTypes.TOPIC, resourceName })),
        includeSynonyms: false,
        includeDocumentation: false,
      });
      return new Map(
        described.map(({ resourceName, configs }) => [
          resourceName,
          new Map(configs.map(({ name, value }) => [name, value ?? ''])),
        ]),
      );
    },
    apis: () => admin.listApis(),
    close: async () => {
      await admin.close();
    },
  };
}

type Sasl = CompiledOptions['connection']['sasl'];
type Mechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';

function saslOf(sasl: Sasl): object {
  if (sasl === undefined) return {};
  if (sasl.mechanism === 'oauthbearer') {
    return { sasl: { mechanism: 'OAUTHBEARER', token: async () => (await sasl.token()).value } };
  }
  const { mechanism, username, password } = sasl;
  return { sasl: { mechanism: mechanism.toUpperCase() as Mechanism, username, password } };
}

function defined(pem: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(pem).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
