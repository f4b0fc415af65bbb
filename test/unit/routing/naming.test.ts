import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLogicalTopic } from '../../../src/contract/logical-topic.js';
import { isTenantryError } from '../../../src/core/errors.js';
import { isTenantId, parseTenantId, type TenantId } from '../../../src/core/tenant-id.js';
import {
  controlTopic,
  deadLetterTopic,
  isGroupName,
  parseGroupName,
  quarantineTopic,
  sharedGroupId,
  tenantGroupId,
  tenantPrefix,
  type GroupName,
} from '../../../src/routing/naming.js';
import { ALL_PARTITIONS } from '../../../src/routing/partition-set.js';
import { sharedRouter } from '../../../src/routing/router.js';

const words = fc.constantFrom(
  'a',
  'b',
  'ab',
  'orders',
  'billing',
  'dlq',
  'control',
  'shared',
  'quarantine',
  'retry',
  'acme',
  'acme2',
  'x-1',
);
const tenants = fc.oneof(words, fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/)).map(parseTenantId);
const groups = fc.oneof(words, fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,63}$/)).filter(isGroupName);
const topics = fc.oneof(words, fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,99}$/)).filter(isLogicalTopic);

/** Everything that can be named, said by what it is. */
interface Named {
  readonly what: string;
  readonly name: string;
  /** The only tenant whose prefix may reach it. */
  readonly owner: TenantId | undefined;
}

const named: fc.Arbitrary<Named> = fc
  .record({ tenant: fc.option(tenants, { nil: undefined }), group: groups, topic: topics, kind: fc.nat(4) })
  .map(({ tenant, group, topic, kind }) => {
    const groupId = tenant === undefined ? sharedGroupId(group) : tenantGroupId(tenant, group);
    const whose = tenant ?? '(all)';
    switch (kind) {
      case 0:
        return { what: `group ${whose} ${group}`, name: groupId, owner: tenant };
      case 1:
        return { what: `dlq ${whose} ${group} ${topic}`, name: deadLetterTopic(groupId, topic), owner: tenant };
      case 2:
        return { what: `control ${whose} ${group}`, name: controlTopic(groupId), owner: undefined };
      case 3:
        return { what: `quarantine ${topic}`, name: quarantineTopic(topic), owner: undefined };
      default: {
        const route = sharedRouter.route(tenant ?? parseTenantId('acme'), { topic });
        return { what: `topic ${topic}`, name: route.topic, owner: undefined };
      }
    }
  });

describe('naming', () => {
  it('is the scheme that the documentation shows', () => {
    const acme = parseTenantId('acme');
    const group = parseGroupName('order-processor');
    expect(tenantGroupId(acme, group)).toBe('acme.order-processor');
    expect(sharedGroupId(group)).toBe('_shared.order-processor');
    expect(deadLetterTopic(sharedGroupId(group), 'orders')).toBe('_shared.order-processor.orders.dlq');
    expect(deadLetterTopic(tenantGroupId(acme, group), 'orders')).toBe('acme.order-processor.orders.dlq');
    expect(quarantineTopic('orders')).toBe('_quarantine.orders');
    expect(controlTopic(sharedGroupId(group))).toBe('_control._shared.order-processor');
    expect(controlTopic(tenantGroupId(acme, group))).toBe('_control.acme.order-processor');
  });

  it('threat 24: a group of one tenant is never that of another, because neither part can hold a dot', () => {
    expect(isTenantId('a.b')).toBe(false);
    expect(isGroupName('b.g')).toBe(false);
    fc.assert(
      fc.property(
        fc.tuple(tenants, groups),
        fc.tuple(tenants, groups),
        ([tenant, group], [otherTenant, otherGroup]) => {
          const same = tenant === otherTenant && group === otherGroup;
          expect(tenantGroupId(tenant, group) === tenantGroupId(otherTenant, otherGroup)).toBe(same);
        },
      ),
    );
  });

  it('threat 24: no two things share a name', () => {
    fc.assert(
      fc.property(fc.array(named, { minLength: 2, maxLength: 20 }), (things) => {
        const byName = new Map<string, string>();
        for (const { what, name } of things) {
          expect(byName.get(name) ?? what).toBe(what);
          byName.set(name, what);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('threat 25: the prefix of acme does not reach acme2', () => {
    const group = parseGroupName('g');
    expect(tenantPrefix(parseTenantId('acme'))).toBe('acme.');
    expect(tenantGroupId(parseTenantId('acme2'), group).startsWith(tenantPrefix(parseTenantId('acme')))).toBe(false);
  });

  it('threats 25 and 57: the prefix of a tenant reaches what is its own and nothing else', () => {
    fc.assert(
      fc.property(tenants, named, (tenant, { name, owner }) => {
        expect(name.startsWith(tenantPrefix(tenant))).toBe(owner === tenant);
      }),
      { numRuns: 1_000 },
    );
  });

  it('threat 57: a tenant named like a topic reaches no shared, dead-letter, quarantine or control topic', () => {
    for (const name of ['orders', 'billing']) {
      const prefix = tenantPrefix(parseTenantId(name));
      const shared = sharedGroupId(parseGroupName(name));
      for (const topic of [
        name,
        deadLetterTopic(shared, name),
        quarantineTopic(name),
        controlTopic(shared),
        controlTopic(`${name}.g`),
      ]) {
        expect(topic.startsWith(prefix), topic).toBe(false);
      }
    }
  });

  it('stays within what Kafka takes as a name, and clear of what it or MirrorMaker treats specially', () => {
    const longest = deadLetterTopic(
      tenantGroupId(parseTenantId('t'.repeat(63)), parseGroupName('g'.repeat(64))),
      'o'.repeat(100),
    );
    expect(longest.length).toBeLessThanOrEqual(249);
    fc.assert(
      fc.property(named, ({ name }) => {
        expect(name).toMatch(/^[A-Za-z0-9._-]{1,249}$/);
        expect(name).not.toMatch(/^__|^\.|[.-]internal$/);
      }),
    );
  });
});

describe('parseGroupName', () => {
  it.each([
    '',
    'b.g',
    'Orders',
    '-a',
    'a_b',
    'a:b',
    '../x',
    'a\n',
    'é',
    'g'.repeat(65),
    'internal',
    'my-internal',
    undefined,
    7,
  ])('refuses %j', (value) => {
    const refusal = ((): unknown => {
      try {
        return parseGroupName(value);
      } catch (error) {
        return error;
      }
    })();
    expect(isTenantryError(refusal, 'INVALID_OPTIONS') && refusal.problems[0]?.path).toBe('group');
  });

  it.each(['a', '0', 'order-processor', 'g'.repeat(64)])('takes %s', (value) => {
    const group: GroupName = parseGroupName(value);
    expect(group).toBe(value);
  });
});

describe('sharedRouter', () => {
  it('writes every tenant to the topic of the contract', () => {
    const route = { isolation: 'shared', topic: 'orders', logicalTopic: 'orders', partitions: ALL_PARTITIONS };
    expect(sharedRouter.route(parseTenantId('acme'), { topic: 'orders' })).toEqual(route);
    expect(sharedRouter.route(parseTenantId('globex'), { topic: 'orders' })).toEqual(route);
  });
});
