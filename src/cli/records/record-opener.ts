import type { ConsumedEvent } from '../../api/consumed-event.js';
import type { HandlerPolicy } from '../../consumer/handling/handler-policy.js';
import { HandlerTable } from '../../consumer/handling/handler-table.js';
import { openEvent } from '../../consumer/handling/open-event.js';
import type { GuardedRecord } from '../../consumer/handling/tenant-guard.js';
import { isTenantryError } from '../../core/errors.js';
import { createEnvelopeCipher, type EnvelopeCipher } from '../../encryption/envelope-cipher.js';
import type { ReceivedRecord } from '../../record/wire-record.js';
import { jsonSerde } from '../../serde/json-serde.js';
import { makeSerde } from '../../serde/serde-option.js';
import type { ValueSerde } from '../../serde/value-serde.js';
import { telemetrySchema } from '../../telemetry/options.js';
import { Telemetry } from '../../telemetry/telemetry.js';
import type { Cluster } from '../cluster.js';
import { commandClock } from '../command-clock.js';

/** What a record holds: its event, or why that is not told, an error code or that no contract describes it. */
export type OpenedRecord =
  { readonly state: 'opened'; readonly event: ConsumedEvent } | { readonly state: 'closed'; readonly code: string };

/** A record is not opened because no contract of the settings describes it. */
export const NO_CONTRACT = 'NO_CONTRACT';

/** Opens records as a consumer does that handles all contracts of the settings. */
export class RecordOpener {
  readonly #handlers: HandlerTable;
  readonly #cipher: EnvelopeCipher | undefined;
  readonly #serde: ValueSerde;

  private constructor(handlers: HandlerTable, cipher: EnvelopeCipher | undefined, serde: ValueSerde) {
    this.#handlers = handlers;
    this.#cipher = cipher;
    this.#serde = serde;
  }

  /** @throws TenantryError `INVALID_OPTIONS`, `CONTRACT_CONFLICT` */
  static async of({ settings, client }: Pick<Cluster, 'settings' | 'client'>): Promise<RecordOpener> {
    const handlers = new HandlerTable();
    for (const contract of await settings.contracts()) handlers.add(contract, neverCalled, policy());
    const telemetry = new Telemetry({
      clock: commandClock,
      logger: client.logger,
      options: telemetrySchema().parse({}),
    });
    const ports = { clock: commandClock, telemetry };
    const { encryption, serde, directory } = client;
    return new RecordOpener(
      handlers,
      encryption && createEnvelopeCipher(encryption, { ...ports, directory }),
      (serde && makeSerde(serde, ports)) ?? jsonSerde,
    );
  }

  /** @param guarded - what the guard has found; only records that keep to their boundary are opened */
  async open(record: ReceivedRecord, guarded: GuardedRecord, logicalTopic: string): Promise<OpenedRecord> {
    const route = this.#handlers.find(guarded.eventType, logicalTopic);
    if (typeof route === 'string') return { state: 'closed', code: NO_CONTRACT };
    const parts = { cipher: this.#cipher, serde: this.#serde, handlers: this.#handlers };
    try {
      return { state: 'opened', event: await openEvent({ record }, guarded, route, parts) };
    } catch (error) {
      if (isTenantryError(error)) return { state: 'closed', code: error.code };
      throw error;
    }
  }

  /** Keys are forgotten. */
  close(): void {
    this.#cipher?.close();
  }
}

function neverCalled(): undefined {
  return undefined;
}

function policy(): HandlerPolicy {
  const retry = { attempts: 1, backoffMs: 1, maxBackoffMs: 1, isRetryable: () => false };
  return { retry, timeoutMs: 1 };
}
