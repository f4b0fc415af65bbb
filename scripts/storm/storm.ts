// One storm of one group protocol: what is planned happens, then all must become well again, then it is judged.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { deadLetterTopic } from '../../src/routing/naming.ts';
import type { RunningKafka } from '../kafka/start-kafka.ts';
import { handlingsOf } from './handlings.ts';
import { now, readJournals, type Disruption, type Journal } from './journal.ts';
import { judgeCommits } from './judge-commits.ts';
import { firstDoneOf, judgeHandling } from './judge-handling.ts';
import { judgePauses, pausesOf } from './judge-pauses.ts';
import { judgeRedrives } from './judge-redrives.ts';
import { judgeRepeats } from './judge-repeats.ts';
import { KafkaView } from './kafka-view.ts';
import { planStorm, type Deed, type StormSize } from './plan.ts';
import { Processes, type StormProcess } from './processes.ts';
import { GROUP, PARTITIONS, stormClient, stormEvent, TOLD } from './setting.mjs';
import { Telling } from './telling.ts';

export interface StormOptions extends StormSize {
  readonly protocol: 'consumer' | 'classic';
  /** For what the processes write. */
  readonly folder: string;
}

export interface StormReport {
  readonly protocol: string;
  readonly seed: number;
  readonly seconds: number;
  readonly records: number;
  readonly acknowledged: number;
  readonly handled: number;
  readonly repeated: number;
  /** How many repetitions the disruptions account for. */
  readonly repeatedAtMost: number;
  readonly rewound: number;
  readonly overlapping: number;
  readonly kills: number;
  readonly pauses: number;
  readonly leaves: number;
  readonly joins: number;
  readonly brokerRestarts: number;
  /** Rests of a tenant that were confirmed before they ended. */
  readonly rests: number;
  /** Handlings that a replay has brought. */
  readonly replayed: number;
  /** Records that were given up, and handled by a redrive. */
  readonly redriven: number;
  /** Redrives that were confirmed. */
  readonly redrives: number;
  readonly parked: readonly string[];
  readonly commitsSeen: number;
  readonly refusedCommits: number;
  /** Between two handlers that returned, without the time that the broker was away. */
  readonly longestStandstillSeconds: number;
  /** From the last deed until everything was committed. */
  readonly recoverySeconds: number;
  readonly wrongs: readonly string[];
}

const PRODUCERS = 2;
const COMMIT_INTERVAL_MS = 200;
const BEGIN_MS = 60_000;
/** Longer than any recovery: a session, a broker's return, and what was written meanwhile. */
const RECOVERY_MS = 90_000;
const MAX_STANDSTILL_SECONDS = 30;
/** After a session nobody is cut off any more. */
const CALM_MS = 500;
const CALM_REST_MS = 500;

export async function runStorm(kafka: RunningKafka, options: StormOptions): Promise<StormReport> {
  const { protocol, sessionMs, seed, seconds } = options;
  const folder = join(options.folder, protocol);
  mkdirSync(folder);
  const topic = `storm-${protocol}`;
  const setting = { brokers: kafka.brokers, topic, protocol, sessionMs, commitIntervalMs: COMMIT_INTERVAL_MS };
  await createTopic(setting);
  const processes = new Processes(folder, setting);
  const groupId = `_shared.${GROUP}`;
  const view = new KafkaView(kafka.brokers, topic, groupId);
  const deadLetters = deadLetterTopic(groupId, topic);
  const watching = view.watch();
  try {
    const slots = Array.from({ length: options.processes }, () => processes.begin('member'));
    const producers = Array.from({ length: PRODUCERS }, () => processes.begin('producer'));
    await begin(view);
    const telling = new Telling(processes, slots);
    await rage(planStorm(options), slots, processes, telling, kafka, seconds * 1_000);
    const calmAt = now();
    const refusals = await tellInCalm(telling, sessionMs);
    await Promise.all(producers.map((producer) => processes.leave(producer)));
    const wrongs = [...refusals, ...(await recover(view, slots, processes, telling, deadLetters))];
    const recoverySeconds = (now() - calmAt) / 1e6;
    await Promise.all(slots.map((member) => processes.leave(member)));
    const records = await view.readLog();
    const letters = await view.readLog(deadLetters);
    const journals = readJournals(folder);
    writeFileSync(
      join(folder, 'seen.json'),
      JSON.stringify({ records, letters, commits: view.commits, did: processes.disruptions }),
    );

    const { handlings: all, wrongs: impossible } = handlingsOf(journals);
    const handlings = all.filter(({ isRedriven }) => !isRedriven);
    const redriven = all.filter(({ isRedriven }) => isRedriven);
    const handling = judgeHandling(records, handlings, journals);
    const commits = judgeCommits(topic, view.commits, records, firstDoneOf(handlings), [TOLD.replay]);
    const limits = { sessionMs, commitIntervalMs: COMMIT_INTERVAL_MS, isClassic: protocol === 'classic' };
    const pauses = pausesOf(journals);
    const rests = judgePauses(pauses, all, journals, processes.disruptions, sessionMs);
    const repeats = judgeRepeats(handlings, journals, processes.disruptions, commits.toldDone, limits, pauses);
    const again = judgeRepeats(redriven, journals, processes.disruptions, new Map(), limits);
    const entries = journals.flatMap((journal) => journal.entries);
    const redrives = entries.filter((entry) => entry.kind === 'confirmed' && entry.command === 'redrive');
    const standstill = longestStandstill(journals, processes.disruptions);
    if (standstill > MAX_STANDSTILL_SECONDS) wrongs.push(`nothing was handled for ${standstill.toFixed(1)} s`);
    const count = (kind: Disruption['kind']): number => processes.disruptions.filter((did) => did.kind === kind).length;
    return {
      protocol,
      seed,
      seconds,
      records: records.length,
      acknowledged: handling.acknowledged,
      handled: repeats.handled,
      repeated: repeats.repeated,
      repeatedAtMost: repeats.bound,
      rewound: handling.rewound,
      overlapping: handling.overlapping,
      kills: count('kill'),
      pauses: count('pause'),
      leaves: count('leave') - PRODUCERS,
      joins: journals.length - PRODUCERS,
      brokerRestarts: count('broker'),
      rests: rests.confirmed,
      replayed: handlings.filter(({ isReplay }) => isReplay).length,
      redriven: again.handled,
      redrives: redrives.length,
      parked: commits.parked,
      commitsSeen: commits.looks,
      refusedCommits: repeats.refusedCommits,
      longestStandstillSeconds: standstill,
      recoverySeconds,
      wrongs: [
        ...processes.wrongs,
        ...wrongs,
        ...impossible,
        ...handling.wrongs,
        ...repeats.wrongs,
        ...commits.wrongs,
        ...rests.wrongs,
        ...again.wrongs.map((wrong) => `dead letter ${wrong}`),
        ...judgeRedrives(letters, all),
      ],
    };
  } finally {
    processes.close();
    await view.close();
    await watching;
  }
}

async function createTopic(setting: Parameters<typeof stormClient>[0] & { readonly topic: string }): Promise<void> {
  await using client = stormClient(setting);
  await client.admin.createTopics([stormEvent(setting.topic)], {
    groups: [GROUP],
    partitions: PARTITIONS,
    replicationFactor: 1,
  });
}

/** Only what hits a group at work says anything. */
async function begin(view: KafkaView): Promise<void> {
  const deadlineMs = performance.now() + BEGIN_MS;
  while (!view.commits.some(({ offset }) => offset > 0)) {
    if (performance.now() > deadlineMs) throw new Error(`the group has committed nothing for ${BEGIN_MS / 1_000} s`);
    await sleep(100);
  }
}

/** Does what is planned, several things at a time; a deed whose process is just away is left out. */
async function rage(
  plan: readonly Deed[],
  slots: StormProcess[],
  processes: Processes,
  telling: Telling,
  kafka: RunningKafka,
  forMs: number,
): Promise<void> {
  const startMs = performance.now();
  const endMs = startMs + forMs;
  const end = sleep(forMs);
  const under: Promise<void>[] = [];
  for (const deed of plan) {
    await sleep(Math.max(0, deed.atMs - (performance.now() - startMs)));
    under.push(perform(deed));
  }
  await end;
  await Promise.all(under);

  async function perform(deed: Deed): Promise<void> {
    switch (deed.kind) {
      case 'broker': {
        const from = now();
        await kafka.kill();
        await sleep(deed.forMs);
        await kafka.restart();
        processes.disruptions.push({ kind: 'broker', from, to: now() });
        return;
      }
      case 'guest': {
        const guest = processes.begin('member');
        await sleep(deed.forMs);
        await processes.leave(guest);
        return;
      }
      case 'rest':
        await telling.rest(deed.forMs, deed.slot, endMs);
        return;
      case 'replay':
      case 'redrive':
        await telling.tell(deed.kind, deed.slot, endMs);
        return;
      default:
        await disturb(deed);
    }
  }

  async function disturb({ kind, slot, forMs }: Extract<Deed, { kind: Disruption['kind'] }>): Promise<void> {
    const member = slots[slot];
    if (member === undefined || member.isEnding || (member.isPaused && kind !== 'kill')) return;
    if (kind === 'pause') {
      await processes.pause(member, forMs);
      return;
    }
    await (kind === 'kill' ? processes.kill(member) : processes.leave(member));
    await sleep(forMs);
    slots[slot] = processes.begin('member');
  }
}

/**
 * In the worst of storms nothing is confirmed, or only while members are cut off: now it has to be and to hold, while
 * events still come.
 */
async function tellInCalm(telling: Telling, sessionMs: number): Promise<string[]> {
  await sleep(sessionMs + CALM_MS);
  const deadlineMs = performance.now() + RECOVERY_MS;
  const refusals = [
    await telling.rest(CALM_REST_MS, 0, deadlineMs),
    telling.confirmed.has('replay') ? undefined : await telling.tell('replay', 0, deadlineMs),
  ];
  return refusals.filter((refusal) => refusal !== undefined);
}

/** Waits until everything is handled and committed, what was given up too, and every member well. */
async function recover(
  view: KafkaView,
  slots: readonly StormProcess[],
  processes: Processes,
  telling: Telling,
  deadLetters: string,
): Promise<string[]> {
  const deadlineMs = performance.now() + RECOVERY_MS;
  const wrongs = await recovery(view, slots, processes, deadlineMs);
  // All that none in the storm was for.
  const refusal = await telling.tell('redrive', 0, deadlineMs);
  if (refusal !== undefined) wrongs.push(refusal);
  let undone = Infinity;
  while (undone > 0 && performance.now() < deadlineMs) {
    await sleep(200);
    undone = await view.uncommitted(deadLetters).catch(() => Infinity);
  }
  if (undone > 0) wrongs.push(`${undone} dead letters are not committed ${RECOVERY_MS / 1_000} s after the storm`);
  return wrongs;
}

async function recovery(
  view: KafkaView,
  slots: readonly StormProcess[],
  processes: Processes,
  deadlineMs: number,
): Promise<string[]> {
  let uncommitted = Infinity;
  let unwell: string[] = [];
  while (performance.now() < deadlineMs) {
    await sleep(200);
    uncommitted = await view.uncommitted().catch(() => Infinity);
    if (uncommitted > 0) continue;
    const states = await Promise.all(
      slots.map(async (member) => ({ name: member.name, ...(await processes.ask(member)) })),
    );
    unwell = states.flatMap(({ name, health }) =>
      health.status === 'live' ? [] : `${name} is ${health.status}: ${health.reasons.join('; ')}`,
    );
    if (unwell.length > 0) continue;
    return states.flatMap(({ name, counts: { quarantined } }) =>
      Object.keys(quarantined).length > 0 ? `${name} took records for another's` : [],
    );
  }
  return [
    ...unwell,
    ...(uncommitted > 0 ? [`${uncommitted} records are not committed ${RECOVERY_MS / 1_000} s after the storm`] : []),
  ];
}

function longestStandstill(journals: readonly Journal[], disruptions: readonly Disruption[]): number {
  const outages = disruptions.filter(({ kind }) => kind === 'broker');
  const ends = journals
    .flatMap(({ entries }) => entries)
    .flatMap(({ kind, at }) => (kind === 'end' ? at : []))
    .sort((one, other) => one - other);
  const gaps = ends.slice(1).map((to, index) => {
    const from = ends[index] ?? to;
    return outages.reduce(
      (gap, outage) => gap - Math.max(0, Math.min(to, outage.to) - Math.max(from, outage.from)),
      to - from,
    );
  });
  return Math.max(0, ...gaps) / 1e6;
}
