// Who types the name that code gives to kafka.worker must hear what the brokers call that group. Told of a group that
// never was, they would take "nothing committed" for the state of theirs.
import { describe, expect, it } from 'vitest';
import { run } from './run.js';

const BROKERS = ['--brokers', '127.0.0.1:1'];

describe('a group on the command line', () => {
  it.each([
    ['lag', 'order-processor', 'orders'],
    ['cursors', 'show', 'order-processor', 'orders'],
    ['cursors', 'export', 'order-processor', 'orders'],
    ['cursors', 'reset', 'order-processor', 'orders', '--to', 'latest', '--yes'],
    ['dlq', 'list', '--group', 'order-processor'],
    ['dlq', 'show', 'acme', '--group', 'order-processor'],
  ])('%s %s %s says how Kafka knows it', async (...args) => {
    const { exitCode, out, note } = await run(...args, ...BROKERS);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(note).toContain("a worker's is _shared.order-processor, a tenant's own <tenant>.order-processor");
  });

  it.each(['_shared.', '_other.order-processor', 'acme.order.processor', 'acme.Order', ''])(
    '%j is none',
    async (group) => {
      const { exitCode, note } = await run('lag', group, 'orders', ...BROKERS);
      expect(exitCode).toBe(2);
      expect(note).toContain(group === '' ? 'a group is missing' : `'${group}' is not a group as Kafka knows it`);
    },
  );
});
