import type { ConsumerOptions } from '../../src/api/consumer.js';
import type { TenantId } from '../../src/core/tenant-id.js';
import { createEnvelopeCipher } from '../../src/encryption/envelope-cipher.js';
import { envelopeEncryption, type EnvelopeEncryptionOptions } from '../../src/encryption/encryption-options.js';
import type { TenantDirectory, TenantProfile } from '../../src/tenant/directory.js';
import { Lettered, Signed, Whispered } from './contracts.js';
import { ConsumeHarness, type ConsumerProcess } from './consume-harness.js';
import { FaultyKeyService, type Mood } from './faulty-key-service.js';
import { eventRecord, header } from './records.js';

/** Every form of a protected record. */
export const FORMS = ['sealed value', 'authentic value', 'tombstone', 'sealed fields'] as const;
export type Form = (typeof FORMS)[number];

const CONTRACTS = {
  'sealed value': Whispered,
  'authentic value': Signed,
  tombstone: Signed,
  'sealed fields': Lettered,
} as const;

/** Consumers with the real cipher, on a key service whose moods can be told by tenant, and a directory that can change. */
export class ErasureScene {
  readonly harness = new ConsumeHarness();
  readonly service: FaultyKeyService;
  readonly profiles = new Map<TenantId, TenantProfile>();
  readonly directory: TenantDirectory = { get: (tenantId) => this.profiles.get(tenantId) ?? {} };
  /** What was handled, in order: tenant and event id. */
  readonly seen: string[] = [];
  moodOf: (tenantId: TenantId) => Mood = () => 'up';
  readonly #producer;
  #written = 0;

  constructor(tenants: readonly TenantId[]) {
    const { clock } = this.harness;
    this.service = new FaultyKeyService(clock, tenants);
    this.service.mood = (tenantId, call) => (call === 'generate' ? 'now' : this.moodOf(tenantId));
    this.#producer = createEnvelopeCipher(envelopeEncryption({ kms: this.service }), {
      clock,
      telemetry: { log: () => undefined },
    });
  }

  /** The id of the key that a tenant's records are sealed under. */
  kekOf(tenantId: TenantId): string {
    return this.service.kekIds(tenantId)[0]?.toString('hex') ?? '';
  }

  /** Enters that the tenant's key is erased. */
  enter(tenantId: TenantId): void {
    this.profiles.set(tenantId, { erasedKeks: [this.kekOf(tenantId)] });
  }

  async start(
    options: ConsumerOptions = {},
    encryption: Partial<EnvelopeEncryptionOptions> = {},
  ): Promise<ConsumerProcess> {
    const sealed = envelopeEncryption({ kms: this.service, ...encryption });
    return this.harness.start(
      (consumer) =>
        consumer.on([Whispered, Signed, Lettered], ({ tenantId, id }) => {
          this.seen.push(`${tenantId} ${id}`);
        }),
      { options, directory: this.directory, cipher: (ports) => createEnvelopeCipher(sealed, ports) },
    );
  }

  /** Writes a record and gives its event id. */
  write(tenantId: TenantId, form: Form = 'sealed value', aggregate = 'n1'): string {
    const eventId = `e${this.#written++}`;
    const { topic, eventType } = CONTRACTS[form];
    const recordKey = Buffer.from(`${tenantId}:${aggregate}`);
    const identity = { tenantId, logicalTopic: topic, recordKey, eventType, eventId };
    const readable = form === 'tombstone' ? null : Buffer.from(JSON.stringify({ id: aggregate }));
    const sketch = { topic, tenant: tenantId, aggregate, eventType, eventId };
    if (form === 'sealed value') {
      const value = this.#producer.sealValue(identity, Buffer.from(JSON.stringify({ id: aggregate })), 1) as Buffer;
      this.harness.kafka.append(eventRecord({ ...sketch, value }));
      return eventId;
    }
    const seal =
      form === 'sealed fields' && readable !== null
        ? this.#producer.sealFields(identity, readable, Buffer.from('{"/note":"secret"}'), 1)
        : this.#producer.sealDetached(identity, readable, 1);
    this.harness.kafka.append(
      eventRecord({ ...sketch, value: readable, moreHeaders: [header('tenantry-seal', seal as Buffer)] }),
    );
    return eventId;
  }

  /** Every copy in dead letters and quarantine. */
  get copies(): unknown[] {
    const { harness } = this;
    return [
      '_shared.readers.notes.dlq',
      '_shared.readers.states.dlq',
      '_quarantine.notes',
      '_quarantine.states',
    ].flatMap((topic) => harness.copies(topic));
  }
}
