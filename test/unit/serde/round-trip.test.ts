import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent } from '../../../src/contract/define-event.js';
import type { AnyEventContract } from '../../../src/contract/event-contract.js';
import type { StandardSchema } from '../../../src/contract/standard-schema.js';
import { validateData } from '../../../src/contract/validate.js';
import { isTenantryError } from '../../../src/core/errors.js';
import { jsonSerde } from '../../../src/serde/json-serde.js';
import { assertRoundTrips } from '../../../src/serde/round-trip.js';
import type { ValueSerde } from '../../../src/serde/value-serde.js';

const SECRET = 'secret-4711';

/** The compiler refuses some of these schemas; what it cannot see is refused here. */
function contractOf(schema: StandardSchema): AnyEventContract {
  const definition = { type: 'orders.placed', version: 1, topic: 'orders', schema, protection: 'none' } as const;
  return defineEvent({ ...definition, aggregateId: () => 'o1' });
}

function check(schema: StandardSchema, input: unknown, serde: ValueSerde = jsonSerde): void | Promise<void> {
  const contract = contractOf(schema);
  const bytes = jsonSerde.encode(contract, validateData(contract, input));
  return assertRoundTrips(contract, serde, bytes);
}

function messageOf(error: unknown): string {
  if (!isTenantryError(error, 'NOT_SERIALIZABLE')) throw error;
  expect(JSON.stringify([error.stack, error])).not.toContain(SECRET);
  return error.message;
}

function refusal(schema: StandardSchema, input: unknown): string {
  try {
    void check(schema, input);
  } catch (error) {
    return messageOf(error);
  }
  throw new Error('it was accepted');
}

describe('assertRoundTrips', () => {
  it.each([
    ['are the same', z.object({ id: z.string() }), { id: SECRET }],
    ['differ', z.object({ id: z.string().transform((text) => `${text}!`) }), { id: SECRET }],
  ])('threat 37: leaves no second copy of the plaintext where the bytes %s', (_what, schema, input) => {
    const written: Buffer[] = [];
    const released: Buffer[] = [];
    const serde: ValueSerde = {
      ...jsonSerde,
      encode: (contract, value) => {
        const bytes = jsonSerde.encode(contract, value);
        written.push(bytes);
        return bytes;
      },
      release: (_contract, bytes) => void released.push(bytes),
    };
    try {
      void check(schema, input, serde);
    } catch (error) {
      messageOf(error);
    }
    expect(written.map((bytes) => bytes.every((byte) => byte === 0))).toEqual([true]);
    expect(released).toEqual(written);
  });

  it('takes a schema that accepts and keeps its own output, at once', () => {
    const schema = z.object({ id: z.string().trim(), total: z.number().default(0), note: z.string().optional() });
    expect(check(schema, { id: ' o1 ', note: undefined, more: 1 })).toBeUndefined();
    expect(check(z.iso.datetime(), '2026-01-01T00:00:00Z')).toBeUndefined();
    expect(check(z.object({ at: z.coerce.date() }), { at: 0 })).toBeUndefined();
  });

  it('refuses a schema that does not accept its own output, naming the field', () => {
    expect(refusal(z.object({ at: z.date() }), { at: new Date(0) })).toContain('at does not fit the schema');
    expect(refusal(z.object({ size: z.string().transform((text) => text.length) }), { size: SECRET })).toContain(
      'size must be a string',
    );
    expect(
      refusal(
        z.custom((value) => Number.isNaN(value)),
        Number.NaN,
      ),
    ).toContain('(root)');
  });

  it('refuses a schema that changes its own output, naming the field', () => {
    const grows = z.object({ list: z.array(z.object({ note: z.string().transform((text) => `${text}!`) })) });
    expect(refusal(grows, { list: [{ note: SECRET }] })).toContain('changes its own output: list[0].note');
    const counts = z.record(
      z.string(),
      z.number().transform((count) => count + 1),
    );
    expect(refusal(counts, { [SECRET]: 1 })).toContain('changes its own output: *');
  });

  it('waits where the serde does', async () => {
    const asynchronous: ValueSerde = {
      encode: (contract, value) => Promise.resolve(jsonSerde.encode(contract, value)),
      decode: (contract, bytes) => Promise.resolve(jsonSerde.decode(contract, bytes)),
    };
    await check(z.string(), 'text', asynchronous);
    const message = await Promise.resolve(
      check(
        z.string().transform((text) => `${text}!`),
        SECRET,
        asynchronous,
      ),
    ).then(() => 'it was accepted', messageOf);
    expect(message).toContain('changes its own output: (root)');
  });
});
