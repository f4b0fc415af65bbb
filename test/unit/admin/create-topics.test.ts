import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createTopics, createTopicsSchema, wantedTopics } from '../../../src/admin/create-topics.js';
import { defineEvent } from '../../../src/contract/define-event.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { Noted, Signed, Whispered } from '../../support/contracts.js';
import { FakeAdmin } from '../../support/fake-admin.js';
import { FakeKafka } from '../../support/fake-kafka.js';

const MAX_RECORD_BYTES = 1_000_000;
const options = (
  given: z.input<ReturnType<typeof createTopicsSchema>> = {},
): z.output<ReturnType<typeof createTopicsSchema>> => createTopicsSchema().parse(given);
const named = (contracts: Parameters<typeof wantedTopics>[0], given = {}): string[] =>
  wantedTopics(contracts, options(given), MAX_RECORD_BYTES).map(({ topic }) => topic);

describe('the topics of contracts and groups', () => {
  it('are the contracts’, with quarantine, and the groups’ dead letters and control', () => {
    expect(named([Noted, Whispered, Signed], { groups: ['readers'], tenantGroups: { acme: ['reports'] } })).toEqual([
      'notes',
      '_quarantine.notes',
      '_shared.readers.notes.dlq',
      'acme.reports.notes.dlq',
      'states',
      '_quarantine.states',
      '_shared.readers.states.dlq',
      'acme.reports.states.dlq',
      '_control._shared.readers',
      '_control.acme.reports',
    ]);
  });

  it('have room for the largest record and what a copy adds, and are never compacted where copies go', () => {
    const topics = wantedTopics([Signed], options({ groups: ['readers'], partitions: 6 }), MAX_RECORD_BYTES);
    for (const { topic, partitions, config } of topics) {
      const isCopyTopic = topic.endsWith('.dlq') || topic.startsWith('_quarantine.');
      expect(config['cleanup.policy'], topic).toBe(isCopyTopic ? 'delete' : 'compact');
      if (isCopyTopic) expect(config['max.message.bytes']).toBe(String(MAX_RECORD_BYTES + 64 * 1024));
      expect(partitions, topic).toBe(topic === 'states' || topic.endsWith('.dlq') ? 6 : 1);
    }
  });

  it('threat 57: no tenant’s prefix reaches what is not its own', () => {
    for (const tenant of ['orders', 'notes', 'shared', 'quarantine', 'control']) {
      const others = named([Noted, Signed], { groups: ['readers'], tenantGroups: { acme: ['reports'] } });
      expect(others.filter((topic) => topic.startsWith(`${tenant}.`))).toEqual([]);
    }
  });

  it('are each wanted once', () => {
    const twice = named([Noted, Whispered, Noted], { groups: ['readers', 'readers'] });
    expect(new Set(twice).size).toBe(twice.length);
  });

  it('refuses contracts that do not agree, wrong groups and wrong tenants', () => {
    const Other = defineEvent({
      type: 'states.other',
      version: 1,
      topic: 'states',
      schema: z.object({ id: z.string() }),
      aggregateId: ({ id }) => id,
      protection: 'none',
    });
    expect(() => named([Signed, Other])).toThrow(expect.objectContaining({ code: 'CONTRACT_CONFLICT' }));
    expect(() => options({ groups: ['A.b'] })).toThrow();
    expect(() => named([Noted], { tenantGroups: { 'a.b': ['g'] } })).toThrow();
    for (const replicationFactor of [0, -2, 33]) expect(() => options({ replicationFactor })).toThrow();
  });
});

describe('createTopics', () => {
  it('creates what is missing, leaves alone what is there, and says which is which', async () => {
    const kafka = new FakeKafka(new VirtualClock());
    kafka.createTopic('notes', 3);
    const admin = new FakeAdmin(kafka);
    expect(await createTopics(admin, wantedTopics([Noted], options(), MAX_RECORD_BYTES))).toEqual({
      created: ['_quarantine.notes'],
      existing: ['notes'],
    });
    expect(kafka.partitions('notes')).toHaveLength(3);
    expect(await createTopics(admin, wantedTopics([Noted], options(), MAX_RECORD_BYTES))).toMatchObject({
      created: [],
    });
  });
});
