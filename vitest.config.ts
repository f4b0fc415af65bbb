import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { mutationPlugin } from './test/mutations/plugin.ts';
import { missingTools } from './scripts/kafka/install-kafka.ts';
import { canHaveLocalStack } from './scripts/localstack/install-localstack.ts';
import { canHaveRegistry } from './scripts/registry/install-registry.ts';
import { hasRedis } from './scripts/redis/start-redis.ts';

const src = (path: string): string => fileURLToPath(new URL(`src/${path}`, import.meta.url));

// Tests import the package by its name, as users do; no build is needed first.
const alias = [
  { find: /^tenantry$/, replacement: src('index.ts') },
  { find: /^tenantry\/(contract|testing)$/, replacement: src('$1/index.ts') },
  {
    find: /^tenantry\/(aws-kms|azure-keyvault|fastify|google-kms|nestjs|redis|registry|vault)$/,
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

// And for the schema registry.
const hasRegistry = isCi || canHaveRegistry();
if (!hasRegistry)
  console.warn('Skipping test/registry: no Maven, or neither Java 21 nor Python 3.9 with pip. Install them.\n');

// The native addon aborts in a worker thread, so every project runs in child processes.
const common = {
  pool: 'forks' as const,
  restoreMocks: true,
  unstubEnvs: true,
  setupFiles: ['test/support/secrets/setup.ts', 'test/support/property-seed.ts'],
};

// Files with brokers wait for sessions, rebalances and start-ups most of the time, so more of them run at once than a
// small machine has cores. After the unit tests, which need the cores; all with the same number, or they would run
// project by project.
const withBrokers = { maxWorkers: 4, sequence: { groupOrder: 1 } } as const;

const mutation = process.env['TENANTRY_MUTATION'];

// One core stands idle otherwise, which is half of a small machine.
const everyCore = { maxWorkers: '100%' } as const;

const ofUnits = {
  resolve: { alias },
  plugins: mutation === undefined ? [] : [mutationPlugin(mutation)],
} satisfies TestProjectConfiguration;

// Nothing in these lives longer than a test, so their files share processes: to start one takes longer than most of them.
const sharing = [
  'test/unit/{admin,contract,core,docs,encryption,erasure,examples,producer,rate-limit}/**/*.test.ts',
  'test/unit/{record,routing,scripts,serde,storm,tenant,transport}/**/*.test.ts',
  'test/unit/consumer/{control,group,handling,ledger,reading}/**/*.test.ts',
  'test/unit/testing/{fixtures,in-memory,verify}/**/*.test.ts',
  'test/unit/*.test.ts',
];

// The time-out only tells a hang; property tests are slow on a busy machine.
const unit: TestProjectConfiguration = {
  ...ofUnits,
  test: {
    ...common,
    name: 'unit',
    include: ['test/unit/**/*.test.ts'],
    exclude: sharing,
    testTimeout: 30_000,
    ...everyCore,
  },
};

const unitShared: TestProjectConfiguration = {
  ...ofUnits,
  test: { ...common, name: 'unit-shared', include: sharing, isolate: false, testTimeout: 30_000, ...everyCore },
};

// Processes and brokers that are killed again and again: `npm run test:long`.
const long = [
  { file: 'test/kafka/bridge.test.ts', canRun: true },
  { file: 'test/kafka/real/crash.test.ts', canRun: hasRealKafka },
  { file: 'test/kafka/real/outage.test.ts', canRun: hasRealKafka },
  { file: 'test/redis/crash.test.ts', canRun: hasRealKafka && hasRealRedis },
];
const longFiles = long.map(({ file }) => file);
const untilTheEnd: TestProjectConfiguration = {
  resolve: { alias },
  test: {
    ...common,
    name: 'long',
    include: long.filter(({ canRun }) => canRun).map(({ file }) => file),
    testTimeout: 60_000,
    hookTimeout: 60_000,
    ...withBrokers,
  },
};

// Against the broker in the process (EmbeddedKafka).
const kafka: TestProjectConfiguration = {
  resolve: { alias },
  test: {
    ...common,
    name: 'kafka',
    include: ['test/kafka/**/*.test.ts'],
    exclude: ['test/kafka/real/**', ...longFiles],
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
    exclude: longFiles,
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
    exclude: longFiles,
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

// Against Apicurio, which the tests start.
const registry: TestProjectConfiguration = {
  resolve: { alias },
  test: {
    ...common,
    name: 'registry',
    include: hasRegistry ? ['test/registry/**/*.test.ts'] : [],
    testTimeout: 60_000,
    // Fetching Apicurio takes its time.
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

// Those first that fetch what they need the first time, so that nobody waits for it in the end.
const projects = [unit, unitShared, keyServices, registry, python, redis, kafkaReal, kafka, untilTheEnd];

/** Runs the projects in the order in which they stand here, not by name. */
class AsListed extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ project }: TestSpecification): number =>
      projects.findIndex(({ test }) => test?.name === project.name);
    return (await super.sort(files)).sort((one, other) => placeOf(one) - placeOf(other));
  }
}

export default defineConfig({
  test: {
    projects,
    sequence: { sequencer: AsListed },
    // What a planted bug has changed must not be found again without it.
    experimental: { fsModuleCache: mutation === undefined },
    reporters: isCi ? ['default', ['json', { outputFile: 'coverage/test-results.json' }]] : ['default'],
    coverage: { provider: 'v8', include: ['src/**'] },
  },
});
