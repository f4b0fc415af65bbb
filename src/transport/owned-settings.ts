// Settings of librdkafka that must not be passed through: each is set from an option of this library, or
// changing it would break something this library promises. Aliases are listed because both names work.

const OWNED: readonly { readonly because: string; readonly names: readonly string[] }[] = [
  { because: 'use the option brokers', names: ['bootstrap.servers', 'metadata.broker.list'] },
  { because: 'use the option clientId', names: ['client.id'] },
  { because: 'use the option groupProtocol', names: ['group.protocol', 'partition.assignment.strategy'] },
  { because: 'use the option maxRecordBytes', names: ['message.max.bytes', 'max.request.size'] },
  { because: 'use the option deliveryTimeoutMs', names: ['message.timeout.ms', 'delivery.timeout.ms'] },
  {
    because: 'use the option connection',
    names: [
      'security.protocol',
      'sasl.mechanism',
      'sasl.mechanisms',
      'sasl.username',
      'sasl.password',
      'sasl.oauthbearer.config',
      'sasl.oauthbearer.method',
      'enable.sasl.oauthbearer.unsecure.jwt',
      'oauthbearer_token_refresh_cb',
      'ssl.ca.pem',
      'ssl.certificate.pem',
      'ssl.key.pem',
      'ssl.key.password',
    ],
  },
  {
    because: 'tenantry owns it: records are idempotent, acknowledged by all replicas and in order per key',
    names: [
      'enable.idempotence',
      'enable.gapless.guarantee',
      'acks',
      'request.required.acks',
      'max.in.flight',
      'max.in.flight.requests.per.connection',
      'retries',
      'message.send.max.retries',
      'partitioner',
      'partitioner_cb',
      'sticky.partitioning.linger.ms',
      'delivery.report.only.error',
      'queuing.strategy',
      'transactional.id',
      'transaction.timeout.ms',
    ],
  },
  {
    because: 'tenantry owns it: it names the groups, and decides itself where to read and what to commit',
    names: [
      'group.id',
      'group.instance.id',
      'enable.auto.commit',
      'auto.commit.enable',
      'auto.commit.interval.ms',
      'enable.auto.offset.store',
      'auto.offset.reset',
      'offset.store.method',
      'enable.partition.eof',
      'isolation.level',
      'allow.auto.create.topics',
    ],
  },
  {
    because: 'tenantry owns it: callbacks of the client',
    names: [
      'dr_cb',
      'dr_msg_cb',
      'event_cb',
      'error_cb',
      'log_cb',
      'log.queue',
      'stats_cb',
      'statistics.interval.ms',
      'throttle_cb',
      'rebalance_cb',
      'offset_commit_cb',
      'consume_cb',
      'queue_non_empty_cb',
      'background_event_cb',
      'enabled_events',
    ],
  },
  {
    because: 'not supported: it changes what the client is',
    names: ['plugin.library.paths', 'test.mock.num.brokers', 'test.mock.broker.rtt', 'opaque', 'topic', 'partition'],
  },
];

/** librdkafka refuses to start where one of these is set for the protocol of KIP-848. */
const BROKER_DECIDES: ReadonlySet<string> = new Set([
  'session.timeout.ms',
  'heartbeat.interval.ms',
  'group.protocol.type',
]);

const reasons = new Map(OWNED.flatMap(({ because, names }) => names.map((name) => [name, because] as const)));

/**
 * Why a setting may not be passed through.
 *
 * @returns undefined where it may
 */
export function ownedBy(setting: string): string | undefined {
  return reasons.get(setting);
}

/** Whether the broker decides a setting under the group protocol of KIP-848. */
export function isDecidedByBroker(setting: string): boolean {
  return BROKER_DECIDES.has(setting);
}
