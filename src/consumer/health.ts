import type { ConsumerHealth } from '../api/consumer.js';
import type { ErrorCode } from '../core/error-codes.js';
import type { KeyAlarm } from '../encryption/key-alarm.js';
import type { ConsumerFault, TopicPartition } from '../transport/port.js';
import type { PartitionSession } from './ledger/partition-session.js';
import { MAX_REDELIVERY } from './reading/reading-pauses.js';

/** How what the application has given does. */
export interface ApplicationSigns {
  /** Whether the dedupe store has failed when it was last asked or told. */
  readonly isDedupeAway: boolean;
  /** Whether `onErased` has failed when it was last told of a record. */
  readonly isErasureNoticeFailing: boolean;
}

/** What health is judged by. */
export interface HealthSigns extends ApplicationSigns {
  readonly fault: ConsumerFault | undefined;
  /** Whether the group has said which partitions are this member's. */
  readonly isAssigned: boolean;
  /** Handlers past their time and grace. */
  readonly overdue: readonly {
    readonly record: TopicPartition & { readonly offset: number };
    readonly payer: string;
  }[];
  readonly failingCopies: number;
  /** Why what the group is told about tenants is not read; undefined where it is. */
  readonly controlFault: string | undefined;
  /** Why parked tenants are not read for; undefined where they are. */
  readonly catchUpFault: string | undefined;
  readonly sessions: readonly PartitionSession[];
  /** Partitions that are ours and cannot be asked about. */
  readonly delayed: readonly TopicPartition[];
  /** Partitions that are read, and for which the broker has not answered for a while. */
  readonly unanswered: readonly TopicPartition[];
  /** How many records wait for what they do not answer for, by the code of the error that says what it is. */
  readonly held: ReadonlyMap<ErrorCode, number>;
  /** Partitions of which retention will soon delete records that are not finished. */
  readonly endangered: readonly TopicPartition[];
  /** Partitions whose reader stands still before records. */
  readonly stalled: readonly Pick<PartitionSession, 'topic' | 'partition' | 'position' | 'isDeadLetters'>[];
}

/** Refused commits in a row before it is said: one alone happens at every rebalance. */
const REFUSED_COMMITS = 3;
const NAMED_HANDLERS = 5;

export function consumerHealth(signs: HealthSigns): ConsumerHealth {
  const stuck: string[] = [];
  const degraded: string[] = [];
  if (signs.fault !== undefined) stuck.push(`${signs.fault.kind}: ${signs.fault.reason}`);
  for (const { topic, partition, position, isDeadLetters } of signs.stalled) {
    const reason = `${topic}/${partition}: there are records at offset ${position}, where its reader stands, and it does not bring them`;
    // No event waits behind a dead letter.
    (isDeadLetters ? degraded : stuck).push(reason);
  }
  for (const { record, payer } of signs.overdue.slice(0, NAMED_HANDLERS)) {
    const { topic, partition, offset } = record;
    stuck.push(
      `${topic}/${partition}: the handler for tenant ${payer} at offset ${offset} has not settled though its time is over`,
    );
  }
  const unnamed = signs.overdue.length - NAMED_HANDLERS;
  if (unnamed > 0) stuck.push(`${unnamed} more handlers have not settled though their time is over`);
  if (!signs.isAssigned) degraded.push('the group has not told this member its partitions yet');
  for (const { topic, partition } of signs.delayed)
    degraded.push(`${topic}/${partition}: the broker does not tell where the group is`);
  for (const { topic, partition } of signs.unanswered)
    degraded.push(`${topic}/${partition}: the broker does not answer`);
  for (const [code, records] of signs.held) {
    // Of keys more is known: of which tenants.
    if (!Object.hasOwn(ALARM_TEXT, code)) degraded.push(`${records} records are held, and asked about again: ${code}`);
  }
  for (const { topic, partition } of signs.endangered)
    degraded.push(`${topic}/${partition}: retention is near records that are not finished`);
  if (signs.failingCopies > 0)
    degraded.push(`${signs.failingCopies} copies to dead-letter or quarantine topics are not acknowledged`);
  if (signs.controlFault !== undefined)
    degraded.push(`what the group is told about tenants does not reach this member: ${signs.controlFault}`);
  if (signs.catchUpFault !== undefined)
    degraded.push(`parked tenants wait, the client that reads for them has failed: ${signs.catchUpFault}`);
  if (signs.isDedupeAway)
    degraded.push('the dedupe store has failed: events wait, or are handled and not remembered, until it answers');
  if (signs.isErasureNoticeFailing) degraded.push('onErased has failed: erased records wait until it takes the notice');
  for (const { topic, partition, failedCommits, unrecordable } of signs.sessions) {
    if (failedCommits >= REFUSED_COMMITS)
      degraded.push(`${topic}/${partition}: ${failedCommits} commits in a row were refused`);
    if (unrecordable > MAX_REDELIVERY)
      degraded.push(`${topic}/${partition}: reading waits, because a crash would redeliver ${unrecordable} records`);
  }
  const status = stuck.length > 0 ? 'stuck' : degraded.length > 0 ? 'degraded' : 'live';
  return { status, reasons: [...stuck, ...degraded] };
}

/** Of thousands of tenants whose key service is away no more are named. */
const NAMED_TENANTS = 10;

const ALARM_TEXT: Readonly<Record<KeyAlarm['code'], string>> = {
  KEY_GONE: 'KEY_GONE: the key service knows no such key, destroyed or misnamed, of',
  KEY_REFUSED: 'KEY_REFUSED: the key service refuses the key of',
  KEY_SERVICE_AWAY: 'KEY_SERVICE_AWAY: the key service does not answer for',
};

/** Health with what is known of keys: consumption goes on, and of these tenants it does not, or will not for long. */
export function withKeyAlarms(health: ConsumerHealth, alarms: readonly KeyAlarm[]): ConsumerHealth {
  if (alarms.length === 0) return health;
  const reasons = (Object.keys(ALARM_TEXT) as KeyAlarm['code'][]).flatMap((code) => {
    const tenants = [...new Set(alarms.filter((alarm) => alarm.code === code).map(({ tenantId }) => tenantId))];
    if (tenants.length === 0) return [];
    const more = tenants.length > NAMED_TENANTS ? ` and ${tenants.length - NAMED_TENANTS} more` : '';
    return [`${ALARM_TEXT[code]} tenants ${tenants.slice(0, NAMED_TENANTS).join(', ')}${more}`];
  });
  return {
    status: health.status === 'stuck' ? 'stuck' : 'degraded',
    reasons: [...health.reasons, ...reasons],
  };
}
