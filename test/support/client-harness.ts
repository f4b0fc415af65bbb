import type { ClientOptions } from '../../src/client/client-options.js';
import { TenantKafka } from '../../src/client/tenant-kafka.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';
import { useTransport } from './client-transport.js';
import { FakeKafka, type FakeTransport } from './fake-kafka.js';
import type { FakeProducer } from './fake-producer.js';

/**
 * A client on a fake cluster with the topics of the contracts in `contracts.ts`. Its test file has to mock the
 * driver's module: `vi.mock('…/src/transport/confluent-transport.js', …)` with `clientTransport`.
 */
export class ClientHarness {
  readonly clock = new VirtualClock();
  readonly kafka = new FakeKafka(this.clock);
  readonly transport: FakeTransport = this.kafka.transport();
  readonly client: TenantKafka;
  #adminsMade = 0;

  constructor(options: Partial<ClientOptions> = {}) {
    for (const topic of ['notes', 'states']) this.kafka.createTopic(topic);
    const { transport } = this;
    useTransport({
      ...transport,
      createAdmin: () => {
        this.#adminsMade += 1;
        return transport.createAdmin();
      },
    });
    this.client = new TenantKafka({ clientId: 'test', brokers: ['localhost:1'], clock: this.clock, ...options });
  }

  /** How often an administrative connection was opened. */
  get adminsMade(): number {
    return this.#adminsMade;
  }

  get producer(): FakeProducer {
    const [producer] = this.transport.producers;
    if (producer === undefined) throw new Error('the client has no producer');
    return producer;
  }

  /** The keys of what was handed to the brokers, in order. */
  get takenKeys(): string[] {
    return this.producer.taken.map(({ key }) => key?.toString() ?? '');
  }

  /** Moves time on until `work` has settled. */
  settle<T>(work: Promise<T>): Promise<T> {
    return this.clock.advanceUntil(work);
  }

  /** The code of the error that `work` ends with. */
  async codeOf(work: Promise<unknown>): Promise<unknown> {
    try {
      await this.settle(work);
    } catch (error) {
      return (error as { readonly code?: unknown }).code ?? error;
    }
    return 'no error';
  }
}
