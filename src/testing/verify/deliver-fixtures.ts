import type { TenantKafka } from '../../client/tenant-kafka.js';
import type { BundledContract } from '../../contract/bundle/bundle.js';
import type { AnyEventContract } from '../../contract/event-contract.js';
import { validateData } from '../../contract/validate.js';
import { describeForeignError } from '../../core/errors.js';
import { parseTenantId } from '../../core/tenant-id.js';
import { encodeRecordKey } from '../../record/record-key.js';
import { runDeliveries, type Registration, type RunResult } from '../deliver/delivery-run.js';
import type { PublishedEvent } from '../deliver/delivery-result.js';
import { uncheckedContract } from '../deliver/unchecked-contract.js';
import type { Input } from '../deliver/write-input.js';
import { fixtures, type DroppedFixture, type Fixture } from '../fixtures/fixtures.js';
import type { ConsumerProblem, VerifiedContract } from './consumer-verification.js';

/** A contract of a producer, and the consumer's own of the same version. */
export interface ReadContract {
  readonly promised: BundledContract;
  readonly read: AnyEventContract;
}

/** How fixtures are delivered. */
export interface FixtureRun {
  readonly kafka: TenantKafka;
  readonly registrations: readonly Registration[];
  readonly tenant: string;
  readonly seed: number | undefined;
  readonly giveUpAfterMs: number;
}

/** What came of it. */
export interface FixtureFindings {
  readonly contract: VerifiedContract;
  readonly problems: readonly ConsumerProblem[];
  readonly published: readonly PublishedEvent[];
}

const TENANT = parseTenantId('fixture');
/** The handler is asked once: a second try would hide that it does not take an event. */
const ONCE = { attempts: 1 } as const;

/** Delivers what may be written, which is to be handled, and what the consumer's own contract refuses, which is not. */
export async function deliverFixtures({ promised, read }: ReadContract, run: FixtureRun): Promise<FixtureFindings> {
  const options = { seed: run.seed };
  const { eventType } = promised;
  const written = fixtures(promised, options);
  const good: Delivered[] = [];
  const dropped: DroppedFixture[] = [...written.dropped];
  for (const fixture of [...written.valid, ...written.boundary]) {
    const aggregateId = aggregateIdOf(read, fixture.data);
    if (aggregateId === undefined) dropped.push({ ...fixture, reason: 'no record key can be made' });
    else good.push({ fixture, input: inputOf(read, fixture, aggregateId, run.tenant) });
  }
  if (promised.compacted && read.compacted) good.push(tombstoneOf(read, run.tenant));
  const bad = fixtures(read, options).invalid.map((fixture) => ({
    fixture,
    input: inputOf(read, fixture, fixture.name, run.tenant),
  }));
  const delivered = [...good, ...bad];
  const registrations = run.registrations.map((one) => ({
    ...one,
    options: { ...one.options, retry: { ...one.options.retry, ...ONCE } },
  }));
  const inputs = delivered.map(({ input }) => input);
  const { endings, published } = await runDeliveries(run.kafka, registrations, inputs, run.giveUpAfterMs);
  const problems = delivered.flatMap(({ fixture }, index) => {
    const ending = endings[index];
    return ending === undefined ? [] : (problemOf(eventType, fixture, ending) ?? []);
  });
  if (good.length === 0) problems.push(untried(eventType));
  const failed = (check: ConsumerProblem['check']): number => problems.filter((one) => one.check === check).length;
  return {
    contract: {
      eventType,
      handled: Math.max(0, good.length - failed('handles')),
      rejected: bad.length - failed('rejects'),
      dropped: dropped.map(({ name, kind, reason }) => ({ name, kind, reason })),
    },
    problems,
    published,
  };
}

interface Delivered {
  readonly fixture: Fixture;
  readonly input: Input;
}

function inputOf(read: AnyEventContract, { data }: Fixture, aggregateId: string, tenant: string): Input {
  return { contract: uncheckedContract(read, aggregateId), data, tenant, aggregateId: undefined };
}

function tombstoneOf(read: AnyEventContract, tenant: string): Delivered {
  const fixture = { eventType: read.eventType, name: '(root): a tombstone', kind: 'boundary', data: null } as const;
  return { fixture, input: { contract: read, data: null, tenant, aggregateId: 'fixture' } };
}

/** Handlers that have seen nothing have shown nothing. */
function untried(eventType: string): ConsumerProblem {
  const reason =
    'no event could be made from its schema, so no handler was tried: have its producer give the contract examples';
  return { eventType, check: 'handles', place: '(root)', reason, isUndecided: true, error: undefined };
}

/** @returns undefined where the event cannot be written, whoever does; of data that are not read any text does */
function aggregateIdOf(read: AnyEventContract, data: unknown): string | undefined {
  let aggregateId: string;
  try {
    aggregateId = read.aggregateId(validateData(read, data));
  } catch {
    return 'fixture';
  }
  try {
    encodeRecordKey(TENANT, aggregateId, read.eventType);
    return aggregateId;
  } catch {
    return undefined;
  }
}

function problemOf(
  eventType: string,
  { kind, name }: Fixture,
  { outcome, code, detail, tries, error }: RunResult['endings'][number],
): ConsumerProblem | undefined {
  const isRejected = outcome === 'dead-lettered' && tries.length === 0;
  if (kind === 'invalid' ? isRejected : outcome === 'handled') return undefined;
  const why = [code, detail, error === undefined ? undefined : describeForeignError(error)];
  const text = [...new Set(why.filter((part) => part !== undefined))].join(', ');
  return {
    eventType,
    check: kind === 'invalid' ? 'rejects' : 'handles',
    place: name,
    reason: `was ${outcome}${text === '' ? '' : ` (${text})`}`,
    isUndecided: false,
    error,
  };
}
