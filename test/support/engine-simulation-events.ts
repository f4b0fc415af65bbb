import { defineEvent } from '../../src/contract/define-event.js';
import { Noted, Whispered } from './contracts.js';

const schema = Noted.schema;

/** Of a second topic, without protection. */
export const Stated = defineEvent({
  type: 'states.noted',
  version: 1,
  topic: 'states',
  schema,
  aggregateId: ({ id }) => id,
  protection: 'none',
});

/** Of a second topic, sealed. */
export const Hidden = defineEvent({
  type: 'states.hidden',
  version: 1,
  topic: 'states',
  schema,
  aggregateId: ({ id }) => id,
  protection: 'confidential',
});

export { Whispered };
