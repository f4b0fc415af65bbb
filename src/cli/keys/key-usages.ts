import { tenantryError } from '../../core/errors.js';
import type { TenantId } from '../../core/tenant-id.js';
import { tenantKek } from '../../encryption/tenant-kek.js';
import { parseRecordKey } from '../../record/record-key.js';
import type { ReceivedRecord } from '../../record/wire-record.js';
import { namedKeys, type NamedKeys, type SealState } from './named-keys.js';

/** How many records, and between which of their timestamps. */
export interface Extent {
  records: number;
  firstMs: number;
  lastMs: number;
}

/** Where a tenant's key is needed. */
export interface KeyUsage extends Extent {
  readonly tenantId: TenantId;
  readonly keyId: string;
  /** The offset of the last such record by `topic/partition`. */
  readonly lastOffsets: ReadonlyMap<string, number>;
  /** By data key id; empty where they were not asked for. */
  readonly dataKeys: ReadonlyMap<string, Extent>;
}

/** What was read of a topic, by what the records say of their seals; `noTenant` are sealed and their keys name no tenant. */
export type TopicTally = Record<SealState | 'noTenant', number>;

/** Which keys are told of; undefined is all. */
export interface KeySelection {
  readonly tenants: ReadonlySet<string> | undefined;
  readonly keyIds: ReadonlySet<string> | undefined;
  /** Whether the data keys are told apart. */
  readonly dataKeys: boolean;
}

interface OpenUsage extends KeyUsage {
  readonly lastOffsets: Map<string, number>;
  readonly dataKeys: Map<string, Extent>;
}

/** Keys, places of keys and data keys together: some 100 MB. Anybody who may write to a topic can make up more. */
const MAX_ENTRIES = 500_000;

/** Adds up which keys records name, in bounded memory. */
export class KeyUsages {
  readonly #selection: KeySelection;
  readonly #maxEntries: number;
  readonly #usages = new Map<string, OpenUsage>();
  readonly #tallies = new Map<string, TopicTally>();
  #entries = 0;

  constructor(selection: KeySelection, maxEntries = MAX_ENTRIES) {
    this.#selection = selection;
    this.#maxEntries = maxEntries;
  }

  /** @throws TenantryError `INVALID_STATE` where there are too many keys to keep */
  add(record: ReceivedRecord): void {
    const { state, keys } = namedKeys(record);
    const tenantId = parseRecordKey(record.key)?.tenantId;
    this.#tallyOf(record.topic)[state === 'sealed' && tenantId === undefined ? 'noTenant' : state] += 1;
    if (tenantId === undefined) return;
    const { tenants, keyIds } = this.#selection;
    if (tenants?.has(tenantId) === false) return;
    for (const named of keys) if (keyIds?.has(named.keyId) !== false) this.#count(tenantId, named, record);
  }

  /** By tenant, and by age of the first record. */
  usages(): readonly KeyUsage[] {
    const byTenant = (a: KeyUsage, b: KeyUsage): number => (a.tenantId < b.tenantId ? -1 : 1);
    return [...this.#usages.values()].sort((a, b) =>
      a.tenantId === b.tenantId ? a.firstMs - b.firstMs : byTenant(a, b),
    );
  }

  tallyOf(topic: string): Readonly<TopicTally> {
    return this.#tallyOf(topic);
  }

  #count(tenantId: TenantId, { keyId, dataKeyId }: NamedKeys, record: ReceivedRecord): void {
    const { timestampMs, offset } = record;
    const { name } = tenantKek(tenantId, Buffer.from(keyId, 'hex'));
    const usage = this.#entryOf<OpenUsage>(this.#usages, name, () => ({
      ...newExtent(timestampMs),
      tenantId,
      keyId,
      lastOffsets: new Map<string, number>(),
      dataKeys: new Map<string, Extent>(),
    }));
    extend(usage, timestampMs);
    const place = `${record.topic}/${record.partition}`;
    if (!usage.lastOffsets.has(place)) this.#grow();
    usage.lastOffsets.set(place, offset);
    if (!this.#selection.dataKeys) return;
    extend(
      this.#entryOf(usage.dataKeys, dataKeyId, () => newExtent(timestampMs)),
      timestampMs,
    );
  }

  #entryOf<V>(map: Map<string, V>, key: string, make: () => V): V {
    let value = map.get(key);
    if (value === undefined) {
      this.#grow();
      value = make();
      map.set(key, value);
    }
    return value;
  }

  #grow(): void {
    this.#entries += 1;
    if (this.#entries <= this.#maxEntries) return;
    throw tenantryError(
      'INVALID_STATE',
      `the records name more keys than can be kept (${this.#maxEntries}, with their places): ask for fewer with --tenant or --key, or without --data-keys`,
    );
  }

  #tallyOf(topic: string): TopicTally {
    let tally = this.#tallies.get(topic);
    if (tally === undefined) {
      tally = { sealed: 0, unsealed: 0, malformed: 0, unsupported: 0, noTenant: 0 };
      this.#tallies.set(topic, tally);
    }
    return tally;
  }
}

function newExtent(timestampMs: number): Extent {
  return { records: 0, firstMs: timestampMs, lastMs: timestampMs };
}

function extend(extent: Extent, timestampMs: number): void {
  extent.records += 1;
  extent.firstMs = Math.min(extent.firstMs, timestampMs);
  extent.lastMs = Math.max(extent.lastMs, timestampMs);
}
