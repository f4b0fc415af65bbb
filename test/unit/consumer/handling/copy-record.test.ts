import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { copyOf, pointerTo, type CopyReason } from '../../../../src/consumer/handling/copy-record.js';
import { readDeadLetter } from '../../../../src/consumer/handling/dead-letter.js';
import { header, receivedRecord } from '../../../support/records.js';

const REASON: CopyReason = {
  code: 'HANDLER_FAILED',
  detail: 'TypeError',
  groupId: '_shared.readers',
  attempts: 5,
  replay: false,
};
const named = (headers: readonly { name: string; value: Buffer }[]): Map<string, string> =>
  new Map(headers.map(({ name, value }) => [name, value.toString()]));

describe('a copy', () => {
  it('has the bytes of the original, and says after its headers what happened', () => {
    const record = receivedRecord({ offset: 42, partition: 3, moreHeaders: [header('own', Buffer.from([0, 255]))] });
    const copy = copyOf(record, 'target', REASON, 9_000);
    expect([copy.topic, copy.partition, copy.timestampMs]).toEqual(['target', undefined, 9_000]);
    expect(copy.key).toBe(record.key);
    expect(copy.value).toBe(record.value);
    expect(copy.headers.slice(0, record.headers.length)).toEqual(record.headers);
    expect(Object.fromEntries(named(copy.headers.slice(record.headers.length)))).toEqual({
      'dlq-code': 'HANDLER_FAILED',
      'dlq-group': '_shared.readers',
      'dlq-topic': 'notes',
      'dlq-partition': '3',
      'dlq-offset': '42',
      'dlq-timestamp': String(record.timestampMs),
      'dlq-failed-at': '9000',
      'dlq-attempts': '5',
      'dlq-reason': 'TypeError',
    });
  });

  it('says that its record failed in a replay, and is read so', () => {
    const copies = [true, false].map((replay) => copyOf(receivedRecord(), 'target', { ...REASON, replay }, 0));
    expect(copies.map((copy) => named(copy.headers).get('dlq-replay'))).toEqual(['1', undefined]);
    const letters = copies.map((copy) => readDeadLetter(receivedRecord({ headers: copy.headers })));
    expect(letters.map((letter) => letter?.origin.replay)).toEqual([true, false]);
  });

  it('threats 18, 54: keeps headers of any name, in their order, once each', () => {
    const odd = ['__proto__', 'constructor', 'toString', '', 'dup', 'dup'].map((name, at) => header(name, String(at)));
    const copy = copyOf(receivedRecord({ headers: odd }), 'target', REASON, 0);
    expect(copy.headers.slice(0, 6)).toEqual(odd);
    expect(copy.headers.filter(({ name }) => name === '__proto__')).toHaveLength(1);
  });

  it('threat 59: appends its own dlq headers after forged ones, so that the last of a name is the true one', () => {
    const forged = header('dlq-group', 'acme.someone-elses');
    const copy = copyOf(receivedRecord({ moreHeaders: [forged] }), 'target', REASON, 0);
    expect(copy.headers.filter(({ name }) => name === 'dlq-group').map(({ value }) => value.toString())).toEqual([
      'acme.someone-elses',
      '_shared.readers',
    ]);
  });

  it('of a record without key or value has none', () => {
    const copy = copyOf(receivedRecord({ key: null, value: null, headers: [] }), 'target', REASON, 0);
    expect([copy.key, copy.value]).toEqual([null, null]);
  });
});

describe('threat 55: a pointer', () => {
  it('says where the original is and what it was, and holds nothing of it', () => {
    const record = receivedRecord({ offset: 7, data: { id: 'n1', note: 'a tenant secret' } });
    const pointer = pointerTo(record, 'target', { ...REASON, detail: undefined }, 9_000);
    const sha256 = (bytes: Buffer | null): string => createHash('sha256').update(bytes!).digest('hex');
    expect(JSON.parse(pointer.value!.toString())).toEqual({
      topic: 'notes',
      partition: 0,
      offset: 7,
      keyBytes: record.key!.length,
      valueBytes: record.value!.length,
      headers: 3,
      keySha256: sha256(record.key),
      valueSha256: sha256(record.value),
      reason: 'HANDLER_FAILED',
    });
    expect(named(pointer.headers).get('dlq-pointer')).toBe('1');
    expect(named(pointer.headers).has('tenant-id')).toBe(false);
    expect(pointer.key?.toString()).toBe('notes/0/7');
    expect(pointer.headers.every(({ name }) => name.startsWith('dlq-'))).toBe(true);
    expect(JSON.stringify(pointer)).not.toContain(Buffer.from('secret').toString('hex'));
  });

  it('to a keyless record has a key, so that a compacted topic takes it', () => {
    const pointer = pointerTo(receivedRecord({ key: null, value: null }), 'target', REASON, 0);
    expect(pointer.key?.length).toBeGreaterThan(0);
    expect(JSON.parse(pointer.value!.toString())).toMatchObject({ keyBytes: null, keySha256: null, valueBytes: null });
  });
});
