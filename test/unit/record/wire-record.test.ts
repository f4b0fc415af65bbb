import { describe, expect, it } from 'vitest';
import { headerSizeBytes, RECORD_OVERHEAD_BYTES, recordSizeBytes } from '../../../src/record/wire-record.js';

describe('recordSizeBytes', () => {
  it('counts key, value, headers and a fixed overhead', () => {
    const headers = [
      { name: 'tenant-id', value: Buffer.from('acme') },
      { name: 'x', value: Buffer.alloc(0) },
    ];
    const size = recordSizeBytes({ key: Buffer.alloc(10), value: Buffer.alloc(100), headers });
    expect(size).toBe(RECORD_OVERHEAD_BYTES + 110 + headerSizeBytes('tenant-id', 4) + headerSizeBytes('x', 0));
  });

  it('takes a record without key and value', () => {
    expect(recordSizeBytes({ key: null, value: null, headers: [] })).toBe(RECORD_OVERHEAD_BYTES);
  });

  // A record of format 2 (Kafka protocol guide, "Record"): its numbers are varints of at most 5 or 10 bytes.
  it('is never less than what the broker counts', () => {
    const varint = 5;
    const varlong = 10;
    const broker = varint + 1 + varlong + varint + varint + varint + varint;
    expect(RECORD_OVERHEAD_BYTES).toBeGreaterThanOrEqual(broker);
    // Lengths of a header name and value: as many bytes as the limits of both can need.
    expect(headerSizeBytes('name', 100)).toBeGreaterThanOrEqual(1 + 4 + 2 + 100);
  });
});
