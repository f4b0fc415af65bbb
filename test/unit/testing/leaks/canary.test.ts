import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { canaryOf, type CanaryMark } from '../../../../src/testing/leaks/plant/canary.js';
import { ClaimReader } from '../../../../src/testing/leaks/judge/claims.js';
import { judgeOutput } from '../../../../src/testing/leaks/judge/judge-output.js';
import { leavesOf } from '../../../../src/testing/leaks/search/leaves-of.js';
import { MarkSearch } from '../../../../src/testing/leaks/search/mark-search.js';
import { outputNow } from '../../../../src/testing/leaks/watch/output.js';
import type { Owner } from '../../../../src/testing/leaks/watch/owner.js';

const of = { seed: 1, tenantId: 'acme', eventType: 'orders.placed.v1', record: 0 };
const search = new MarkSearch<CanaryMark>();
const { canary, placesIn } = canaryOf(search, of);
const { text, email, uuid, integer } = canary;
const claims = new ClaimReader(['acme', 'globex'], ['account']);
const GLOBEX: Owner = { by: 'handler', tenantId: 'globex' };
const NOBODY: Owner = { by: 'none', tenantId: undefined };

const crossings = (value: unknown, owner: Owner = GLOBEX): string[] =>
  judgeOutput(outputNow('log', 'a log', value, owner), search, claims).crossings.map(
    ({ kind, of: tenant, path, inName }) => `${kind} of ${tenant} at ${path}${inName ? ' (name)' : ''}`,
  );

describe('a canary', () => {
  it('is the same for the same arguments, and no other', () => {
    const other = new MarkSearch<CanaryMark>();
    expect({ ...canaryOf(other, of).canary }).toEqual({ text, email, uuid, integer });
    for (const change of [{ seed: 2 }, { tenantId: 'Acme' }, { eventType: 'orders.placed.v2' }, { record: 1 }]) {
      const changed = canaryOf(other, { ...of, ...change }).canary;
      expect([changed.text, changed.uuid, changed.integer]).not.toContain(text);
      expect(changed.integer).not.toBe(integer);
    }
    expect(text).toMatch(/^c[a-z0-9]{19}$/);
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.isSafeInteger(integer)).toBe(true);
  });

  it('is looked for only once it was read, and is known by its places', () => {
    const mine = new MarkSearch<CanaryMark>();
    const made = canaryOf(mine, of);
    expect(mine.size).toBe(0);
    expect(made.placesIn({ id: '1' })).toEqual({});
    const input = { who: { name: made.canary.text, mail: [made.canary.email] } };
    expect(made.placesIn(input)).toEqual({ text: ['/who/name', '/who/mail/0'] });
    expect(placesIn({ a: integer, b: { c: uuid } })).toEqual({ integer: ['/a'], uuid: ['/b/c'] });
  });

  it.each([
    ['as it is', `name: ${text}`],
    ['in an address', email],
    ['in capitals', text.toUpperCase()],
    ['with one capital', text.charAt(0).toUpperCase() + text.slice(1)],
    ['in an URL', encodeURIComponent(`mail=${email}`)],
    ['in base64', Buffer.from(`{"name":"${text}"}`).toString('base64')],
    ['in base64 further inside', Buffer.from(`{"n":"${text}"}`).toString('base64')],
    ['in base64url of capitals', Buffer.from(`x${text.toUpperCase()}`).toString('base64url')],
    ['in hex', Buffer.from(text).toString('hex')],
    ['in bytes', Buffer.from(`a ${text}`)],
    ['in bytes of an array buffer', new TextEncoder().encode(text).buffer],
    ['as a UUID', uuid],
    ['as a UUID without dashes', uuid.replaceAll('-', '').toUpperCase()],
    ['as a number', integer],
    ['as a bigint', BigInt(integer)],
    ['as a number in a text', `total ${integer} EUR`],
  ])('is found %s', (_, value) => {
    expect(crossings({ value })).toEqual(['canary of acme at /value']);
  });

  it.each([
    ['in a name', { [text]: 1 }, `canary of acme at /${text} (name)`],
    ['in an error', new Error(`no ${text}`), 'canary of acme at /message'],
    ['in the cause of an error', new Error('x', { cause: { of: text } }), 'canary of acme at /cause/of'],
    ['in a Map', new Map([['k', { v: text }]]), 'canary of acme at /k/v'],
    ['in a Set', new Set([text]), 'canary of acme at /0'],
    ['in an URL', { url: new URL(`http://localhost/${text}`) }, 'canary of acme at /url'],
    ['in headers', new Headers({ 'x-name': text }), 'canary of acme at /x-name'],
    ['in a line of JSON', JSON.stringify({ a: { b: text } }), 'canary of acme at /a/b'],
    ['where names have a slash', { 'a/b': text }, 'canary of acme at /a~1b'],
  ])('is found %s, by its place', (_, value, expected) => {
    expect(crossings(value)).toEqual([expected]);
  });

  it('is not found where only a part of it is, nor where it is compressed: what is not seen is documented', () => {
    expect(crossings([text.slice(0, 19), uuid.slice(1), Math.floor(integer / 10), gzipSync(text)])).toEqual([]);
  });
});

describe('whose an output is', () => {
  it('is said by the running handler, whatever the output says', () => {
    expect(crossings({ tenantId: 'acme', text })).toEqual([
      'canary of acme at /text',
      'tenant id of acme at /tenantId',
    ]);
    expect(crossings({ tenantId: 'globex' })).toEqual([]);
  });

  it.each<Owner>([NOBODY, { by: 'ended', tenantId: 'globex' }])(
    'is said by the output itself where owner is %o',
    (owner) => {
      expect(crossings({ tenantId: 'acme', text }, owner)).toEqual([]);
      expect(crossings({ tenantId: 'globex', text }, owner)).toEqual(['canary of acme at /text']);
    },
  );

  it('is that of the handler that began it, where the output says nothing', () => {
    expect(crossings({ text }, { by: 'ended', tenantId: 'globex' })).toEqual(['canary of acme at /text']);
  });

  it('is nobody’s without either: then one tenant’s data are no leak, those of two are', () => {
    const other = canaryOf(search, { ...of, tenantId: 'globex', record: 1 }).canary;
    expect(crossings([text, uuid], NOBODY)).toEqual([]);
    expect(crossings([text, other.text], NOBODY)).toEqual(['mixed of acme at /0', 'mixed of globex at /1']);
    expect(crossings([{ tenant: 'acme' }, { tenant: 'globex' }], NOBODY)).toEqual([]);
  });

  it.each([
    ['a field', { tenantId: 'acme' }, '/tenantId'],
    ['a header', { 'X-Tenant-Id': 'acme' }, '/X-Tenant-Id'],
    ['an attribute', { 'tenantry.tenant.id': 'acme' }, '/tenantry.tenant.id'],
    ['a name that the user gave', { account: 'acme' }, '/account'],
    ['a text', 'tenant=acme placed', ''],
    ['a text like JSON', 'got {"tenant_id":"acme"}', ''],
    ['a text like JavaScript', "got { tenantId: 'acme' }", ''],
    ['a text like YAML', 'tenant: acme\norder: 1', ''],
    ['a part of a key', 'read cache:tenant:acme:orders', ''],
    ['one of a list', 'placed (order: 1, tenant: acme)', ''],
    ['a path', { path: '/tenants/acme/orders' }, '/path'],
  ])('may be said by %s', (_, value, path) => {
    expect(crossings(value)).toEqual([`tenant id of acme at ${path}`]);
  });

  it.each([
    ['another word', { evictedTenant: 'acme' }],
    ['an ordinary text', { text: 'the tenant acme' }],
    ['a sentence behind a colon', 'no settings of tenant: acme defaults are used'],
    ['a sentence in quotes behind a colon', 'no settings of tenant: "acme defaults"'],
    ['a longer id', 'tenant=acme-2'],
    ['a longer id behind a colon', 'tenant: acme-2'],
    ['somebody unknown', { tenantId: 'initech' }],
    ['a name', { tenant: { acme: 1 } }],
  ])('is not said by %s', (_, value) => {
    expect(crossings(value)).toEqual([]);
  });
});

it('looks at each object once, also in circles', () => {
  const circle: Record<string, unknown> = { a: 'x' };
  circle['self'] = circle;
  expect(leavesOf(circle).map(({ path, isName }) => `${path}${isName ? ' (name)' : ''}`)).toEqual([
    '/a (name)',
    '/a',
    '/self (name)',
  ]);
});
