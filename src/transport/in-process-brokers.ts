/** Creates a topic on a broker that has no request for it. */
export type CreateTopicInProcess = (topic: string) => Promise<void>;

const creators = new Map<string, CreateTopicInProcess>();

/**
 * Announces brokers that run inside this process (`EmbeddedKafka`). They have no controller, so a request to
 * create a topic would wait for one until it times out, on a client that cannot tell why. The way they do
 * create topics, by being asked about one that does not exist, must never be tried on another broker: one with
 * `auto.create.topics.enable` would make the topic with partitions nobody chose.
 *
 * @returns a function that takes the announcement back
 */
export function announceInProcessBrokers(brokers: readonly string[], create: CreateTopicInProcess): () => void {
  for (const broker of brokers) creators.set(broker, create);
  return () => {
    for (const broker of brokers) creators.delete(broker);
  };
}

/**
 * What a consumer of brokers in this process is configured with: they answer a fetch that finds nothing only
 * when its time is over, not when records come, so the default of 500 ms would be the latency of every event.
 */
export function inProcessConsumerSettings(brokers: readonly string[]): Readonly<Record<string, number>> {
  return inProcessTopicCreator(brokers) === undefined ? {} : { 'fetch.wait.max.ms': 10 };
}

/** How a topic is created where these brokers run inside this process. */
export function inProcessTopicCreator(brokers: readonly string[]): CreateTopicInProcess | undefined {
  const [first] = brokers;
  return first === undefined ? undefined : creators.get(first);
}
