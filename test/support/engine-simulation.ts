import type { ConsumerOptions } from '../../src/api/consumer.js';
import { delay } from '../../src/core/clock.js';
import { tenantryError } from '../../src/core/errors.js';
import { decodeMetadata, logHash } from '../../src/consumer/commit-metadata.js';
import { deadLetter, retryAfter } from '../../src/consumer/handler-verdict.js';
import { deadLetterTopic, quarantineTopic } from '../../src/routing/naming.js';
import type { TenantId } from '../../src/core/tenant-id.js';
import type { KeptCommit } from './fake-kafka.js';
import { ACME, Noted, Whispered } from './contracts.js';
import { fingerprintOf } from '../../src/consumer/record-owner.js';
import { ConsumeHarness, ConsumerProcess, GROUP } from './consume-harness.js';
import { eventRecord } from './records.js';

/** What a handler does with a try of a record. */
export type Outcome = 'return' | 'throw' | 'deadLetter' | 'retryAfter' | 'slow' | 'late' | 'never';

/** A record to write; a `gap` is an offset that holds nothing. */
export interface PlannedRecord {
  readonly partition: number;
  readonly kind: 'plain' | 'sealed' | 'violation' | 'other-type' | 'unknown-version' | 'gap';
  readonly tenant: 'acme' | 'globex';
  readonly key: number;
  /** One a try, over all processes; then it returns. */
  readonly outcomes: readonly Outcome[];
}

interface Placed extends PlannedRecord {
  readonly offset: number;
  readonly lane: string;
  readonly owner: string;
  /** Whether a handler or a copy is owed to it. */
  readonly owed: boolean;
  tries: number;
  done: boolean;
  /** Whether somebody has asked for it to be passed over. */
  maybeSkipped: boolean;
}

/** What a group is told about a tenant. */
export interface PlannedControl {
  readonly kind: 'pause' | 'resume' | 'replay' | 'skip';
  readonly tenant: 'acme' | 'globex';
  /** Which process is asked. */
  readonly index: number;
  /** Where a replay begins, or a skip ends, in every partition. */
  readonly offset: number;
}

/** How a simulation is made. */
export interface World {
  readonly partitions: number;
  /** The consumer is one tenant's, not a worker. */
  readonly scoped: boolean;
  readonly options: ConsumerOptions;
}

interface Watch {
  /** Keys whose handler runs. */
  readonly lanes: Set<string>;
  returned: number;
  /** Handlers beyond their time. */
  hanging: number;
  dead: boolean;
}

/**
 * A worker's processes over one fake log, watched: what is handled, what is committed, in which order. Whatever
 * contradicts the promises is collected in `wrongs`.
 */
export class EngineSimulation {
  readonly harness: ConsumeHarness;
  readonly wrongs: string[] = [];
  keyServiceAway: 'no' | 'at once' | 'later' = 'no';
  readonly #world: World;
  readonly #groupId: string;
  readonly #placed: Placed[][];
  readonly #processes: { readonly process: ConsumerProcess; readonly watch: Watch }[] = [];
  readonly #watermarks = new Map<number, number>();
  /** Tenants whose pause was confirmed, and that nobody has resumed since. */
  readonly #paused = new Set<string>();
  readonly #lastControl = new Map<string, object>();
  readonly #skips: { readonly tenant: string; readonly offset: number }[] = [];
  /** Whether watermarks may go back. */
  #hasReplays = false;
  #mended = false;

  constructor(world: World) {
    this.#world = world;
    this.#groupId = world.scoped ? 'acme.readers' : GROUP;
    this.harness = new ConsumeHarness(world.partitions, [this.#groupId]);
    this.#placed = Array.from({ length: world.partitions }, () => []);
    this.harness.kafka.onCommit = (commit) => {
      if (commit.topic !== deadLetterTopic(this.#groupId, 'notes')) this.#checkCommit(commit);
    };
    this.harness.kafka.onAppend = ({ topic, headers }) => {
      if (topic !== deadLetterTopic(this.#groupId, 'notes') && topic !== quarantineTopic('notes')) return;
      const of = (name: string): number => Number(headers.find((header) => header.name === name)?.value.toString());
      const copied = this.#placed[of('dlq-partition')]?.find(({ offset }) => offset === of('dlq-offset'));
      if (copied === undefined) this.wrongs.push('a copy of no record');
      else copied.done = true;
    };
  }

  get live(): number {
    return this.#processes.length;
  }

  write(record: PlannedRecord): void {
    const { kafka } = this.harness;
    const partition = record.partition % this.#world.partitions;
    const log = kafka.log('notes', partition);
    if (record.kind === 'gap') {
      log.skip();
      return;
    }
    const { tenant, key, kind } = record;
    const foreign = this.#world.scoped && tenant !== 'acme' && kind !== 'violation';
    const placed: Placed = {
      ...record,
      partition,
      offset: log.range.highOffset,
      lane: `${partition}:${tenant}:k${key}`,
      owner: kind === 'violation' ? 'stranger' : tenant,
      owed: !foreign && kind !== 'other-type',
      tries: 0,
      done: false,
      maybeSkipped: false,
    };
    // A skip that is not confirmed yet may reach what is written after it was asked for.
    placed.maybeSkipped = this.#skips.some((skip) => skip.tenant === placed.owner && placed.offset < skip.offset);
    this.#placed[partition]?.push(placed);
    const types = { 'other-type': 'notes.other.v1', 'unknown-version': 'notes.noted.v9', sealed: Whispered.eventType };
    kafka.append(
      eventRecord({
        partition,
        tenant,
        aggregate: `k${key}`,
        eventId: `${partition}-${placed.offset}`,
        ...(kind in types && { eventType: types[kind as keyof typeof types] }),
        ...(kind === 'sealed' && { value: Buffer.from(`sealed:{"id":"k${key}"}`) }),
        ...(kind === 'violation' && { key: Buffer.from(`stranger:k${key}`) }),
      }),
    );
  }

  /** Starts one more process, and shares the partitions out anew. */
  async startProcess(): Promise<void> {
    const process = new ConsumerProcess(this.harness.kafka, {
      groupId: this.#groupId,
      scope: this.#world.scoped ? ACME : undefined,
      options: this.#world.options,
    });
    const watch: Watch = { lanes: new Set(), returned: 0, hanging: 0, dead: false };
    process.cipher.wait = () => {
      if (this.keyServiceAway === 'no') return undefined;
      const error = tenantryError('KEY_SERVICE_AWAY', 'away');
      if (this.keyServiceAway === 'at once') throw error;
      return delay(process.clock, 5).then(() => {
        throw error;
      });
    };
    process.consumer.on([Noted, Whispered], async (event, { record, tenant, signal }) => {
      await this.#handle(process, watch, record.partition, record.offset, tenant.id, signal);
    });
    this.#processes.push({ process, watch });
    await this.harness.clock.advanceUntil(process.consumer.start(), 60_000);
    await this.harness.clock.advance(1);
    this.balance();
  }

  /** Shares the partitions out over the processes, from the given one on. */
  balance(from = 0): void {
    const group = this.harness.kafka.group(this.#groupId);
    for (let partition = 0; partition < this.#world.partitions; partition += 1) {
      const next = this.#processes[(partition + from) % this.#processes.length];
      if (next !== undefined) group.give({ topic: 'notes', partition }, next.process.member);
    }
  }

  /** A process loses its partitions to the next one, without being asked. */
  lose(index: number): void {
    const at = index % this.#processes.length;
    const loser = this.#processes[at];
    const next = this.#processes[(at + 1) % this.#processes.length];
    if (loser === undefined || next === undefined) return;
    this.harness.kafka.group(this.#groupId).lose(loser.process.member, next.process.member);
  }

  /** SIGKILL of one process, and another one in its place. */
  async crash(index: number): Promise<void> {
    const [gone] = this.#processes.splice(index % this.#processes.length, 1);
    if (gone === undefined) return;
    this.#checkProcess(gone.process, gone.watch);
    gone.watch.dead = true;
    gone.process.kill();
    await this.startProcess();
  }

  /** A stop of one process, and another one in its place. */
  async stop(index: number, timeoutMs: number): Promise<void> {
    const [gone] = this.#processes.splice(index % this.#processes.length, 1);
    if (gone === undefined) return;
    const { clock } = this.harness;
    const startMs = clock.monotonicMs();
    await clock.advanceUntil(gone.process.consumer.stop({ timeoutMs }), timeoutMs + 60_000);
    if (clock.monotonicMs() - startMs > timeoutMs + 3_000) this.wrongs.push('a stop took longer than it may');
    this.#checkProcess(gone.process, gone.watch);
    gone.watch.dead = true;
    await this.startProcess();
  }

  /** Tells the group something about a tenant; it may never be confirmed. */
  control({ kind, tenant, index, offset }: PlannedControl): void {
    const told = this.#processes[index % this.#processes.length];
    if (told === undefined || this.#world.scoped) return;
    const worker = told.process.consumer;
    const places = this.#placed.map((_, partition) => ({ topic: 'notes', partition, offset }));
    const quietly = (call: Promise<void>, confirmed: () => void = () => undefined): void => {
      call.then(confirmed, () => undefined);
    };
    if (kind === 'pause') {
      const pause = {};
      this.#lastControl.set(tenant, pause);
      quietly(worker.pauseTenant(tenant), () => {
        if (this.#lastControl.get(tenant) === pause) this.#paused.add(tenant);
      });
    } else if (kind === 'resume') {
      this.#lastControl.set(tenant, {});
      this.#paused.delete(tenant);
      quietly(worker.resumeTenant(tenant));
    } else if (kind === 'replay') {
      this.#hasReplays = true;
      quietly(worker.replayTenant(tenant, { from: places }));
    } else {
      for (const placed of this.#placed.flat()) {
        if (placed.owner === tenant && placed.offset < offset) placed.maybeSkipped = true;
      }
      this.#skips.push({ tenant, offset });
      quietly(worker.skipTenant(tenant, { to: places }));
    }
  }

  /** Mends everything and waits until every record is finished and committed. */
  async finish(): Promise<void> {
    const { kafka, clock } = this.harness;
    this.#mended = true;
    kafka.faults.commit = () => undefined;
    kafka.faults.produce = () => undefined;
    kafka.faults.lookup = () => false;
    kafka.maxMetadataCharacters = 4_095;
    this.keyServiceAway = 'no';
    for (const { watch } of [...this.#processes]) {
      if (watch.hanging > 0) await this.crash(this.#processes.findIndex((running) => running.watch === watch));
    }
    if (this.#processes.length === 0) await this.startProcess();
    for (const tenant of ['acme', 'globex'] as const) this.control({ kind: 'resume', tenant, index: 0, offset: 0 });
    for (let waitedMs = 0; waitedMs < 120_000 && !this.#isFinished(); waitedMs += 500) await clock.advance(500);
    for (const placed of this.#placed.flat()) {
      if (placed.owed && !placed.done && !placed.maybeSkipped)
        this.wrongs.push(`${placed.partition}/${placed.offset} was never finished`);
    }
    if (!this.#isFinished()) this.wrongs.push(`not everything is committed: ${JSON.stringify(this.#committed())}`);
    for (const { process, watch } of this.#processes) this.#checkProcess(process, watch);
    this.wrongs.push(...kafka.misuses);
    for (const { process } of this.#processes) process.kill();
  }

  async #handle(
    process: ConsumerProcess,
    watch: Watch,
    partition: number,
    offset: number,
    tenantId: TenantId,
    signal: AbortSignal,
  ): Promise<void> {
    const placed = this.#placed[partition]?.find((record) => record.offset === offset);
    const name = `${partition}/${offset}`;
    if (placed === undefined) throw new Error('a record that was never written');
    if (this.#paused.has(placed.owner)) this.wrongs.push(`${name} is handled though its tenant is paused`);
    if (watch.dead) this.wrongs.push(`${name} is handled after the end of its process`);
    if (process.member.hasLetGo({ topic: 'notes', partition }))
      this.wrongs.push(`${name} is handled after it was let go`);
    if (!placed.owed) this.wrongs.push(`${name} is handled, and should not be`);
    if (tenantId !== placed.tenant || process.ambient.current !== placed.tenant)
      this.wrongs.push(`${name}: wrong tenant`);
    for (const earlier of this.#placed[partition] ?? []) {
      if (earlier.offset >= offset) break;
      const isOwed = earlier.owed && !earlier.maybeSkipped;
      const before = earlier.lane === placed.lane && earlier.kind !== 'violation' && isOwed;
      if (before && !earlier.done) this.wrongs.push(`${name} is handled before ${earlier.offset} of its key`);
    }
    if (watch.lanes.has(placed.lane)) this.wrongs.push(`two records of ${placed.lane} are handled at once`);
    watch.lanes.add(placed.lane);
    const limit = this.#world.options.concurrency ?? 64;
    if (watch.lanes.size - watch.hanging > limit) this.wrongs.push('more handlers than concurrency');
    try {
      const outcome = placed.outcomes[placed.tries++];
      await this.#act(process, watch, outcome === undefined || this.#mended ? 'return' : outcome, signal);
      watch.returned += 1;
      placed.done = true;
    } finally {
      watch.lanes.delete(placed.lane);
    }
  }

  async #act(process: ConsumerProcess, watch: Watch, outcome: Outcome, signal: AbortSignal): Promise<void> {
    switch (outcome) {
      case 'return':
        return;
      case 'throw':
        throw new Error('as planned');
      case 'deadLetter':
        throw deadLetter('as planned');
      case 'retryAfter':
        throw retryAfter(70);
      case 'slow':
        return delay(process.clock, 60);
      case 'late':
        // Longer than its time and grace; it ends when its time is over, or long after.
        watch.hanging += 1;
        await delay(process.clock, 7_000);
        watch.hanging -= 1;
        if (signal.aborted) throw new Error('aborted');
        return;
      case 'never':
        watch.hanging += 1;
        await new Promise(() => undefined);
    }
  }

  /** Nothing unfinished may be below the watermark, or be left out by the metadata. */
  #checkCommit({ topic, partition, offset: watermark, metadata }: KeptCommit): void {
    const told = decodeMetadata(metadata, watermark, logHash(`cluster/${topic}/${partition}`));
    if (told === undefined && metadata !== '') this.wrongs.push('metadata that cannot be read');
    const head = told?.head ?? watermark;
    const name = `commit of ${partition} at ${watermark}`;
    if (head > this.harness.kafka.log(topic, partition).range.highOffset) this.wrongs.push(`${name}: beyond the log`);
    if (watermark < (this.#watermarks.get(partition) ?? 0) && !this.#hasReplays) this.wrongs.push(`${name}: goes back`);
    this.#watermarks.set(partition, watermark);
    for (const { offset, owner, owed, done, maybeSkipped } of this.#placed[partition] ?? []) {
      if (done || !owed || maybeSkipped || offset >= head) continue;
      const isTaken = told?.taken.some(({ start, length }) => offset >= start && offset < start + length) ?? false;
      const print = fingerprintOf(owner);
      const waits = told?.cursors.some((cursor) => cursor.fingerprint === print && cursor.offset <= offset) ?? false;
      if (offset < watermark || !(isTaken || waits)) this.wrongs.push(`${name}: passes over ${offset}`);
    }
  }

  #checkProcess(process: ConsumerProcess, watch: Watch): void {
    const max = this.#world.options.maxBufferedRecords ?? 2_000;
    const most = Math.max(0, ...process.member.asked);
    if (most > max) this.wrongs.push(`${most} records were asked for, ${max} may be held`);
    const { handled } = process.consumer.counts();
    if (handled !== watch.returned) this.wrongs.push(`${watch.returned} handlers returned, ${handled} are counted`);
  }

  #isFinished(): boolean {
    return this.#committed().every(({ committed, end }) => committed === end);
  }

  #committed(): { readonly committed: number | undefined; readonly end: number }[] {
    return this.#placed.map((_, partition) => ({
      committed: this.harness.committed(partition, this.#groupId),
      end: this.harness.kafka.log('notes', partition).range.highOffset,
    }));
  }
}
