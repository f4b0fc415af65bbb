import { deadLetter } from '../../src/consumer/handling/handler-verdict.js';
import { Noted, Whispered } from './contracts.js';
import type { ConsumeHarness, ConsumerProcess } from './consume-harness.js';
import { Hidden, Stated } from './engine-simulation-events.js';
import type { SimulatedLogs } from './engine-simulation-logs.js';

/** A group beside the one that is simulated, with dead letters of its own: no redrive of the other is for it. */
export class Bystander {
  static readonly groupId = '_shared.bystanders';
  readonly #wrong: (what: string) => void;
  #process: ConsumerProcess | undefined;

  constructor(wrong: (what: string) => void) {
    this.#wrong = wrong;
  }

  async start(harness: ConsumeHarness, logs: SimulatedLogs): Promise<void> {
    this.#process = await harness.start(
      (consumer) =>
        consumer.on([Noted, Whispered, Stated, Hidden], ({ id }, { redriven, record }) => {
          if (redriven) this.#wrong(`${record.topic}@${record.offset} is redriven in another group`);
          if (logs.find(id)?.outcomes.includes('deadLetter') === true) throw deadLetter('as planned');
        }),
      { groupId: Bystander.groupId },
    );
  }

  end(): void {
    this.#process?.kill();
  }
}
