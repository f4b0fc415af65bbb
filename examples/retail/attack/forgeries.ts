import type { SoldLine } from '../contract.js';
import type { PlainRecord } from './plain-record.js';

/**
 * The attacker: a customer of the same platform, with a key of their own, who has come by write access to
 * the broker. No country becomes this id, because of its `_`.
 */
export const ATTACKER = 'mallory_ltd';

/** One way to forge a record. */
export interface Forgery {
  readonly name: string;
  /** Why tenantry must refuse it: an error code. */
  readonly expectedCode: string;
  /** Whether it is a forgery only because the topic's events are sealed. */
  readonly onlyIfSealed: boolean;
  /** @param genuine - a record of a victim, read from the topic */
  readonly forge: (genuine: PlainRecord) => PlainRecord;
}

const INVENTED_LINE: SoldLine = {
  row: 1,
  invoiceNo: 'invented',
  stockCode: 'REFUND',
  description: null,
  quantity: -1_000,
  unitPriceThousandths: 1_000_000,
  customerId: null,
  country: 'Atlantis',
};

/** The hostile records of a run. */
export const FORGERIES: readonly Forgery[] = [
  {
    name: "the victim's record under the attacker's tenant header",
    expectedCode: 'TENANT_MISMATCH',
    onlyIfSealed: false,
    forge: (genuine) => withHeader(genuine, 'tenant-id', ATTACKER),
  },
  {
    name: "the victim's record under the attacker's record key",
    expectedCode: 'TENANT_MISMATCH',
    onlyIfSealed: false,
    forge: (genuine) => ({ ...genuine, key: Buffer.from(`${ATTACKER}:stolen`) }),
  },
  {
    name: 'a record with no key',
    expectedCode: 'RECORD_KEY_INVALID',
    onlyIfSealed: false,
    forge: (genuine) => ({ ...genuine, key: null }),
  },
  {
    name: 'a record with no tenant header',
    expectedCode: 'RECORD_HEADER_INVALID',
    onlyIfSealed: false,
    forge: (genuine) => ({ ...genuine, headers: genuine.headers.filter(({ name }) => name !== 'tenant-id') }),
  },
  {
    name: "the victim's ciphertext as the attacker's own event, to have it opened",
    expectedCode: 'KEY_REFUSED',
    onlyIfSealed: true,
    forge: (genuine) => ({ ...withHeader(genuine, 'tenant-id', ATTACKER), key: Buffer.from(`${ATTACKER}:stolen`) }),
  },
  {
    name: 'one bit of the ciphertext flipped',
    expectedCode: 'SEAL_INVALID',
    onlyIfSealed: true,
    forge: (genuine) => ({ ...genuine, value: flipCiphertextBit(genuine.value) }),
  },
  {
    name: 'plaintext where a sealed event is expected',
    expectedCode: 'SEAL_MISSING',
    onlyIfSealed: true,
    forge: (genuine) => ({ ...genuine, value: Buffer.from(JSON.stringify(INVENTED_LINE)) }),
  },
  {
    name: 'a sealed event moved to another invoice',
    expectedCode: 'SEAL_INVALID',
    onlyIfSealed: true,
    forge: (genuine) => ({ ...genuine, key: Buffer.concat([genuine.key ?? Buffer.alloc(0), Buffer.from('-copy')]) }),
  },
  {
    name: 'a sealed event replayed under a new event id',
    expectedCode: 'SEAL_INVALID',
    onlyIfSealed: true,
    forge: (genuine) => withHeader(genuine, 'event-id', 'replayed-1'),
  },
  {
    name: 'a tombstone without a seal',
    expectedCode: 'SEAL_MISSING',
    onlyIfSealed: true,
    forge: (genuine) => ({ ...genuine, value: null }),
  },
];

const TAG_BYTES = 16;

function withHeader(record: PlainRecord, name: string, value: string): PlainRecord {
  return {
    ...record,
    headers: record.headers.map((header) => (header.name === name ? { name, value: Buffer.from(value) } : header)),
  };
}

/** The last byte of the ciphertext is the one before the authentication tag, which ends the envelope. */
function flipCiphertextBit(envelope: Buffer | null): Buffer {
  const flipped = Buffer.from(envelope ?? Buffer.alloc(TAG_BYTES + 1));
  const at = flipped.length - TAG_BYTES - 1;
  flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
  return flipped;
}
