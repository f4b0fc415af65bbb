import { isLogicalTopic } from '../../contract/logical-topic.js';
import { isGroupName } from '../../routing/naming.js';
import { usageError } from '../command.js';

/** The names that a new service is made with: words of a-z 0-9, joined by hyphens. */
export interface ServiceNames {
  /** Of its package, client, consumer group and containers. */
  readonly service: string;
  /** What its events are about: `order`. */
  readonly aggregate: string;
  /** Where its events are, and what its API calls them: `orders`. */
  readonly topic: string;
  /** What its first event says has happened: `placed`. */
  readonly event: string;
}

/** What may be left out. */
export type GivenNames = Pick<ServiceNames, 'service'> & { readonly [N in keyof ServiceNames]?: string | undefined };

const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const NAME_RULE = 'must be words of a-z 0-9 joined by hyphens, and begin with a letter';
const MAX_WORD_LENGTH = 40;
/** With these the service would have a second `tenantId` or `eventId`. */
const TAKEN_AGGREGATES: ReadonlySet<string> = new Set(['tenant', 'event']);
/** What the second event of the template says. */
const SECOND_EVENT = 'accepted';

/**
 * Fills in what is left out: a service `order-service` is about an `order`, on the topic `orders`, and its first event
 * says `requested`.
 *
 * @throws TenantryError `INVALID_OPTIONS`, which tells every wrong name
 */
export function serviceNames(given: GivenNames): ServiceNames {
  const { service } = given;
  const aggregate = given.aggregate ?? service.replace(/-service$/, '');
  const { topic = pluralOf(aggregate), event = 'requested' } = given;
  const names = { service, aggregate, topic, event };
  const problems = [
    ...problemsOf('NAME', service, isGroupName(service) || 'must have at most 64 characters, and not end in -internal'),
    ...problemsOf('--aggregate', aggregate, aggregate.length <= MAX_WORD_LENGTH || tooLong),
    ...problemsOf('--aggregate', aggregate, !TAKEN_AGGREGATES.has(aggregate) || 'is a name of the library'),
    ...problemsOf('--topic', topic, isLogicalTopic(topic) || 'cannot be a topic: see docs/contracts.md'),
    ...problemsOf('--event', event, event.length <= MAX_WORD_LENGTH || tooLong),
    ...problemsOf('--event', event, event !== SECOND_EVENT || 'is the second event of every new service'),
  ];
  if (problems.length > 0) throw usageError([...new Set(problems)].join('; '));
  return names;
}

const tooLong = `must have at most ${MAX_WORD_LENGTH} characters`;

function problemsOf(option: string, value: string, fits: true | string): string[] {
  if (!NAME.test(value)) return [`${option} '${value}' ${NAME_RULE}`];
  return fits === true ? [] : [`${option} '${value}' ${fits}`];
}

function pluralOf(word: string): string {
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`;
  return /(?:s|x|z|ch|sh)$/.test(word) ? `${word}es` : `${word}s`;
}
