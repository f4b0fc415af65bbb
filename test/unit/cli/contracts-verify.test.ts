import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { writeBundle } from '../../../src/cli/contracts/bundle-files.js';
import { makeBundle } from '../../../src/contract/bundle/bundle.js';
import { defineEvent } from '../../../src/contract/define-event.js';
import type { AnyEventContract } from '../../../src/contract/event-contract.js';
import { consumerExpectation } from '../../../src/contract/expectation/expectation.js';
import { run } from './run.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenantry-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function placed(fields: z.ZodRawShape): AnyEventContract {
  return defineEvent({
    type: 'orders.placed',
    version: 1,
    topic: 'orders',
    schema: z.object({ id: z.string(), ...fields }),
    aggregateId: () => '1',
    protection: 'none',
  });
}

function bundle(fields: z.ZodRawShape): string {
  const out = join(folder, 'contracts');
  writeBundle(out, makeBundle([placed(fields)], { name: 'shop', version: '1' }));
  return out;
}

function expectation(consumer: string, fields: z.ZodRawShape): string {
  const path = join(folder, `${consumer}.json`);
  writeFileSync(path, JSON.stringify(consumerExpectation(consumer, [placed(fields)])));
  return path;
}

const verify = (...args: string[]) => run('contracts', 'verify', ...args);

describe('tenantry contracts verify', () => {
  it('is content where the bundle promises what is expected', async () => {
    const paths = [expectation('invoices', {}), expectation('stock', { total: z.number() })];
    expect(await verify(...paths, bundle({ total: z.number() }))).toEqual({
      exitCode: 0,
      out: 'invoices\n  orders.placed.v1   met\n\nstock\n  orders.placed.v1   met\n',
      note: '',
    });
  });

  it('names the consumer, the contract, the field and the reason, and fails', async () => {
    const paths = [expectation('invoices', {}), expectation('stock', { total: z.number() })];
    const promised = bundle({});
    expect(await verify(...paths, promised)).toEqual({
      exitCode: 1,
      out:
        'invoices\n  orders.placed.v1   met\n\nstock\n  orders.placed.v1   unmet\n' +
        '    ✗ total: is required by readers, and is never written\n',
      note: 'tenantry: INCOMPATIBLE_CONTRACTS: stock: orders.placed.v1 is unmet\n',
    });
    const { exitCode, out } = await verify(...paths, join(promised, 'contracts.json'), '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      met: false,
      consumers: [
        { consumer: 'invoices', contracts: [{ verdict: 'met' }] },
        { consumer: 'stock', contracts: [{ verdict: 'unmet', findings: [{ place: 'total' }] }] },
      ],
    });
  });

  it('fails for what is undecided, unless that is allowed', async () => {
    const path = expectation('invoices', { sku: z.string().regex(/^a/) });
    const promised = bundle({ sku: z.string().regex(/^[a]/) });
    expect(await verify(path, promised)).toMatchObject({ exitCode: 1, out: expect.stringContaining('    ? sku: ') });
    expect((await verify(path, promised, '--allow-undecided')).exitCode).toBe(0);
  });

  it('says what is wrong with the command line and with files', async () => {
    const good = bundle({});
    const old = join(folder, 'old.json');
    writeFileSync(old, '{"format":"tenantry.expectation","formatVersion":2}');
    for (const [args, message] of [
      [[], 'an expectation and a bundle are needed'],
      [[good], 'an expectation and a bundle are needed'],
      [[join(folder, 'nowhere.json'), good], 'nowhere.json cannot be read (Error ENOENT)'],
      [[old, good], 'formatVersion'],
      [[expectation('invoices', {}), old], 'format'],
    ] as const) {
      const { exitCode, note } = await verify(...args);
      expect(exitCode).toBe(2);
      expect(note).toContain(message);
    }
  });
});
