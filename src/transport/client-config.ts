import type { Clock } from '../core/clock.js';
import { describeForeignError } from '../core/errors.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { DriverConfig } from './driver-types.js';
import type { OauthToken, ResolvedTransportOptions } from './options.js';
import { inProcessConsumerSettings } from './in-process-brokers.js';
import type { GroupConsumerOptions, ReaderOptions } from './port.js';

/** What surrounds a client: time, and where its log events go. */
export interface TransportContext {
  readonly clock: Clock;
  readonly telemetry: Pick<Telemetry, 'log'>;
}

/** Room for what a copy adds to a record of the largest size: headers that say where it came from. */
const MESSAGE_HEADROOM_BYTES = 1_048_576;

/** Configuration of the producer's client. */
export function producerConfig(options: ResolvedTransportOptions, context: TransportContext): DriverConfig {
  return {
    'linger.ms': 5,
    // What waits here is bounded by the caller's window of records and bytes; a second bound would only surprise.
    'queue.buffering.max.messages': 1_000_000,
    'queue.buffering.max.kbytes': 2_147_483_647,
    ...passedThrough(options, 'producer'),
    ...commonConfig(options, options.clientId, context),
    'enable.idempotence': true,
    acks: -1,
    // Only for records without a partition: copies that carry no key of ours.
    partitioner: 'murmur2_random',
    'message.max.bytes': options.maxRecordBytes + MESSAGE_HEADROOM_BYTES,
    // A topic's limit is one of batches: a batch of copies must not be larger than the topic takes a record.
    'batch.size': Math.min(1_000_000, options.maxRecordBytes),
    'message.timeout.ms': options.deliveryTimeoutMs,
  };
}

/** Configuration of a group consumer's client. */
export function groupConsumerConfig(
  options: ResolvedTransportOptions,
  group: GroupConsumerOptions,
  context: TransportContext,
): DriverConfig {
  return {
    // librdkafka's own limits (100,000 records a partition, 64 MB) are most of a consumer's memory under backlog.
    'queued.min.messages': 10_000,
    'queued.max.messages.kbytes': 16_384,
    // A broker answers in turn: what is asked of it waits behind a fetch that waits for records.
    'fetch.wait.max.ms': 100,
    ...passedThroughToConsumer(options),
    ...consumerConfig(options, group, context),
    // All that tells of a rebalance which others began, see GroupAssignment; the consumer protocol has none such.
    ...(options.groupProtocol === 'classic' && { 'statistics.interval.ms': 1_000 }),
  };
}

/**
 * Configuration of a reader's client. It moves often, and what was fetched ahead is fetched in vain then: so it
 * fetches little, whatever the application sets for its consumers.
 */
export function readerConfig(
  options: ResolvedTransportOptions,
  reader: ReaderOptions,
  context: TransportContext,
): DriverConfig {
  return {
    // A fetch that waits at the end of a log holds up the one after the next move.
    'fetch.wait.max.ms': 50,
    ...passedThroughToConsumer(options),
    ...consumerConfig(options, { ...reader, clientIdSuffix: joined(reader.clientIdSuffix, 'reader') }, context),
    'queued.min.messages': 1_000,
    'queued.max.messages.kbytes': 2_048,
    'fetch.message.max.bytes': 262_144,
  };
}

/** What every consumer has in common, over what was passed through. */
function consumerConfig(
  options: ResolvedTransportOptions,
  { groupId, clientIdSuffix }: GroupConsumerOptions | ReaderOptions,
  context: TransportContext,
): DriverConfig {
  return {
    ...commonConfig(options, joined(options.clientId, clientIdSuffix), context),
    'group.id': groupId,
    'group.protocol': options.groupProtocol,
    ...(options.groupProtocol === 'classic' && { 'partition.assignment.strategy': 'cooperative-sticky' }),
    'enable.auto.commit': false,
    'enable.auto.offset.store': false,
    'auto.offset.reset': 'error',
    'enable.partition.eof': true,
    'isolation.level': 'read_committed',
  };
}

function passedThroughToConsumer(options: ResolvedTransportOptions): DriverConfig {
  return {
    // With a small queue the default pause of 1 s after it was full would leave the reader without records.
    'fetch.queue.backoff.ms': 20,
    ...inProcessConsumerSettings(options.brokers),
    ...passedThrough(options, 'consumer'),
  };
}

/** Configuration of the admin client. */
export function adminConfig(options: ResolvedTransportOptions, context: TransportContext): DriverConfig {
  return { ...passedThrough(options, 'global'), ...commonConfig(options, `${options.clientId}-admin`, context) };
}

function passedThrough(options: ResolvedTransportOptions, section: 'global' | 'producer' | 'consumer'): DriverConfig {
  const settings = { ...options.librdkafka.global, ...options.librdkafka[section] };
  // The client formats integers beyond 32 bits wrongly; as text they arrive as they are.
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]));
}

function joined(name: string, suffix: string): string {
  return [name, suffix].filter((part) => part !== '').join('-');
}

function commonConfig(options: ResolvedTransportOptions, clientId: string, context: TransportContext): DriverConfig {
  return {
    'bootstrap.servers': options.brokers.join(','),
    'client.id': clientId,
    // A topic comes into being by createTopics only: a broker that makes one up chooses its partitions.
    'allow.auto.create.topics': false,
    ...securityConfig(options.connection, context),
  };
}

function securityConfig(
  { ssl, sasl }: ResolvedTransportOptions['connection'],
  context: TransportContext,
): DriverConfig {
  const encrypted = ssl !== false;
  const pem = typeof ssl === 'object' ? ssl : {};
  return {
    'security.protocol': `${sasl === undefined ? '' : 'sasl_'}${encrypted ? 'ssl' : 'plaintext'}`,
    ...(pem.ca !== undefined && { 'ssl.ca.pem': pem.ca }),
    ...(pem.cert !== undefined && { 'ssl.certificate.pem': pem.cert }),
    ...(pem.key !== undefined && { 'ssl.key.pem': pem.key }),
    ...(pem.passphrase !== undefined && { 'ssl.key.password': pem.passphrase }),
    ...(sasl !== undefined && { 'sasl.mechanisms': sasl.mechanism.toUpperCase() }),
    ...(sasl !== undefined && 'username' in sasl && { 'sasl.username': sasl.username, 'sasl.password': sasl.password }),
    ...(sasl !== undefined && 'token' in sasl && { oauthbearer_token_refresh_cb: tokenRefresh(sasl.token, context) }),
  };
}

interface DriverToken {
  readonly tokenValue: string;
  readonly principal: string;
  /** Milliseconds since the Unix epoch. */
  readonly lifetime: number;
  readonly extensions: Readonly<Record<string, string>>;
}

function tokenRefresh(
  token: () => Promise<OauthToken>,
  { clock, telemetry }: TransportContext,
): () => Promise<DriverToken> {
  return async () => {
    try {
      const { value, principal, lifetimeMs, extensions = {} } = await token();
      return { tokenValue: value, principal, lifetime: Math.floor(clock.nowMs() + lifetimeMs), extensions };
    } catch (error) {
      telemetry.log('tokenProviderFailed', { error: describeForeignError(error) });
      // The client repeats this text in its logs, so it must not be the provider's.
      // eslint-disable-next-line preserve-caught-error -- a cause would carry what must not leave
      throw new Error('the token provider failed');
    }
  };
}
