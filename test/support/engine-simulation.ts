import type { ConsumerOptions } from '../../src/api/consumer.js';
import type { ErasedRecord } from '../../src/api/erased-record.js';
import type { HandlerContext } from '../../src/api/handler.js';
import { delay } from '../../src/core/clock.js';
import { tenantryError } from '../../src/core/errors.js';
import { deadLetterTopic, quarantineTopic } from '../../src/routing/naming.js';
import type { OutgoingRecord } from '../../src/record/wire-record.js';
import type { TopicPartition } from '../../src/transport/port.js';
import { ACME, Noted, Whispered } from './contracts.js';
import { ConsumeHarness, ConsumerProcess, GROUP } from './consume-harness.js';
import { Hidden, Stated } from './engine-simulation-events.js';
import { isDue, SimulatedLogs, type LogsWorld, type Placed } from './engine-simulation-logs.js';
import { act } from './engine-simulation-outcomes.js';
import { Bystander } from './engine-simulation-bystander.js';
import { SimulatedRedrives, type PlannedRedrive } from './engine-simulation-redrives.js';
import { SimulatedMoves } from './engine-simulation-moves.js';
import { OtherTools, type ToolUse } from './engine-simulation-tools.js';

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
export interface World extends LogsWorld {
  readonly options: ConsumerOptions;
  /** How many begin. */
  readonly processes: number;
  /** There is another group, whose dead letters nobody redrives. */
  readonly hasBystander: boolean;
}

const TOPICS = ['notes', 'states'];
const TENANTS = ['acme', 'globex'] as const;

/** What a process logs. */
interface Told {
  readonly event: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly fromOffset: number;
  readonly toOffset: number;
}

interface Watch {
  /** Records that were opened in vain: their key is destroyed. */
  readonly erased: Placed[];
  /** Keys whose handler runs. */
  readonly lanes: Set<string>;
  returned: number;
  /** Notices of erased records that were taken. */
  toldErased: number;
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
  readonly logs: SimulatedLogs;
  readonly redrives: SimulatedRedrives;
  readonly moves: SimulatedMoves;
  readonly wrongs: string[] = [];
  keyServiceAway: 'no' | 'at once' | 'later' = 'no';
  readonly #world: World;
  readonly #groupId: string;
  readonly #tools: OtherTools;
  readonly #processes: { readonly process: ConsumerProcess; readonly watch: Watch }[] = [];
  /** Tenants whose pause was confirmed, and that nobody has resumed since. */
  readonly #paused = new Set<string>();
  readonly #lastControl = new Map<string, object>();
  readonly #bystander: Bystander | undefined;
  #mended = false;

  constructor(world: World) {
    this.#world = world;
    this.#groupId = world.scoped ? 'acme.readers' : GROUP;
    const wrong = (what: string): void => void this.wrongs.push(what);
    this.#bystander = world.hasBystander ? new Bystander(wrong) : undefined;
    this.harness = new ConsumeHarness(world.partitions, [
      this.#groupId,
      ...(this.#bystander ? [Bystander.groupId] : []),
    ]);
    const { kafka } = this.harness;
    this.logs = new SimulatedLogs(kafka, this.#groupId, world, wrong);
    this.moves = new SimulatedMoves(this.logs, wrong);
    const topics = world.scoped ? [] : TOPICS.slice(0, world.topics);
    this.redrives = new SimulatedRedrives(kafka, this.#groupId, topics, wrong);
    this.#tools = new OtherTools(kafka, this.#groupId, this.logs, this.redrives.places);
    kafka.onCommit = (commit, groupId) => {
      if (groupId !== this.#groupId) return;
      this.logs.checkCommit(commit);
      this.redrives.checkCommit(commit);
    };
    kafka.onAppend = (record, place) => {
      this.#seeCopy(record, place);
      this.redrives.control(record, place.offset);
    };
    kafka.onAssign = (member, place) => {
      this.redrives.opened(member, place);
    };
  }

  get live(): number {
    return this.#processes.length;
  }

  /** The first processes of the group, and the one of the group beside it. */
  async begin(): Promise<void> {
    await this.#bystander?.start(this.harness, this.logs);
    while (this.live < this.#world.processes) await this.startProcess();
  }

  /** Starts one more process, and shares the partitions out anew. */
  async startProcess(): Promise<void> {
    const process: ConsumerProcess = new ConsumerProcess(this.harness.kafka, {
      groupId: this.#groupId,
      scope: this.#world.scoped ? ACME : undefined,
      options: { ...this.#world.options, onErased: (record) => this.#toldErased(process, watch, record) },
    });
    const watch: Watch = { erased: [], lanes: new Set(), returned: 0, toldErased: 0, hanging: 0, dead: false };
    process.cipher.wait = (_tenantId, eventId) => {
      const placed = this.logs.find(eventId);
      const isErased = placed?.kind === 'erased';
      if (isErased) watch.erased.push(placed);
      if (this.keyServiceAway === 'no' && !isErased) return undefined;
      const error = tenantryError(this.keyServiceAway === 'no' ? 'TENANT_ERASED' : 'KEY_SERVICE_AWAY', 'as planned');
      if (this.keyServiceAway === 'at once') throw error;
      return delay(process.clock, 5).then(() => {
        throw error;
      });
    };
    const handle = async ({ id }: { readonly id: string }, context: HandlerContext): Promise<void> => {
      await this.#handle(process, watch, id, context);
    };
    process.consumer.on([Noted, Whispered], handle);
    if (this.#world.topics > 1) process.consumer.on([Stated, Hidden], handle);
    this.#listen(process, watch);
    this.#processes.push({ process, watch });
    await this.harness.clock.advanceUntil(process.consumer.start(), 60_000);
    await this.harness.clock.advance(1);
    this.balance();
  }

  /** Shares the partitions out over the processes, from the given one on. */
  balance(from = 0): void {
    const group = this.harness.kafka.group(this.#groupId);
    const topics = this.#processes[0]?.process.member.topics ?? [];
    const places = topics.flatMap((topic) => this.harness.kafka.partitions(topic) ?? []);
    for (const [index, { topic, partition }] of places.entries()) {
      const next = this.#processes[(index + from) % this.#processes.length];
      if (next !== undefined) group.give({ topic, partition }, next.process.member);
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
    if (this.#kill(index)) await this.startProcess();
  }

  /** A stop of one process, and another one in its place. */
  async stop(index: number, timeoutMs: number): Promise<void> {
    if ((await this.#stop(index, timeoutMs)) !== undefined) await this.startProcess();
  }

  /** The whole group is down for a while, others change its offsets, and one process begins again. */
  async down(how: 'kill' | 'stop', uses: readonly ToolUse[]): Promise<void> {
    while (this.#processes.length > 0) {
      if (how === 'kill') this.#kill(0);
      // Its handlers may run on; here they end with it, and what others have done meanwhile stays so.
      else (await this.#stop(0, 3_000))?.kill();
    }
    for (const use of uses) this.#tools.use(use);
    if (uses.length > 0) this.moves.disturb();
    await this.startProcess();
  }

  /** Tells the group something about a tenant; it may never be confirmed. */
  control({ kind, tenant, index, offset }: PlannedControl): void {
    const told = this.#processes[index % this.#processes.length];
    if (told === undefined || this.#world.scoped) return;
    const worker = told.process.consumer;
    const places = this.logs.places.map(({ topic, partition }) => ({ topic, partition, offset }));
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
      this.logs.hasReplays = true;
      const settled = this.moves.ask('replay', tenant, offset);
      worker.replayTenant(tenant, { from: places }).then(
        () => settled(true),
        () => settled(false),
      );
    } else {
      const settled = this.moves.ask('skip', tenant, offset);
      this.logs.passOver(tenant, offset);
      worker.skipTenant(tenant, { to: places }).then(
        () => settled(true),
        () => settled(false),
      );
    }
  }

  /** Asks processes, all at once, to handle dead letters again; it may never be confirmed. */
  redrive({ tenant, index, filters }: PlannedRedrive): void {
    for (const [more, filter] of filters.entries()) {
      const asked = this.#processes[(index + more) % this.#processes.length]?.process;
      if (asked !== undefined && !this.redrives.isAsked(asked, tenant)) void this.redrives.ask(asked, tenant, filter);
    }
  }

  /** Mends everything and waits until every record is finished and committed. */
  async finish(): Promise<void> {
    const { kafka } = this.harness;
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
    this.#resumeAll();
    await this.#untilFinished();
    if (this.redrives.isUsed) await this.#redriveTheRest();
    this.logs.checkEnd();
    this.redrives.checkEnd();
    this.moves.checkEnd();
    for (const { process, watch } of this.#processes) this.#checkProcess(process, watch);
    this.wrongs.push(...kafka.misuses);
    for (const { process } of this.#processes) process.kill();
    this.#bystander?.end();
  }

  #resumeAll(): void {
    for (const tenant of TENANTS) this.control({ kind: 'resume', tenant, index: 0, offset: 0 });
  }

  async #untilFinished(): Promise<void> {
    const isOpen = ({ process }: { readonly process: ConsumerProcess }): boolean => this.redrives.isAsked(process);
    const isFinished = (): boolean => this.logs.isFinished && this.redrives.isFinished && !this.#processes.some(isOpen);
    for (let waitedMs = 0; waitedMs < 120_000 && !isFinished(); waitedMs += 500) await this.harness.clock.advance(500);
  }

  /** Whatever has become of those before: a redrive of all has to bring what none of them was for. */
  async #redriveTheRest(): Promise<void> {
    // A member that was told of a limit to metadata keeps to it.
    await this.down('kill', []);
    this.#resumeAll();
    const [last] = this.#processes;
    if (last === undefined) return;
    const { clock } = this.harness;
    for (const tenant of TENANTS) {
      // Where the note of it was lost, the one before is taken up once more, and has to end first.
      let isTaken = false;
      for (let tries = 0; tries < 60 && !isTaken; tries += 1) {
        isTaken = await clock.advanceUntil(this.redrives.ask(last.process, tenant, 'all'), 120_000);
        if (!isTaken) await clock.advance(1_000);
      }
      if (!isTaken) this.wrongs.push(`a last redrive of ${tenant} is never taken on`);
    }
    await this.#untilFinished();
  }

  #kill(index: number): boolean {
    const [gone] = this.#processes.splice(index % this.#processes.length, 1);
    if (gone === undefined) return false;
    this.#checkProcess(gone.process, gone.watch);
    gone.watch.dead = true;
    gone.process.kill();
    return true;
  }

  async #stop(index: number, timeoutMs: number): Promise<ConsumerProcess | undefined> {
    const [gone] = this.#processes.splice(index % this.#processes.length, 1);
    if (gone === undefined) return undefined;
    const { clock } = this.harness;
    const startMs = clock.monotonicMs();
    await clock.advanceUntil(gone.process.consumer.stop({ timeoutMs }), timeoutMs + 60_000);
    if (clock.monotonicMs() - startMs > timeoutMs + 3_000) this.wrongs.push('a stop took longer than it may');
    this.#checkProcess(gone.process, gone.watch);
    gone.watch.dead = true;
    return gone.process;
  }

  /** A copy is what is owed to a record that cannot be handled. */
  #seeCopy(record: OutgoingRecord, place: TopicPartition & { readonly offset: number }): void {
    const { topic, headers, value } = record;
    const isCopy = TOPICS.some((of) => topic === deadLetterTopic(this.#groupId, of) || topic === quarantineTopic(of));
    const valueOf = (wanted: string): string | undefined =>
      headers.find(({ name }) => name === wanted)?.value.toString();
    if (!isCopy || valueOf('dlq-group') !== this.#groupId) return;
    const id = valueOf('event-id');
    // What takes the place of a copy that is too large tells only a hash.
    const copied = id === undefined ? this.logs.withHash(String(value)) : this.logs.find(id);
    if (copied === undefined) {
      this.wrongs.push('a copy of no record');
      return;
    }
    if (copied.kind === 'erased') this.wrongs.push(`${copied.at.name}@${copied.offset} is erased, and copied`);
    copied.done = true;
    if (id !== undefined && this.redrives.has(topic)) this.redrives.wrote(record, place, copied);
  }

  /** Watches for what a process tells of losses, as long as somebody listens to it. */
  #listen(process: ConsumerProcess, watch: Watch): void {
    const { logger } = process;
    const listen = (level: 'info' | 'warn' | 'error'): void => {
      const keep = logger[level].bind(logger);
      logger[level] = (fields: object): void => {
        keep(fields);
        if (!watch.dead) this.#told(process, fields as Told);
      };
    };
    for (const level of ['info', 'warn', 'error'] as const) listen(level);
  }

  #told({ member }: ConsumerProcess, { event, topic, partition, offset, fromOffset, toOffset }: Told): void {
    if (event === 'recordsLost') this.logs.toldLost(member.name, topic, partition, fromOffset, toOffset);
    else if (event === 'metadataIgnored') this.logs.ignored(topic, partition);
    else if (event === 'revoked') this.logs.gaveBack(member);
    else if (event === 'deadLettered' || event === 'quarantined') this.redrives.copied(topic, offset);
  }

  /** What is owed to a record that can never be opened again. */
  async #toldErased(process: ConsumerProcess, watch: Watch, record: ErasedRecord): Promise<void> {
    const { topic, partition, offset, tenantId } = record;
    const name = `${topic}@${offset}`;
    const isIt = (placed: Placed): boolean =>
      placed.at.topic === topic && placed.at.partition === partition && placed.offset === offset;
    const placed = watch.erased.findLast(isIt);
    if (placed === undefined) {
      this.wrongs.push(`${name} is told erased, and is not`);
      return;
    }
    if (watch.dead) this.wrongs.push(`${name} is told erased after the end of its process`);
    if (process.member.hasLetGo(record)) this.wrongs.push(`${name} is told erased after it was let go`);
    if (this.#paused.has(placed.owner)) this.wrongs.push(`${name} is told erased though its tenant is paused`);
    if (!placed.owed) this.wrongs.push(`${name} is told erased, and should not be`);
    if (tenantId !== placed.tenant) this.wrongs.push(`${name}: wrong tenant`);
    this.#checkOrder(placed, name);
    const outcome = (this.#mended ? undefined : placed.outcomes[placed.tries++]) ?? 'return';
    if (outcome === 'slow') await delay(process.clock, 60);
    else if (outcome === 'late' || outcome === 'never') await new Promise(() => undefined);
    else if (outcome !== 'return') throw new Error('as planned');
    watch.toldErased += 1;
    placed.done = true;
  }

  async #handle(
    process: ConsumerProcess,
    watch: Watch,
    id: string,
    { record, tenant, signal, redriven }: HandlerContext,
  ): Promise<void> {
    const placed = this.logs.find(id);
    if (placed === undefined) throw new Error('a record that was never written');
    const name = `${record.topic}@${record.offset}`;
    const { at, owner } = placed;
    const isRight = redriven
      ? this.redrives.has(record.topic)
      : record.topic === at.topic && record.partition === at.partition;
    if (!isRight) this.wrongs.push(`${name}: wrong partition`);
    if (this.#paused.has(owner)) this.wrongs.push(`${name} is handled though its tenant is paused`);
    if (watch.dead) this.wrongs.push(`${name} is handled after the end of its process`);
    if (process.member.hasLetGo(record)) this.wrongs.push(`${name} is handled after it was let go`);
    if (!placed.owed || placed.kind === 'erased') this.wrongs.push(`${name} is handled, and should not be`);
    if (tenant.id !== placed.tenant || process.ambient.current !== placed.tenant)
      this.wrongs.push(`${name}: wrong tenant`);
    const finished = redriven
      ? this.redrives.begun(process.member, record, placed)
      : (): void => void (placed.done = true);
    if (!redriven) this.#checkOrder(placed, name);
    const ended = redriven ? undefined : this.moves.begun(placed, record);
    const lane = redriven ? `${record.topic}:${owner}:k${placed.key}` : placed.lane;
    if (watch.lanes.has(lane)) this.wrongs.push(`two records of ${lane} are handled at once`);
    watch.lanes.add(lane);
    const limit = this.#world.options.concurrency ?? 64;
    if (watch.lanes.size - watch.hanging > limit) this.wrongs.push('more handlers than concurrency');
    try {
      const outcome = placed.outcomes[placed.tries++];
      await act(outcome === undefined || this.#mended ? 'return' : outcome, process.clock, watch, signal);
      watch.returned += 1;
      finished();
    } finally {
      ended?.();
      watch.lanes.delete(lane);
    }
  }

  #checkOrder(placed: Placed, name: string): void {
    // Nobody can tell what an unnoticed cut has put in the place of what.
    if (placed.excuses.has('cut-off') || placed.excuses.has('hidden')) return;
    for (const earlier of placed.at.records) {
      if (earlier.offset >= placed.offset) break;
      if (earlier.lane === placed.lane && earlier.kind !== 'violation' && isDue(earlier))
        this.wrongs.push(`${name} is handled before ${earlier.offset} of its key`);
    }
  }

  #checkProcess(process: ConsumerProcess, watch: Watch): void {
    const max = this.#world.options.maxBufferedRecords ?? 2_000;
    const most = Math.max(0, ...process.member.asked);
    if (most > max) this.wrongs.push(`${most} records were asked for, ${max} may be held`);
    const { handled, erased } = process.consumer.counts();
    if (erased > watch.toldErased) this.wrongs.push(`${erased} are counted as erased, ${watch.toldErased} were told`);
    if (handled !== watch.returned) this.wrongs.push(`${watch.returned} handlers returned, ${handled} are counted`);
  }
}
