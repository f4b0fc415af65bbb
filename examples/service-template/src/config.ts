import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const text = z.string().min(1);
const list = text.transform((value) => value.split(',').map((item) => item.trim()));
const milliseconds = z.coerce.number().int().min(0).max(300_000);

const common = {
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  HOST: text.default('0.0.0.0'),
  /** Of the API and of the health checks. */
  PORT: port.default(3000),
  /** Of `/metrics`, which is not for the outside. */
  METRICS_PORT: port.default(9464),
  KAFKA_USERNAME: text.optional(),
  KAFKA_PASSWORD: text.optional(),
  /** A key for each tenant, as JSON. The library reads it; see src/kafka.ts. */
  TENANTRY_KEYS: text,
  /** What each tenant may publish in a second, in one process. */
  EVENTS_PER_SECOND: z.coerce.number().min(1).default(500),
  /** Where handled events are remembered. Without it in this process only, which forgets them when it ends. */
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  /** How long the service still answers after it has said that it is not ready. */
  DRAIN_MS: milliseconds.default(5_000),
  /** How long work that is under way may take after that. */
  STOP_TIMEOUT_MS: milliseconds.default(15_000),
};

const development = z.object({
  ...common,
  NODE_ENV: z.literal('development'),
  /** Without it a broker runs inside this process, and forgets everything with it. */
  KAFKA_BROKERS: list.optional(),
  KAFKA_SSL: z.stringbool().default(false),
  /** Signs the tokens of `npm run token`. */
  JWT_SECRET: text.min(32),
});

const production = z.object({
  ...common,
  NODE_ENV: z.literal('production'),
  KAFKA_BROKERS: list,
  KAFKA_SSL: z.stringbool().default(true),
  JWT_ISSUER: text,
  JWT_AUDIENCE: text,
  /** Where the issuer publishes its keys. */
  JWT_JWKS_URL: z.url({ protocol: /^https$/ }),
});

const bothOrNeither = (env: { KAFKA_USERNAME?: string | undefined; KAFKA_PASSWORD?: string | undefined }) =>
  (env.KAFKA_USERNAME === undefined) === (env.KAFKA_PASSWORD === undefined);
// `when`: also where other variables are wrong, so that one error lists all of them.
const credentials = { path: ['KAFKA_PASSWORD'], error: 'goes together with KAFKA_USERNAME', when: () => true };

const environment = z.discriminatedUnion('NODE_ENV', [
  development.refine(bothOrNeither, credentials),
  production.refine(bothOrNeither, credentials),
]);

/** The settings of the service, from its environment. */
export type Config = z.output<typeof environment>;

/**
 * Reads the environment. What is not said to be development is production, so that nothing made for development
 * is ever taken there by mistake. An empty `NODE_ENV` says nothing either.
 *
 * @throws Error that lists every wrong variable, and none of their values
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const NODE_ENV = env['NODE_ENV'] === '' ? 'production' : (env['NODE_ENV'] ?? 'production');
  const result = environment.safeParse({ ...env, NODE_ENV });
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`);
  throw new Error(`The environment is wrong (NODE_ENV is ${NODE_ENV}):\n${problems.join('\n')}`);
}
