// What `npm run bench:flood` runs.
import type { Flood } from './workloads/flood-events.mjs';

export interface Scenario {
  readonly name: string;
  readonly work: Omit<Flood, 'brokers' | 'topic' | 'group'>;
  /** Once a run, not once a round: nothing is compared with it. */
  readonly once?: true;
}

export type ScenarioId = keyof ReturnType<typeof scenarios>;

/** The scenarios of a full run, or shorter ones. */
export function scenarios(short: boolean) {
  const flood: Scenario['work'] = {
    client: 'tenantry',
    quietTenants: 20,
    quietPerSecond: 200,
    noisyTenants: { noisy: 10 },
    noisyBacklog: short ? 5_000 : 20_000,
    noisyPerSecond: 2_000,
    seconds: short ? 5 : 20,
    handlerMs: 10,
    concurrency: 16,
  };
  const calm = { noisyBacklog: 0, noisyPerSecond: 0 };
  const many = { quietTenants: 1_000, quietPerSecond: 400 };
  const three = { noisyBacklog: short ? 6_000 : 30_000, noisyPerSecond: 2_100 };
  return {
    calm: { name: 'no flood', work: { ...flood, ...calm } },
    flood: { name: 'a flood', work: flood },
    confluent: {
      name: '@confluentinc/kafka-javascript eachMessage',
      work: { ...flood, client: 'confluent' },
      once: true,
    },
    kafkajs: { name: 'kafkajs eachMessage', work: { ...flood, client: 'kafkajs' }, once: true },
    // Ten times the burst, so that the start of a process says little in the rate.
    scan: {
      name: 'ten times the burst',
      work: { ...flood, noisyBacklog: flood.noisyBacklog * 10, seconds: short ? 4 : 10 },
    },
    manyCalm: { name: '1,000 quiet tenants, no flood', work: { ...flood, ...many, ...calm } },
    many: { name: '1,000 quiet tenants, a flood', work: { ...flood, ...many } },
    threeQuick: {
      name: 'three floods, all quick',
      work: { ...flood, ...three, noisyTenants: { a: 10, b: 10, c: 10 } },
    },
    threeOneSlow: {
      name: 'three floods, one of 1 s handlers',
      work: { ...flood, ...three, noisyTenants: { a: 10, b: 10, c: 1_000 } },
    },
    // A worker's default concurrency.
    fiveSeconds: {
      name: 'a flood of 5 s handlers, 100 at once',
      work: { ...flood, noisyTenants: { noisy: 5_000 }, concurrency: 100 },
    },
  } satisfies Record<string, Scenario>;
}
