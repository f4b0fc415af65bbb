import { crc32 } from 'node:zlib';
import {
  decodeMetadata,
  encodeMetadata,
  logHash,
  MAX_METADATA_CHARACTERS,
} from '../../src/consumer/ledger/commit-metadata.js';
import type { CommittedPosition, TopicPartition } from '../../src/transport/port.js';
import type { Place, SimulatedLogs } from './engine-simulation-logs.js';
import type { FakeKafka } from './fake-kafka.js';

/**
 * What others do to a group's offsets while it is down. `reset`: as kafka-consumer-groups does it. `mirror`: the
 * group goes on in another cluster, with the metadata of the first beside a translated offset. `plain`: a version
 * without cursors has handled some records. `base-only`: a version without extensions. `extended`: one with
 * extensions of its own. `foreign`: one with another form of metadata.
 */
export type ToolUse =
  | { readonly tool: 'reset'; readonly to: 'current' | number }
  | { readonly tool: 'mirror'; readonly otherCluster: boolean; readonly base: number }
  | { readonly tool: 'plain'; readonly records: number }
  | { readonly tool: 'base-only' | 'extended' | 'foreign' };

const MAGIC_CHARACTERS = 2;
const CRC_BYTES = 4;

/** Changes a group's offsets from outside, and says what the group owes to each record from then on. */
export class OtherTools {
  readonly #kafka: FakeKafka;
  readonly #groupId: string;
  readonly #logs: SimulatedLogs;
  readonly #deadLetters: readonly TopicPartition[];

  constructor(kafka: FakeKafka, groupId: string, logs: SimulatedLogs, deadLetters: readonly TopicPartition[]) {
    this.#kafka = kafka;
    this.#groupId = groupId;
    this.#logs = logs;
    this.#deadLetters = deadLetters;
  }

  use(use: ToolUse): void {
    // What is not in its log is neither mirrored, nor where another version could begin.
    const isWhole = this.#logs.places.every(({ cut }) => cut === undefined);
    if (use.tool === 'mirror' && !isWhole) return;
    if (use.tool === 'mirror' && use.otherCluster) this.#kafka.clusterId = `${this.#kafka.clusterId}'`;
    for (const place of this.#logs.places) {
      const kept = this.#kafka.group(this.#groupId).committed(place);
      if (use.tool === 'reset') this.#reset(place, kept, use.to);
      else if (use.tool === 'mirror') this.#mirror(place, kept, use.base);
      else if (kept.offset !== undefined && place.cut === undefined) this.#asVersion(place, kept, kept.offset, use);
    }
    for (const place of this.#deadLetters) this.#onDeadLetters(place, use);
  }

  /** What is due of a redrive is known from the control topic: whatever becomes of these offsets, it stays due. */
  #onDeadLetters(place: TopicPartition, use: ToolUse): void {
    const kept = this.#kafka.group(this.#groupId).committed(place);
    if (use.tool === 'reset') {
      const { lowOffset, highOffset } = this.#kafka.log(place.topic, place.partition).range;
      const wanted = use.to === 'current' ? (kept.offset ?? lowOffset) : use.to;
      this.#keep(place, Math.min(Math.max(wanted, lowOffset), highOffset), '', undefined);
    } else if (kept.offset !== undefined) {
      const metadata = this.#metadataAs(place, kept, kept.offset, use);
      if (metadata !== undefined) this.#keep(place, kept.offset, metadata, kept.leaderEpoch);
    }
  }

  #reset(place: Place, { offset }: CommittedPosition, to: 'current' | number): void {
    const { lowOffset, highOffset } = this.#logs.logOf(place).range;
    const wanted = to === 'current' ? (offset ?? lowOffset) : to;
    this.#set(place, Math.min(Math.max(wanted, lowOffset), highOffset), '');
  }

  #mirror(place: Place, kept: CommittedPosition, base: number): void {
    const log = this.#logs.logOf(place);
    const translated = (first: number): number | undefined => {
      if (kept.offset === undefined) return undefined;
      return first + log.records.filter(({ offset }) => offset < (kept.offset ?? 0)).length;
    };
    // Nothing tells clusters apart: beside an offset that happens to be its own the metadata would be believed.
    const isOwn = decodeMetadata(kept.metadata, translated(base) ?? 0, logHash(this.#kafka.logIdentity(place)));
    const first = isOwn === undefined ? base : base + 1;
    const to = translated(first);
    const offsets = log.renumber(first);
    place.records = place.records.filter(({ offset }) => offsets.has(offset));
    for (const placed of place.records) placed.offset = offsets.get(placed.offset) ?? 0;
    if (to === undefined) this.#logs.beginAt(place, first);
    else this.#set(place, to, kept.metadata);
  }

  #asVersion(place: Place, kept: CommittedPosition, offset: number, use: ToolUse): void {
    const { highOffset, lowOffset } = this.#logs.logOf(place).range;
    if (use.tool === 'plain') {
      // What retention has taken is not told lost by that version: it is no concern of ours.
      if (offset < lowOffset) return;
      const next = Math.min(highOffset, offset + use.records);
      for (const placed of place.records) if (placed.offset >= offset && placed.offset < next) placed.done = true;
      this.#set(place, next, '');
      return;
    }
    const metadata = this.#metadataAs(place, kept, offset, use);
    if (use.tool === 'foreign' && metadata !== undefined) this.#set(place, offset, metadata);
    else if (metadata !== undefined) this.#keep(place, offset, metadata, kept.leaderEpoch);
  }

  /** What another version has left beside an offset; undefined where it leaves it as it is. */
  #metadataAs(place: TopicPartition, kept: CommittedPosition, offset: number, { tool }: ToolUse): string | undefined {
    if (tool === 'foreign') return `t2${kept.metadata.slice(MAGIC_CHARACTERS)}`;
    if (tool !== 'base-only' && tool !== 'extended') return undefined;
    const log = logHash(this.#kafka.logIdentity(place));
    const told = decodeMetadata(kept.metadata, offset, log);
    if (told === undefined) return undefined;
    const base = encodeMetadata(told, log, MAX_METADATA_CHARACTERS).text;
    return tool === 'base-only' ? base : extended(base, kept.metadata);
  }

  /** The group begins at an offset, whatever is told beside it. */
  #set(place: Place, offset: number, metadata: string): void {
    this.#keep(place, offset, metadata, undefined);
    this.#logs.beginAt(place, offset);
    place.isForeign = metadata !== '';
  }

  #keep({ topic, partition }: TopicPartition, offset: number, metadata: string, leaderEpoch: number | undefined): void {
    const kept = { topic, partition, offset, metadata, leaderEpoch, member: 'another tool' };
    this.#kafka.group(this.#groupId).commits.set(`${topic}/${partition}`, kept);
  }
}

/** Metadata with extensions of a later version, before those that it had and after them. */
function extended(base: string, whole: string): string {
  const [baseBytes, bytes] = [base, whole].map((text) =>
    Buffer.from(text.slice(MAGIC_CHARACTERS, -1), 'base64url').subarray(CRC_BYTES),
  );
  if (baseBytes === undefined || bytes === undefined) return whole;
  const known = bytes.subarray(baseBytes.length);
  const later = Buffer.from([0xe3, 0x05, 3, 1, 2, 3, 99, 0]);
  const body = Buffer.concat([baseBytes, later, known, later]);
  const crc = Buffer.alloc(CRC_BYTES);
  crc.writeUInt32BE(crc32(body));
  return `t1${Buffer.concat([crc, body]).toString('base64url')}.`;
}
