import { describe, expect, it, vi } from 'vitest';
import type { PublishManyOptions, PublishOptions } from '../../../src/api/publisher.js';
import { checkPublishManyOptions, checkPublishOptions } from '../../../src/client/publish-options.js';
import { isTenantryError, type Problem } from '../../../src/core/errors.js';
import { ClientHarness } from '../../support/client-harness.js';
import { Noted, Signed } from '../../support/contracts.js';

vi.mock('../../../src/transport/confluent-transport.js', async () => {
  const { clientTransport } = await import('../../support/client-transport.js');
  return { createConfluentTransport: clientTransport };
});

function problemsOf(check: () => void): readonly Problem[] {
  try {
    check();
  } catch (error) {
    if (isTenantryError(error, 'INVALID_OPTIONS')) return error.problems;
    throw error;
  }
  return [];
}

const pathsOf = (check: (options: unknown) => void, options: unknown): string[] =>
  problemsOf(() => {
    check(options);
  }).map(({ path }) => path);

const NOT_PLAIN: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['text', 'abc'],
  ['a number', 5],
  ['an array', []],
  ['a Map', new Map([['a', 'b']])],
  ['a Date', new Date()],
  ['a signal', new AbortController().signal],
  ['the Headers of fetch', new Headers({ a: 'b' })],
];

describe('the options of a publish', () => {
  it.each<[string, PublishOptions]>([
    ['none', {}],
    ['all', { eventId: 'e', timestamp: new Date(), headers: { a: 'b' }, signal: new AbortController().signal }],
    ['undefined', { eventId: undefined, timestamp: undefined, headers: undefined, signal: undefined }],
    [
      'no prototype',
      Object.assign(Object.create(null) as object, { headers: Object.create(null) as Record<string, string> }),
    ],
  ])('may be %s', (_, options) => {
    expect(pathsOf(checkPublishOptions, options)).toEqual([]);
  });

  it.each(NOT_PLAIN)('are refused where they are %s', (_, options) => {
    expect(pathsOf(checkPublishOptions, options)).toEqual(['(root)']);
  });

  it.each(NOT_PLAIN)('are refused where the headers are %s', (_, headers) => {
    expect(pathsOf(checkPublishOptions, { headers })).toEqual(['headers']);
  });

  it('are refused with every name that is not an option, and no secret is repeated', () => {
    const secret = Buffer.alloc(32, 7).toString('base64');
    const options = { eventID: 'e', time: 1, headers: null, [secret]: secret };
    expect(pathsOf(checkPublishOptions, options)).toEqual(['eventID', 'time', '(name not shown)', 'headers']);
  });
});

describe('the options of publishMany', () => {
  it('may be a signal and a function', () => {
    const options: PublishManyOptions = { signal: undefined, each: () => ({}) };
    expect(pathsOf(checkPublishManyOptions, options)).toEqual([]);
  });

  it.each(NOT_PLAIN)('are refused where they are %s', (_, options) => {
    expect(pathsOf(checkPublishManyOptions, options)).toEqual(['(root)']);
  });

  it('are refused where they belong to one event, or each is no function', () => {
    expect(pathsOf(checkPublishManyOptions, { eventId: 'e', each: {} })).toEqual(['eventId', 'each']);
  });
});

describe('a publish with wrong options', () => {
  const wrong = { eventID: 'e' } as PublishOptions;

  it('rejects and does not throw, and nothing is sent', async () => {
    const harness = new ClientHarness();
    const acme = harness.client.tenant('acme');
    const rejected: readonly (() => Promise<unknown>)[] = [
      () => acme.publish(Noted, { id: 'n1' }, wrong),
      () => acme.publish(Noted, { id: 'n1' }, null as never),
      () => acme.publishMany(Noted, [{ id: 'n1' }], wrong),
      () => acme.publishMany(Noted, [{ id: 'n1' }], null as never),
      () => acme.tombstone(Signed, 'n1', wrong),
      () => acme.tombstone(Signed, 'n1', null as never),
      () => acme.run(() => harness.client.publish(Noted, { id: 'n1' }, wrong)),
      () => acme.run(() => harness.client.publishMany(Noted, [{ id: 'n1' }], wrong)),
      () => acme.run(() => harness.client.tombstone(Signed, 'n1', wrong)),
    ];
    for (const work of rejected) expect(await harness.codeOf(work())).toBe('INVALID_OPTIONS');
    expect(harness.takenKeys).toEqual([]);
  });

  it('given for one item fails that item', async () => {
    const harness = new ClientHarness();
    const work = harness.client
      .tenant('acme')
      .publishMany(Noted, [{ id: 'n1' }, { id: 'n2' }], { each: (_, index) => (index === 1 ? wrong : {}) });
    await expect(harness.settle(work)).rejects.toMatchObject({
      code: 'PUBLISH_INCOMPLETE',
      outcomes: [{ published: true }, { published: false, error: { code: 'INVALID_OPTIONS' } }],
    });
    expect(harness.takenKeys).toEqual(['acme:n1']);
  });
});
