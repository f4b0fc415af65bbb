import { keepingOf, type ContractBundle } from '../../contract/bundle/bundle.js';
import { protectionInWords } from '../../contract/bundle/protections.js';
import { accepts } from '../../contract/compatibility/accepts.js';
import { compareSchemas } from '../../contract/compatibility/compare-schemas.js';
import { jsonSchemaOf } from '../../contract/json-schema/contract-json-schema.js';
import type { PublishedEvent } from '../deliver/delivery-result.js';
import type { ConsumerProblem } from './consumer-verification.js';

/** Whether what handlers published is what their own bundle says: each event, and the contract that it was published as. */
export function checkPublished(published: readonly PublishedEvent[], own: ContractBundle): readonly ConsumerProblem[] {
  const problems = new Map<string, ConsumerProblem>();
  for (const event of published)
    for (const problem of problemsOf(event, own))
      problems.set(`${problem.eventType} ${problem.place} ${problem.reason}`, problem);
  return [...problems.values()];
}

function* problemsOf(
  { eventType, contract, topic, data }: PublishedEvent,
  own: ContractBundle,
): Generator<ConsumerProblem> {
  const problem = (place: string, reason: string, isUndecided = false): ConsumerProblem => ({
    eventType,
    check: 'publishes',
    place,
    reason,
    isUndecided,
    error: undefined,
  });
  const bundled = own.contracts.find((one) => one.eventType === eventType);
  if (bundled === undefined) {
    yield problem('(contract)', `is published, and is not in the bundle ${own.name} ${own.version}`);
    return;
  }
  if (topic !== bundled.topic) yield problem('(topic)', `is ${topic}, and ${bundled.topic} in the bundle`);
  if (data !== null && data !== undefined && accepts({ schema: bundled.output, root: bundled.output }, data) === false)
    yield problem('(root)', 'an event was published that does not fit the schema of the bundle');
  if (contract === undefined) {
    yield problem('(root)', 'was published by a client of its own, so its data were not looked into', true);
    return;
  }
  const [is, told] = [keepingOf(contract), bundled];
  if (protectionInWords(is) !== protectionInWords(told))
    yield problem('(protection)', `is ${protectionInWords(is)}, and ${protectionInWords(told)} in the bundle`);
  if (is.compacted !== told.compacted)
    yield problem('(compacted)', `is ${is.compacted}, and ${told.compacted} in the bundle`);
  for (const { place, reason, verdict } of compareSchemas(jsonSchemaOf(contract, 'output'), bundled.output))
    yield problem(place, `the contract is another one than in the bundle: ${reason}`, verdict === 'undecided');
}
