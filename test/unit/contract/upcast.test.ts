import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvent } from '../../../src/contract/define-event.js';
import type { AnyEventContract } from '../../../src/contract/event-contract.js';
import { olderVersions, upcastData } from '../../../src/contract/upcast.js';
import { isTenantryError } from '../../../src/core/errors.js';

const base = { type: 'notes.noted', topic: 'notes', protection: 'none', aggregateId: () => 'n1' } as const;

/** A version that keeps what came, and what its schema adds by default: a step, and what was seen of it. */
const stepped = z.object({ id: z.string(), steps: z.array(z.number()).default([]), checked: z.number().default(0) });

function chainOf(versions: readonly number[]): readonly AnyEventContract[] {
  const chain: AnyEventContract[] = [];
  for (const version of versions) {
    const from = chain.at(-1);
    const schema = stepped.transform((data) => ({ ...data, checked: version }));
    const upcast = from && {
      from,
      with: (data: unknown) => {
        const { steps, checked, ...rest } = data as z.output<typeof stepped>;
        // What the version before has validated, it has marked.
        expect(checked).toBe(from.version);
        return { ...rest, steps: [...steps, version] };
      },
    };
    chain.push(defineEvent({ ...base, version, schema, ...(upcast && { upcast: upcast as never }) }));
  }
  return chain;
}

function failureOf(contract: AnyEventContract, data: unknown): { message: string; problems: readonly unknown[] } {
  try {
    upcastData([contract], data);
  } catch (error) {
    if (isTenantryError(error, 'UPCAST_FAILED')) return { message: error.message, problems: error.problems };
    throw error;
  }
  throw new Error('the upcast did not fail');
}

function upcastBy(step: (data: { id: string }) => unknown): AnyEventContract {
  const from = defineEvent({ ...base, version: 1, schema: z.object({ id: z.string() }) });
  const schema = z.object({ id: z.string(), lines: z.array(z.object({ count: z.int() })) });
  return defineEvent({ ...base, version: 2, schema, upcast: { from, with: step as never } });
}

describe('upcasts', () => {
  it('compose: each version in between validates and goes on, in order and once', () => {
    const versions = fc.uniqueArray(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(versions, fc.nat(), fc.string(), (unsorted, pick, id) => {
        const sorted = [...unsorted].sort((a, b) => a - b);
        const chain = chainOf(sorted);
        const newest = chain.at(-1);
        if (newest === undefined) throw new Error('a chain has a version');
        expect(olderVersions(newest)).toEqual([...chain].reverse().slice(1));

        const start = pick % chain.length;
        const written = { id, steps: [], checked: sorted[start] ?? 0 };
        const whole = upcastData(chain.slice(start + 1), written);
        expect(whole).toEqual({ id, steps: sorted.slice(start + 1), checked: newest.version });

        // In two goes it is the same.
        const middle = start + Math.floor((chain.length - start) / 2);
        const half = upcastData(chain.slice(start + 1, middle + 1), written);
        expect(upcastData(chain.slice(middle + 1), half)).toEqual(whole);
        expect(written).toEqual({ id, steps: [], checked: sorted[start] ?? 0 });
      }),
    );
  });

  it('leave data of the version that is wanted as it is', () => {
    const data = { id: 'n1' };
    expect(upcastData([], data)).toBe(data);
  });

  it('that throw say which contract, and nothing of the data', () => {
    const contract = upcastBy(({ id }) => {
      throw new TypeError(`cannot read ${id}`);
    });
    const { message, problems } = failureOf(contract, { id: 'tenant-data' });
    expect(message).toBe('notes.noted.v2: its upcast from notes.noted.v1 threw TypeError');
    expect(problems).toEqual([{ path: '(root)', message: 'threw TypeError' }]);
  });

  it('that return what does not fit say which fields, and nothing of the data', () => {
    const { message, problems } = failureOf(
      upcastBy(({ id }) => ({ id, lines: [{ count: id }, { count: 1 }] })),
      { id: 'tenant-data' },
    );
    expect(problems).toEqual([{ path: 'lines[0].count', message: 'must be a number' }]);
    expect(message).toBe('notes.noted.v2, as it was upcast: lines[0].count must be a number');
  });

  it('that answer with a promise are refused, and its rejection ends nothing', async () => {
    const contract = upcastBy(() => Promise.reject(new Error('later')));
    expect(failureOf(contract, { id: 'n1' }).message).toBe(
      'notes.noted.v2: its upcast from notes.noted.v1 answered with a promise',
    );
    await new Promise(setImmediate);
  });
});
