/** A request that a broker knows, by its number, and in which versions. */
export interface BrokerApi {
  readonly apiKey: number;
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** What a broker's requests say of it. */
export interface KafkaLine {
  /** Which releases answer so. */
  readonly line: string;
  /** How it knows the group protocol `consumer`: before Kafka 4.0 as a preview at the most. */
  readonly consumerProtocol: 'offered' | 'preview' | 'unknown';
}

const FETCH = 1;
/** Kafka 4.0 dropped the versions below (KIP-896). */
const FETCH_SINCE_4_0 = 4;
/** The request with which members of the group protocol `consumer` stay in their group (KIP-848). */
const CONSUMER_GROUP_HEARTBEAT = 68;

/** Brokers do not tell their version, but which requests they know. Other products than Apache Kafka answer as they like. */
export function kafkaLine(apis: readonly BrokerApi[]): KafkaLine {
  const fetch = apis.find(({ apiKey }) => apiKey === FETCH);
  const isFour = fetch !== undefined && fetch.minVersion >= FETCH_SINCE_4_0;
  const hasProtocol = apis.some(({ apiKey }) => apiKey === CONSUMER_GROUP_HEARTBEAT);
  if (isFour) return { line: 'Kafka 4.0 or newer', consumerProtocol: hasProtocol ? 'offered' : 'unknown' };
  if (hasProtocol) return { line: 'Kafka 3.7 to 3.9', consumerProtocol: 'preview' };
  return { line: 'Kafka before 4.0', consumerProtocol: 'unknown' };
}
