import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTenantryError } from '../../../src/core/errors.js';
import { bench, HEAD_BYTES, identity, outcome, type Bench } from './fixtures.js';

const PLAINTEXT = Buffer.from(JSON.stringify({ orderId: '42', note: 'nobody else may read this' }));
const READABLE = Buffer.from('{"total":9.5}');
const NOTHING: Mutation[] = [];
const AT_MS = 1_767_225_600_000;

/** Where fields begin, so that mutations meet them more often than chance would have it. */
const EDGES = [0, 2, 3, 4, 5, 37, 53, 57, 61, 69, 70, 71, 79, 91, HEAD_BYTES, HEAD_BYTES + PLAINTEXT.length];

type Mutation = (bytes: Buffer) => Buffer;

const position = fc.oneof(fc.constantFrom(...EDGES), fc.nat(HEAD_BYTES + PLAINTEXT.length + 15));

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  // Blind
  fc.tuple(position, fc.integer({ min: 1, max: 255 })).map(([at, bits]) => edit((b) => (b[at % b.length]! ^= bits))),
  fc.tuple(position, position).map(
    ([from, to]): Mutation =>
      (b) =>
        Buffer.from(b.subarray(Math.min(from, to), Math.max(from, to))),
  ),
  position.map(
    (length): Mutation =>
      (b) =>
        Buffer.from(b.subarray(0, length)),
  ),
  fc.tuple(position, fc.uint8Array({ maxLength: 40 })).map(
    ([at, extra]): Mutation =>
      (b) =>
        Buffer.concat([b.subarray(0, at), extra, b.subarray(at)]),
  ),
  fc.tuple(position, position).map(
    ([from, to]): Mutation =>
      (b) =>
        Buffer.concat([b.subarray(0, Math.min(from, to)), b.subarray(Math.max(from, to))]),
  ),
  fc.tuple(position, position, fc.nat(48)).map(([from, to, length]) =>
    edit((b) => {
      overwrite(b, to, b.subarray(from, from + length));
    }),
  ),
  fc.uint8Array({ maxLength: 300 }).map(
    (bytes): Mutation =>
      () =>
        Buffer.from(bytes),
  ),
  // Aware of the structure
  fc.integer({ min: 0, max: 65_535 }).map((length) => edit((b) => (b.length > 71 ? b.writeUInt16BE(length, 69) : 0))),
  fc.tuple(fc.nat(1100), fc.nat(255)).map(([length, fill]): Mutation => (b) => {
    const made = Buffer.concat([b.subarray(0, 71), Buffer.alloc(length, fill), b.subarray(HEAD_BYTES)]);
    if (made.length > 71) made.writeUInt16BE(length, 69);
    return made;
  }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((salt) =>
    edit((b) => {
      overwrite(b, 37, salt);
    }),
  ),
  fc
    .bigInt({ min: 0n, max: 2n ** 64n - 1n })
    .map((seq) => edit((b) => (b.length > 61 ? b.writeBigUInt64BE(seq, 53) : 0))),
  fc
    .bigInt({ min: 0n, max: 2n ** 64n - 1n })
    .map((time) => edit((b) => (b.length > 69 ? b.writeBigUInt64BE(time, 61) : 0))),
  fc
    .tuple(fc.constantFrom(2, 3, 4), fc.nat(255))
    .map(([at, value]) => edit((b) => (b.length > at ? b.writeUInt8(value, at) : 0))),
);

function overwrite(target: Buffer, at: number, bytes: Uint8Array): void {
  if (at < target.length) target.set(bytes.subarray(0, target.length - at), at);
}

function edit(change: (copy: Buffer) => unknown): Mutation {
  return (bytes) => {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) change(copy);
    return copy;
  };
}

type Opener = Bench['cipher'];

/** Every place that an envelope can have. The readable value of a detached one is mutated as well. */
const FORMS = [
  {
    form: 'value',
    readable: undefined,
    seal: ({ cipher }: Bench) => cipher.sealValue(identity(), PLAINTEXT, AT_MS),
    open: (cipher: Opener, envelope: Buffer) => cipher.openValue(identity(), envelope),
  },
  {
    form: 'detached',
    readable: READABLE,
    seal: ({ cipher }: Bench) => cipher.sealDetached(identity(), READABLE, AT_MS),
    open: (cipher: Opener, envelope: Buffer, readable: Buffer) => cipher.openDetached(identity(), readable, envelope),
  },
  {
    form: 'fields',
    readable: READABLE,
    seal: ({ cipher }: Bench) => cipher.sealFields(identity(), READABLE, PLAINTEXT, AT_MS),
    open: (cipher: Opener, envelope: Buffer, readable: Buffer) => cipher.openFields(identity(), readable, envelope),
  },
];

const CASES = FORMS.flatMap((form) => (['cold', 'warm'] as const).map((temperature) => ({ ...form, temperature })));

describe.each(CASES)('threat 9: 4,000 mutations, $form, keys $temperature', ({ readable, seal, open, temperature }) => {
  it('end in a typed error, or change nothing', async () => {
    const producer = bench();
    const record = await seal(producer);
    const value: Buffer = readable ?? Buffer.alloc(0);
    const warm = bench();
    await open(warm.cipher, record, value);
    let opened = 0;
    const mutations = fc.array(mutation, { minLength: 1, maxLength: 3 });
    const ofValue = fc.oneof({ weight: 9, arbitrary: fc.constant(NOTHING) }, { weight: 1, arbitrary: mutations });
    await fc.assert(
      fc.asyncProperty(mutations, readable === undefined ? fc.constant(NOTHING) : ofValue, async (ofEnvelope, more) => {
        const mutated = ofEnvelope.reduce<Buffer>((bytes, mutate) => mutate(bytes), record);
        const mutatedValue = more.reduce<Buffer>((bytes, mutate) => mutate(bytes), value);
        const { cipher } = temperature === 'warm' ? warm : bench({ kms: producer.service });
        warm.clock.advance(50); // no more than 20 unknown data keys a second are asked for
        const result = await outcome(() => open(cipher, mutated, mutatedValue));
        if (mutated.equals(record) && mutatedValue.equals(value)) {
          expect(result).not.toBeInstanceOf(Error);
          opened += 1;
          return;
        }
        expect(isTenantryError(result)).toBe(true);
        expect(isTenantryError(result, 'DATA_KEY_RATE_LIMITED')).toBe(false);
        expect(String((result as Error).stack)).not.toContain('nobody else');
      }),
      { numRuns: 4_000 },
    );
    expect(opened).toBeLessThan(400);
  }, 120_000);
});
