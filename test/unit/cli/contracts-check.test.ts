import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { writeBundle } from '../../../src/cli/contracts/bundle-files.js';
import { makeBundle } from '../../../src/contract/bundle/bundle.js';
import { defineEvent } from '../../../src/contract/define-event.js';
import { run } from './run.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenantry-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function bundle(version: string, fields: z.ZodRawShape): string {
  const contract = defineEvent({
    type: 'orders.placed',
    version: 1,
    topic: 'orders',
    schema: z.object({ id: z.string(), ...fields }),
    aggregateId: () => '1',
    protection: 'none',
  });
  const out = join(folder, version);
  writeBundle(out, makeBundle([contract], { name: 'shop', version }));
  return out;
}

const check = (...args: string[]) => run('contracts', 'check', ...args);

describe('tenantry contracts check', () => {
  it('is content with what is compatible', async () => {
    const [older, newer] = [bundle('1', {}), bundle('2', { note: z.string().optional() })];
    expect(await check(older, newer, '--mode', 'full')).toEqual({
      exitCode: 0,
      out: 'mode full\n\norders.placed.v1   compatible\n',
      note: '',
    });
  });

  it('names the contract, the field and the reason, and fails', async () => {
    const [older, newer] = [bundle('1', {}), bundle('2', { note: z.string() })];
    expect(await check(older, join(newer, 'contracts.json'))).toEqual({
      exitCode: 1,
      out:
        'mode backward\n\norders.placed.v1   incompatible\n' +
        '  ✗ note: old event, new consumer: is required by readers, and is never written (against shop 1)\n',
      note: 'tenantry: INCOMPATIBLE_CONTRACTS: orders.placed.v1 is incompatible\n',
    });
    const { exitCode, out } = await check(older, newer, '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(out)).toEqual({
      mode: 'backward',
      compatible: false,
      contracts: [
        {
          eventType: 'orders.placed.v1',
          verdict: 'incompatible',
          findings: [
            {
              verdict: 'certain',
              place: 'note',
              reason: 'is required by readers, and is never written',
              direction: 'backward',
              against: 'shop 1',
            },
          ],
        },
      ],
    });
  });

  it('fails for what is undecided, unless that is allowed', async () => {
    const [older, newer] = [bundle('1', { a: z.string().regex(/^a/) }), bundle('2', { a: z.string().regex(/^[a]/) })];
    const { exitCode, out, note } = await check(older, newer);
    expect(exitCode).toBe(1);
    expect(out).toContain('  ? a: old event, new consumer: is read in a pattern');
    expect(note).toContain('orders.placed.v1 is undecided');
    const allowed = await check(older, newer, '--allow-undecided');
    expect(allowed).toEqual({ exitCode: 0, out, note: '' });
  });

  it('compares with all older releases where it is asked to', async () => {
    const releases = [bundle('1', { a: z.string() }), bundle('2', {}), bundle('3', { a: z.int().optional() })];
    expect((await check(...releases)).exitCode).toBe(0);
    const { exitCode, out } = await check(...releases, '--mode', 'backward-transitive');
    expect(exitCode).toBe(1);
    expect(out).toContain('a: old event, new consumer: is written as string and read as integer (against shop 1)');
  });

  it('says what is wrong with the command line and with bundles', async () => {
    const good = bundle('1', {});
    const none = join(folder, 'none.json');
    writeFileSync(none, '{"format":"tenantry.contracts","formatVersion":2}');
    for (const [args, message] of [
      [[], 'an old and a new bundle are needed'],
      [[good], 'an old and a new bundle are needed'],
      [[good, good, '--mode', 'sideways'], '--mode must be one of backward, backward-transitive, forward'],
      [[good, join(folder, 'nowhere')], 'nowhere cannot be read (Error ENOENT)'],
      [[good, none], 'formatVersion'],
    ] as const) {
      const { exitCode, note } = await check(...args);
      expect(exitCode).toBe(2);
      expect(note).toContain(message);
    }
  });
});
