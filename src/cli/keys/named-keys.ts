import { isTenantryError } from '../../core/errors.js';
import {
  dekIdOf,
  detachedPlacement,
  hasEnvelopeMagic,
  KEK_ID_BYTES,
  parseEnvelope,
  wrappedOf,
  type Envelope,
} from '../../encryption/envelope-layout.js';
import { HEADER } from '../../record/header-names.js';
import type { ReceivedRecord } from '../../record/wire-record.js';

/** The keys that an envelope names, in hex. Nothing of it is authenticated: whoever writes to the topic may write any. */
export interface NamedKeys {
  readonly keyId: string;
  readonly dataKeyId: string;
}

/** What a record says of its seal. A later version may need a key that this one cannot tell. */
export type SealState = 'sealed' | 'unsealed' | 'malformed' | 'unsupported';

/** The keys a record names, by layout alone. */
export function namedKeys(record: ReceivedRecord): { readonly state: SealState; readonly keys: readonly NamedKeys[] } {
  const keys: NamedKeys[] = [];
  let state: SealState = 'unsealed';
  const look = (parse: () => Envelope): void => {
    const found = keysOf(parse);
    if (typeof found === 'object') keys.push(found);
    else if (state !== 'unsupported') state = found;
  };
  const { value, headers } = record;
  if (value !== null && hasEnvelopeMagic(value)) look(() => parseEnvelope(value, 'value'));
  for (const { name, value: seal } of headers) {
    if (name === HEADER.seal) look(() => parseEnvelope(seal, detachedPlacement(seal)));
  }
  return { state: keys.length > 0 ? 'sealed' : state, keys };
}

function keysOf(parse: () => Envelope): NamedKeys | 'malformed' | 'unsupported' {
  let envelope: Envelope;
  try {
    envelope = parse();
  } catch (error) {
    return isTenantryError(error, 'ENVELOPE_UNSUPPORTED') ? 'unsupported' : 'malformed';
  }
  const wrapped = wrappedOf(envelope);
  if (wrapped.length <= KEK_ID_BYTES) return 'malformed';
  return { keyId: wrapped.toString('hex', 0, KEK_ID_BYTES), dataKeyId: dekIdOf(envelope).toString('hex') };
}
