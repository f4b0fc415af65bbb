import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { makeBundle, type ContractBundle } from '../../../../src/contract/bundle/bundle.js';
import { compareBundles, type CompatibilityMode } from '../../../../src/contract/compatibility/compare-bundles.js';
import { defineEvent } from '../../../../src/contract/define-event.js';
import type { AnyEventContract, Protection } from '../../../../src/contract/event-contract.js';

interface Sketch {
  readonly type?: string;
  readonly version?: number;
  readonly topic?: string;
  readonly compacted?: boolean;
  readonly protection?: Protection;
  readonly fields?: z.ZodRawShape;
}

function contract({ fields = {}, ...sketch }: Sketch = {}): AnyEventContract {
  return defineEvent({
    type: 'orders.placed',
    version: 1,
    topic: 'orders',
    protection: 'none',
    aggregateId: () => '1',
    ...sketch,
    schema: z.object({ id: z.string(), ...fields }),
  });
}

function bundle(version: string, ...sketches: Sketch[]): ContractBundle {
  return makeBundle(
    sketches.map((sketch) => contract(sketch)),
    { name: 'shop', version },
  );
}

function check(mode: CompatibilityMode, ...bundles: ContractBundle[]): Record<string, readonly string[]> {
  const newest = bundles.pop() ?? bundle('0');
  return Object.fromEntries(
    compareBundles(bundles, newest, mode).map(({ eventType, verdict, findings }) => [
      eventType,
      [verdict, ...findings.map(({ direction, place, against }) => `${direction ?? 'both'} ${place} ${against}`)],
    ]),
  );
}

const note = { note: z.string() };
const optional = { note: z.string().optional() };

describe('a new release', () => {
  it('is not the same where only that differs to which references lead', () => {
    const of = (maxLength: number): ContractBundle => {
      const { contracts, ...rest } = bundle('1', {});
      const schema = { properties: { name: { $ref: '#/$defs/name' } }, $defs: { name: { type: 'string', maxLength } } };
      return { ...rest, contracts: contracts.map((one) => ({ ...one, input: schema, output: schema })) };
    };
    expect(check('backward', of(5), of(6))).toEqual({ 'orders.placed.v1': ['compatible'] });
    expect(check('backward', of(5), of(5))).toEqual({ 'orders.placed.v1': ['same'] });
  });

  it('of the same contracts is the same also where their schemas cannot be compared', () => {
    const named = z.string().trim().min(2).nullable();
    const fields = { name: named.pipe(z.union([z.string().min(3), z.null()])).pipe(z.string().startsWith('a')) };
    expect(check('full', bundle('1', { fields }), bundle('2', { fields }))).toEqual({ 'orders.placed.v1': ['same'] });
  });

  it('of the same contracts is the same in every mode', () => {
    for (const mode of ['backward', 'forward', 'full', 'full-transitive'] as const)
      expect(check(mode, bundle('1', {}), bundle('2', {}))).toEqual({ 'orders.placed.v1': ['same'] });
  });

  it('with a new required field is forward, and not backward', () => {
    const [older, newer] = [bundle('1', {}), bundle('2', { fields: note })];
    expect(check('forward', older, newer)).toEqual({ 'orders.placed.v1': ['compatible'] });
    expect(check('backward', older, newer)).toEqual({ 'orders.placed.v1': ['incompatible', 'backward note shop 1'] });
    expect(check('full', older, newer)).toEqual({ 'orders.placed.v1': ['incompatible', 'backward note shop 1'] });
  });

  it('without a required field is backward, and not forward', () => {
    const [older, newer] = [bundle('1', { fields: note }), bundle('2', {})];
    expect(check('backward', older, newer)).toEqual({ 'orders.placed.v1': ['compatible'] });
    expect(check('forward', older, newer)).toEqual({ 'orders.placed.v1': ['incompatible', 'forward note shop 1'] });
  });

  it('with a new optional field is full', () => {
    expect(check('full', bundle('1', {}), bundle('2', { fields: optional }))).toEqual({
      'orders.placed.v1': ['compatible'],
    });
  });

  it('may go with the last release and not with one before', () => {
    const releases = [
      bundle('1', { fields: note }),
      bundle('2', {}),
      bundle('3', { fields: { note: z.int().optional() } }),
    ];
    expect(check('backward', ...releases)).toEqual({ 'orders.placed.v1': ['compatible'] });
    expect(check('backward-transitive', ...releases)).toEqual({
      'orders.placed.v1': ['incompatible', 'backward note shop 1'],
    });
    expect(check('full-transitive', ...releases)['orders.placed.v1']).toEqual([
      'incompatible',
      'backward note shop 1',
      'forward note shop 1',
      'forward note shop 1',
    ]);
  });

  it('may add contracts and versions, and removes none while somebody may read them', () => {
    const older = bundle('1', {}, { type: 'orders.paid' });
    const newer = bundle('2', { version: 2, fields: note }, { type: 'orders.paid' });
    expect(check('backward', older, newer)).toEqual({
      'orders.paid.v1': ['same'],
      'orders.placed.v1': ['incompatible', 'backward (contract) shop 1'],
      'orders.placed.v2': ['added'],
    });
    expect(check('forward', older, newer)['orders.placed.v1']).toEqual(['compatible']);
    expect(check('backward', bundle('0'), newer)['orders.placed.v2']).toEqual(['added']);
  });

  it.each<[place: string, change: Sketch]>([
    ['(protection)', { protection: 'confidential' }],
    ['(protection)', { protection: { fields: ['/id'] } }],
    ['(topic)', { topic: 'other' }],
    ['(compacted)', { compacted: true }],
  ])('may not change %s in the same version, in no mode', (place, change) => {
    for (const mode of ['backward', 'forward', 'full'] as const) {
      expect(check(mode, bundle('1', {}), bundle('2', change))).toEqual({
        'orders.placed.v1': ['incompatible', `both ${place} shop 1`],
      });
      const [only, other] = [bundle('1'), bundle('2', { ...change, type: 'x', version: 2 })];
      expect(check(mode, only, other)).toEqual({ 'x.v2': ['added'] });
    }
  });

  it('may not seal other fields in the same version', () => {
    const sealed = (...fields: string[]): Sketch => ({ fields: optional, protection: { fields } });
    expect(check('full', bundle('1', sealed('/id', '/note')), bundle('2', sealed('/note', '/id')))).toEqual({
      'orders.placed.v1': ['same'],
    });
    expect(check('full', bundle('1', sealed('/id', '/note')), bundle('2', sealed('/note')))).toEqual({
      'orders.placed.v1': ['incompatible', 'both (protection) shop 1'],
    });
  });

  it('that cannot be decided says so, and is never called compatible', () => {
    const of = (pattern: RegExp): Sketch => ({ fields: { a: z.string().regex(pattern) } });
    expect(check('backward', bundle('1', of(/^a/)), bundle('2', of(/^[a]/)))).toEqual({
      'orders.placed.v1': ['undecided', 'backward a shop 1'],
    });
  });
});
