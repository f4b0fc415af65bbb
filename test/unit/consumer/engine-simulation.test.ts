// Random lives of a consumer group on a fake log: rebalances, crashes, faults, handlers of every kind. A failing
// run prints its seed and path; `npm run simulate -- --seed SEED --path PATH` replays it, and without them runs more.
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { EngineSimulation, type Outcome, type PlannedRecord } from '../../support/engine-simulation.js';
import type { CommitFault, ProduceFault } from '../../support/fake-kafka.js';

const TIME_LIMIT_MS = 540_000;
const { TENANTRY_SIMULATIONS, TENANTRY_SIMULATION_SEED, TENANTRY_SIMULATION_PATH } = process.env;
const RUNS = Number(TENANTRY_SIMULATIONS ?? 300);
const REPLAY = {
  ...(TENANTRY_SIMULATION_SEED !== undefined && { seed: Number(TENANTRY_SIMULATION_SEED) }),
  ...(TENANTRY_SIMULATION_PATH !== undefined && { path: TENANTRY_SIMULATION_PATH }),
};

const outcome = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Outcome>('return') },
  { weight: 6, arbitrary: fc.constantFrom<Outcome>('throw', 'retryAfter', 'slow', 'deadLetter') },
  { weight: 1, arbitrary: fc.constantFrom<Outcome>('late', 'never') },
);
const record: fc.Arbitrary<PlannedRecord> = fc.record({
  partition: fc.nat(1),
  kind: fc.oneof(
    { weight: 12, arbitrary: fc.constant('plain' as const) },
    { weight: 3, arbitrary: fc.constant('sealed' as const) },
    { weight: 4, arbitrary: fc.constantFrom('violation' as const, 'other-type', 'unknown-version', 'gap') },
  ),
  tenant: fc.constantFrom('acme', 'globex'),
  key: fc.nat(1),
  outcomes: fc.array(outcome, { maxLength: 3 }),
});

const commitFaults = fc.array(fc.constantFrom<CommitFault>('refuse', 'lose-answer'), { minLength: 1, maxLength: 4 });
const produceFaults = fc.array(
  fc.constantFrom<ProduceFault>(
    { kind: 'failed', reason: 'as planned' },
    { kind: 'unknown', reason: 'as planned' },
    { kind: 'refused', reason: 'as planned' },
    { kind: 'invalid', reason: 'as planned' },
    'queue-full',
    'never',
  ),
  { minLength: 1, maxLength: 3 },
);

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      records: fc.array(record, { minLength: 1, maxLength: 8 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.constantFrom(0, 1, 7, 40, 60, 130, 1_100, 6_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('balance' as const), from: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const), index: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const), index: fc.nat(2) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('stop' as const), index: fc.nat(2), timeoutMs: fc.constantFrom(50, 3_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('join' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('failCommits' as const), faults: commitFaults }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('failCopies' as const), faults: produceFaults }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('failLookups' as const), times: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('limitMetadata' as const),
      characters: fc.constantFrom(0, 22, 26, 30, 4_095),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('control' as const),
      kind: fc.constantFrom('pause' as const, 'pause', 'resume', 'replay', 'skip'),
      tenant: fc.constantFrom('acme', 'globex'),
      index: fc.nat(2),
      offset: fc.nat(12),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('holdBack' as const),
      client: fc.constantFrom('group' as const, 'reader' as const),
      polls: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('keyService' as const),
      away: fc.constantFrom('no' as const, 'at once' as const, 'later' as const),
    }),
  },
);

const life = fc.record({
  world: fc.record({
    partitions: fc.constantFrom(1, 1, 2),
    scoped: fc.boolean(),
    options: fc.record({
      concurrency: fc.integer({ min: 1, max: 4 }),
      tenantConcurrency: fc.integer({ min: 1, max: 4 }),
      maxBufferedRecords: fc.integer({ min: 1, max: 8 }),
      handlerTimeoutMs: fc.constant(300),
      commitIntervalMs: fc.constantFrom(60, 150, 400),
      retry: fc.record({
        attempts: fc.integer({ min: 1, max: 3 }),
        backoffMs: fc.constant(10),
        maxBackoffMs: fc.constant(40),
      }),
    }),
  }),
  commitDelayMs: fc.constantFrom(0, 5, 150, 20_000),
  steps: fc.array(step, { minLength: 1, maxLength: 25 }),
});

it('threats 43, 44, 46, 47, 59: loses nothing, keeps the order of each key, commits nothing unfinished', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5); // the jitter of retries, or a seed would not replay
  await fc.assert(
    fc.asyncProperty(life, async ({ world, commitDelayMs, steps }) => {
      const simulation = new EngineSimulation(world);
      const { kafka, clock } = simulation.harness;
      kafka.delays.commit = commitDelayMs;
      kafka.delays.deliveryTimeout = 2_000;
      const commits: CommitFault[] = [];
      const copies: ProduceFault[] = [];
      let lookups = 0;
      const heldBack = { group: 0, reader: 0 };
      kafka.faults.holdBack = (client) => heldBack[client]-- > 0;
      kafka.faults.commit = () => commits.shift();
      kafka.faults.produce = () => copies.shift();
      kafka.faults.lookup = () => lookups-- > 0;
      await simulation.startProcess();
      for (const action of steps) {
        switch (action.do) {
          case 'write':
            for (const planned of action.records) simulation.write(planned);
            break;
          case 'advance':
            await clock.advance(action.ms);
            break;
          case 'balance':
            simulation.balance(action.from);
            break;
          case 'lose':
            simulation.lose(action.index);
            break;
          case 'crash':
            await simulation.crash(action.index);
            break;
          case 'stop':
            await simulation.stop(action.index, action.timeoutMs);
            break;
          case 'join':
            if (simulation.live < 3) await simulation.startProcess();
            break;
          case 'failCommits':
            commits.push(...action.faults);
            break;
          case 'failCopies':
            copies.push(...action.faults);
            break;
          case 'failLookups':
            lookups = action.times;
            break;
          case 'limitMetadata':
            kafka.maxMetadataCharacters = action.characters;
            break;
          case 'control':
            simulation.control(action);
            break;
          case 'holdBack':
            heldBack[action.client] = action.polls;
            break;
          case 'keyService':
            simulation.keyServiceAway = action.away;
        }
      }
      kafka.delays.commit = 1;
      await simulation.finish();
      expect(simulation.wrongs).toEqual([]);
    }),
    // A shrink that never ends would hide what it found.
    { numRuns: RUNS, ...REPLAY, plugins: [fc.interruptAfterTimeLimit(TIME_LIMIT_MS, { failOnInterrupt: true })] },
  );
}, 600_000);
