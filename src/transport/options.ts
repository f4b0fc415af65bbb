import type { z } from 'zod';
import { lazySchema } from '../core/lazy-schema.js';
import { isDecidedByBroker, ownedBy } from './owned-settings.js';

/** What an OAuth token provider returns. */
export interface OauthToken {
  readonly value: string;
  readonly principal: string;
  /** For how many milliseconds from now the token is valid. */
  readonly lifetimeMs: number;
  /** SASL extensions (RFC 7628, section 3.1). */
  readonly extensions?: Readonly<Record<string, string>>;
}

const BROKER = /^(?:\[[0-9A-Fa-f:.]+\]|[^\s:,/[\]]+):(\d{1,5})$/;

const BROKERS = "must be an array of host:port, for instance ['localhost:9092']";

/** The options of the connection to Kafka; `TransportOptions` documents them. */
export const transportOptionsShape = lazySchema((z) => {
  const broker = z.string().refine((value) => {
    const port = Number(BROKER.exec(value)?.[1]);
    return port >= 1 && port <= 65_535;
  }, 'must be host:port');

  const pem = z.string().includes('-----BEGIN ', { error: 'must be PEM text, not a path' });

  const sslSchema = z.union([
    z.boolean(),
    z
      .strictObject({
        ca: pem.optional(),
        cert: pem.optional(),
        key: pem.optional(),
        passphrase: z.string().optional(),
      })
      .refine(({ cert, key }) => (cert === undefined) === (key === undefined), 'cert and key go together'),
  ]);

  const saslSchema = z.discriminatedUnion('mechanism', [
    z.strictObject({
      mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
      username: z.string().min(1),
      password: z.string().min(1),
    }),
    z.strictObject({
      mechanism: z.literal('oauthbearer'),
      /** Called before each expiry of the token that it gave last. */
      token: z.custom<() => Promise<OauthToken>>((value) => typeof value === 'function', 'must be a function'),
    }),
  ]);

  const settings = z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .superRefine((section, context) => {
      for (const name of Object.keys(section)) {
        const owner = ownedBy(name);
        if (owner !== undefined) context.addIssue({ code: 'custom', path: [name], message: owner });
      }
    });

  return {
    brokers: z.array(broker, BROKERS).min(1, BROKERS).readonly(),
    clientId: z.string().regex(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 visible ASCII characters'),
    connection: z.strictObject({ ssl: sslSchema.default(false), sasl: saslSchema.optional() }).default({ ssl: false }),
    librdkafka: z
      .strictObject({ global: settings.default({}), producer: settings.default({}), consumer: settings.default({}) })
      .default({ global: {}, producer: {}, consumer: {} }),
    groupProtocol: z.enum(['classic', 'consumer']).default('consumer'),
    maxRecordBytes: z.int().min(1_000).max(900_000_000).default(1_000_000),
    deliveryTimeoutMs: z.int().min(1_000).max(86_400_000).default(120_000),
    connectTimeoutMs: z.int().min(100).max(600_000).default(10_000),
  };
});

interface GroupProtocolSettings {
  readonly groupProtocol: 'classic' | 'consumer';
  readonly librdkafka: Readonly<Record<'global' | 'producer' | 'consumer', object>>;
}

/** The one check that concerns more than one option; whoever composes the shape adds it. */
export function checkGroupProtocol(options: GroupProtocolSettings, context: z.RefinementCtx): void {
  if (options.groupProtocol !== 'consumer') return;
  for (const section of ['global', 'consumer'] as const) {
    for (const name of Object.keys(options.librdkafka[section]).filter(isDecidedByBroker)) {
      const message = "with groupProtocol 'consumer' the broker decides it; set it there for the group";
      context.addIssue({ code: 'custom', path: ['librdkafka', section, name], message });
    }
  }
}

/** The options above by themselves. */
export const transportOptionsSchema = lazySchema((z) =>
  z.strictObject(transportOptionsShape()).superRefine(checkGroupProtocol),
);

/**
 * The options of the connection to Kafka.
 *
 * - `brokers`: some brokers of the cluster, each `host:port`; the others are found through them
 * - `clientId`: how logs and quotas of the brokers name this application
 * - `connection.ssl`: `true` for TLS with the system's certificate authorities, or PEM texts. Default: no TLS
 * - `connection.sasl`: credentials. Default: none. `oauthbearer` calls `token()` before each expiry
 * - `librdkafka`: settings handed to librdkafka as they are, to every client, to producers, to consumers; those
 *   that this library owns are refused by name. Default: none
 * - `groupProtocol`: `consumer` is the group protocol of KIP-848 (brokers from 4.0), `classic` the one before it,
 *   with cooperative-sticky assignment. Default `consumer`
 * - `maxRecordBytes`: the largest record that is sent, counted as key, value, headers and 70 bytes. Default
 *   1,000,000, which fits the default `message.max.bytes` of a broker
 * - `deliveryTimeoutMs`: how long a record may wait for the broker's acknowledgement. Default 120,000
 * - `connectTimeoutMs`: how long connecting, and asking for a topic, may take. Default 10,000
 *
 * @interface
 */
export type TransportOptions = z.input<ReturnType<typeof transportOptionsSchema>>;

/** The options of the connection to Kafka with their defaults filled in. */
export type ResolvedTransportOptions = z.output<ReturnType<typeof transportOptionsSchema>>;
