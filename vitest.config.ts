import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { mutationPlugin } from './test/mutations/plugin.ts';
import { missingTools } from './scripts/kafka/install-kafka.ts';
import { canHaveLocalStack } from './scripts/localstack/install-localstack.ts';
import { hasRedis } from './scripts/redis/start-redis.ts';

const src = (path: string): string => fileURLToPath(new URL(`src/${path}`, import.meta.url));

// Tests import the package by its name, as users do; no build is needed first.
const alias = [
  { find: /^tenantry$/, replacement: src('index.ts') },
  { find: /^tenantry\/(contract|testing)$/, replacement: src('$1/index.ts') },
  {
    find: /^tenantry\/(aws-kms|azure-keyvault|google-kms|redis|vault)$/,
    replacement: src('integrations/$1/index.ts'),
  },
];

const isCi = Boolean(process.env['CI']);

// In CI a missing Java is installed or the run fails; elsewhere these tests are left out, and it says so.
const missing = isCi || process.env['TENANTRY_TEST_BROKERS'] !== undefined ? [] : missingTools();
const hasRealKafka = missing.length === 0;
if (!hasRealKafka) {
  const what = missing.join(' and ');
  console.warn(
    `Skipping test/kafka/real and test/redis/crash.test.ts: no ${what}. Install Java 17 and Maven, or set TENANTRY_TEST_BROKERS.\n`,
  );
}

// The same holds for Redis.
const hasRealRedis = isCi || hasRedis();
if (!hasRealRedis) console.warn('Skipping test/redis: no redis-server. Install it.\n');

// And for LocalStack.
const hasAwsKms = isCi || canHaveLocalStack();
if (!hasAwsKms) console.warn('Skipping test/key-services/aws-kms.test.ts: no Python 3.11 with pip. Install them.\n');

// The native addon aborts in a worker thread, so every project runs in child processes.
const common = { pool: 'forks', restoreMocks: true, unstubEnvs: true } as const;

// Files with brokers wait for sessions, rebalances and start-ups most of the time, so more of them run at once than a
// small machine has cores. After the unit tests, which need the cores; all with the same number, or they would run
// project by project.
const withBrokers = { maxWorkers: 3, sequence: { groupOrder: 1 } } as const;

const mutation = process.env['TENANTRY_MUTATION'];

const unit: TestProjectConfiguration = {
  resolve: { alias },
  plugins: mutation === undefined ? [] : [mutationPlugin(mutation)],
  // The time-out only tells a hang; property tests are slow on a busy machine.
  test: { ...common, name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 30_000 },
};

// Against the broker in the process (EmbeddedKafka).
const kafka: TestProjectConfiguration = {
  resolve: { alias },
  test: {
    ...common,
    name: 'kafka',
    include: ['test/kafka/**/*.test.ts'],
    exclude: ['test/kafka/real/**'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    ...withBrokers,
  },
};

// Against a real Apache Kafka, which test/kafka/real/global-setup.ts finds or starts once.
const kafkaReal: TestProjectConfiguration = {
  resolve: { alias },
  test: {
    ...common,
    name: 'kafka-real',
    include: hasRealKafka ? ['test/kafka/real/**/*.test.ts'] : [],
    globalSetup: 'test/kafka/real/global-setup.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    ...withBrokers,
  },
};

// Against a real Redis, which the tests start.
const redis: TestProjectConfiguration = {
  resolve: { alias },
  test: {
    ...common,
    name: 'redis',
    include: hasRealRedis ? ['test/redis/**/*.test.ts'] : [],
    exclude: hasRealKafka ? [] : ['test/redis/crash.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    ...withBrokers,
  },
};

// Against LocalStack, which the test of AWS KMS starts, and small servers of ours.
const keyServices: TestProjectConfiguration = {
  resolve: { alias },
  test: {
    ...common,
    name: 'key-services',
    include: ['test/key-services/**/*.test.ts'],
    exclude: hasAwsKms ? [] : ['test/key-services/aws-kms.test.ts'],
    testTimeout: 60_000,
    // Fetching LocalStack takes its time.
    hookTimeout: 600_000,
    ...withBrokers,
  },
};

// Against the second opener of envelopes, examples/python-opener.
const python: TestProjectConfiguration = {
  resolve: { alias },
  // Fetching its packages takes its time.
  test: { ...common, name: 'python', include: ['test/python/**/*.test.ts'], testTimeout: 120_000, ...withBrokers },
};

export default defineConfig({
  test: {
    projects: [unit, kafka, redis, keyServices, python, kafkaReal],
    reporters: isCi ? ['default', ['json', { outputFile: 'coverage/test-results.json' }]] : ['default'],
    coverage: { provider: 'v8', include: ['src/**'] },
  },
});
