import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeMetadata,
  encodeMetadata,
  logHash,
  MAX_METADATA_CHARACTERS,
  notesIn,
  type RecordedNotes,
  type RecordedProgress,
} from '../../../../src/consumer/ledger/commit-metadata.js';
import { toRuns } from '../../../../src/consumer/ledger/offset-runs.js';

interface Vector {
  readonly name: string;
  readonly log: string;
  readonly progress: RecordedProgress;
  readonly notes?: RecordedNotes;
  readonly hex: string;
  readonly text: string;
}

const LOG = logHash('cluster/topic/0');
const vectors = JSON.parse(
  readFileSync(new URL('../../../vectors/commit-metadata.json', import.meta.url), 'utf8'),
) as readonly Vector[];

/** What a consumer may have done: everything below the head is finished but for the taken and the parked. */
const progress = fc
  .record({
    watermark: fc.oneof(fc.nat(1_000), fc.integer({ min: 0, max: 2 ** 45 })),
    gaps: fc.array(fc.tuple(fc.nat(300), fc.integer({ min: 1, max: 40 })), { maxLength: 80 }),
    beyond: fc.nat(5_000),
    cursors: fc.array(fc.tuple(fc.nat(2 ** 32 - 1), fc.nat(4_000)), { maxLength: 30 }),
  })
  .map(({ watermark, gaps, beyond, cursors }): RecordedProgress => {
    const offsets: number[] = [];
    let at = watermark;
    for (const [gap, length] of gaps) {
      at += gap;
      for (let index = 0; index < length; index += 1) offsets.push(at + index);
      at += length;
    }
    const head = at + beyond;
    return {
      watermark,
      head,
      cursors: cursors
        .map(([fingerprint, back]) => ({ fingerprint, offset: watermark + back }))
        .filter(({ offset }) => offset < head),
      taken: toRuns(offsets),
    };
  });

const sealed = (body: readonly number[]): string => {
  const bytes = Buffer.concat([Buffer.alloc(4), LOG, Buffer.from(body)]);
  bytes.writeUInt32BE(crc32(bytes.subarray(4)), 0);
  return `t1${bytes.toString('base64url')}.`;
};

describe('commit metadata', () => {
  it.each(vectors)('is as written by hand: $name', ({ log, progress: told, notes, hex, text }) => {
    const hash = logHash(log);
    expect(hash.toString('hex')).toBe(hex.slice(8, 24));
    expect(Buffer.from(text.slice(2, -1), 'base64url').toString('hex')).toBe(hex);
    expect(encodeMetadata(told, hash, MAX_METADATA_CHARACTERS, notes)).toMatchObject({ text, recordedHead: told.head });
    expect(decodeMetadata(text, told.watermark, hash)).toEqual({ ...told, ...notes });
    expect(notesIn(text, hash)).toMatchObject(notes ?? {});
  });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(progress, (told) => {
        const { text, recordedHead } = encodeMetadata(told, LOG, MAX_METADATA_CHARACTERS);
        fc.pre(recordedHead === told.head && text !== '');
        expect(decodeMetadata(text, told.watermark, LOG)).toEqual(told);
      }),
    );
  });

  it('is ASCII, of at most so many characters, and tells every unfinished offset below the head it records', () => {
    fc.assert(
      fc.property(progress, fc.integer({ min: 0, max: 500 }), (told, maxCharacters) => {
        const { text, recordedHead } = encodeMetadata(told, LOG, maxCharacters);
        expect(text.length).toBeLessThanOrEqual(maxCharacters);
        expect(text).toMatch(/^(?:t1[\x21-\x7e]*\.)?$/);
        expect(recordedHead).toBeGreaterThanOrEqual(told.watermark);
        expect(recordedHead).toBeLessThanOrEqual(told.head);
        if (text === '') {
          expect(recordedHead).toBe(told.watermark);
          return;
        }
        const read = decodeMetadata(text, told.watermark, LOG);
        expect(read?.head).toBe(recordedHead);
        const unfinished = told.taken.flatMap(({ start, length }) => Array.from({ length }, (_, at) => start + at));
        const readTaken = read?.taken.flatMap(({ start, length }) => Array.from({ length }, (_, at) => start + at));
        expect(readTaken).toEqual(unfinished.filter((offset) => offset < recordedHead));
        expect(read?.cursors).toEqual(told.cursors.filter(({ offset }) => offset < recordedHead));
      }),
      { numRuns: 500 },
    );
  });

  it('records as much as fits', () => {
    const taken = toRuns(Array.from({ length: 3_000 }, (_, index) => 2 * index));
    const told = { watermark: 0, head: 10_000, cursors: [], taken };
    const { text, recordedHead } = encodeMetadata(told, LOG, MAX_METADATA_CHARACTERS);
    expect(text.length).toBeGreaterThan(MAX_METADATA_CHARACTERS - 8);
    expect(text.length).toBeLessThanOrEqual(MAX_METADATA_CHARACTERS);
    expect(recordedHead).toBeGreaterThan(2_900);
  });

  it('is never longer than 4,000 characters: a broker takes 4,095, and the client appends a NUL', () => {
    const taken = toRuns(Array.from({ length: 20_000 }, (_, index) => 2 * index));
    const { text } = encodeMetadata({ watermark: 0, head: 50_000, cursors: [], taken }, LOG, MAX_METADATA_CHARACTERS);
    expect(text.length).toBeLessThanOrEqual(4_000);
  });

  it('survives what the client does to its end: a NUL more, or the sentinel chopped off', () => {
    const told = { watermark: 5, head: 40, cursors: [], taken: [{ start: 7, length: 2 }] };
    const { text } = encodeMetadata(told, LOG, MAX_METADATA_CHARACTERS);
    for (const mangled of [`${text}\0`, `${text}\0garbage`, text.slice(0, -1), `${text.slice(0, -1)}\0`]) {
      expect(decodeMetadata(mangled, 5, LOG)).toEqual(told);
    }
  });

  it('cut or changed anywhere is ignored, or says what it said', () => {
    const told = {
      watermark: 1_000,
      head: 1_900,
      cursors: [{ fingerprint: 77, offset: 1_200 }],
      taken: toRuns([1_000, 1_001, 1_500]),
    };
    const { text } = encodeMetadata(told, LOG, MAX_METADATA_CHARACTERS);
    const harmless = (mangled: string): void => {
      const read = decodeMetadata(mangled, 1_000, LOG);
      if (read !== undefined) expect(read).toEqual(told);
    };
    for (let length = 0; length < text.length; length += 1) harmless(text.slice(0, length));
    expect(decodeMetadata(text.slice(0, -2), 1_000, LOG)).toBeUndefined();
    for (let at = 0; at < text.length; at += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        harmless(text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << bit)) + text.slice(at + 1));
      }
      harmless(text.slice(0, at) + text.slice(at + 1));
      harmless(`${text.slice(0, at)}A${text.slice(at)}`);
    }
  });

  it('of another watermark, another log or another tool is ignored', () => {
    const told = { watermark: 5, head: 40, cursors: [], taken: [] };
    const { text } = encodeMetadata(told, LOG, MAX_METADATA_CHARACTERS);
    expect(decodeMetadata(text, 6, LOG)).toBeUndefined();
    expect(decodeMetadata(text, 4, LOG)).toBeUndefined();
    expect(decodeMetadata(text, 5, logHash('cluster/topic/1'))).toBeUndefined();
    for (const foreign of ['', 'a note', 't1', 't1.', 't2AAAA.', '{"offset":5}', '\0']) {
      expect(decodeMetadata(foreign, 5, LOG)).toBeUndefined();
    }
  });

  it('of a later version still reads, without its extensions', () => {
    const base = [5, 35, 0, 1, 2, 2];
    const told = { watermark: 5, head: 40, cursors: [], taken: [{ start: 7, length: 2 }] };
    expect(decodeMetadata(sealed([...base, 100, 3, 0xff, 0xff, 0xff, 200, 1, 0]), 5, LOG)).toEqual(told);
    expect(decodeMetadata(sealed([...base, 1, 9, 0xff]), 5, LOG)).toBeUndefined();
  });

  it.each([
    ['a run that ends beyond the head', [5, 1, 0, 1, 0, 2]],
    ['a cursor beyond the head', [5, 1, 1, 9, 2, 0]],
    ['more runs than there are bytes', [5, 35, 0, 200, 1]],
    ['more cursors than there are bytes', [5, 35, 200, 1]],
    ['more taken records than any consumer holds', [5, 0xff, 0xff, 0x7f, 0, 1, 0, 0xff, 0xff, 0x7e]],
    ['nothing at all', []],
  ])('with a right checksum and %s is ignored', (_what, body) => {
    expect(decodeMetadata(sealed(body), 5, LOG)).toBeUndefined();
  });

  it('of any bytes with a right checksum never throws, and never takes long', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), fc.nat(300), (body, watermark) => {
        const read = decodeMetadata(sealed([...body]), watermark, LOG);
        if (read === undefined) return;
        expect(read.head).toBeGreaterThanOrEqual(watermark);
        for (const { start, length } of read.taken) expect(start + length).toBeLessThanOrEqual(read.head);
      }),
      { numRuns: 2_000 },
    );
  });
});
