import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageVersion } from '../../../src/core/package-version.js';
import { run } from './run.js';

const template = new URL('../../../examples/service-template/', import.meta.url);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenantry-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** The texts of all files of a service, by path. */
function textsOf(service: string): Map<string, string> {
  const files = readdirSync(service, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map((file) => {
      const path = join(file.parentPath, file.name);
      return [path.slice(service.length + 1), readFileSync(path, 'utf8')];
    }),
  );
}

async function created(...args: string[]): Promise<Map<string, string>> {
  const service = join(folder, 'service');
  const { exitCode, note } = await run('create', ...args, '--dir', service);
  expect({ exitCode, note }).toEqual({ exitCode: 0, note: '' });
  return textsOf(service);
}

describe('tenantry create', () => {
  it('makes all files of the template, and tells the next two commands', async () => {
    const service = join(folder, 'new/order-service');
    const { exitCode, out, note } = await run('create', 'order-service', '--dir', service);
    expect({ exitCode, note }).toEqual({ exitCode: 0, note: '' });
    expect(out).toContain(`${service} has the service order-service. Its first event is orders.requested, about an`);
    expect(out).toContain('\n"order", on the topic orders; --event, --aggregate and --topic give other names.\n');
    expect(out).toMatch(/\n\nGo there, and then:\n\n {2}npm install\n {2}npm start\n$/);
    const made = new Set(['node_modules', 'dist', 'package-lock.json']);
    const inTemplate = readdirSync(template).filter((name) => !made.has(name));
    expect(readdirSync(service).sort()).toEqual(
      inTemplate.map((name) => (name === 'gitignore' ? '.gitignore' : name)).sort(),
    );
  });

  it('names everything after the service, where nothing else is said', async () => {
    const texts = await created('order-service');
    expect(texts.get('src/contracts.ts')).toContain('export const OrderRequested = defineEvent({');
    expect(texts.get('src/contracts.ts')).toContain("type: 'orders.requested'");
    expect(texts.get('src/kafka.ts')).toContain("SERVICE = 'order-service'");
    expect(texts.get('src/http.ts')).toContain("'/orders/:id'");
    expect(texts.get('compose.yaml')).toContain('name: order-service\n');
  });

  it('takes the names that are given, and leaves none of the template', async () => {
    const names = ['--aggregate', 'purchase-order', '--topic', 'buying', '--event', 'signed-off'];
    const texts = await created('desk', ...names);
    const all = [...texts].map(([path, text]) => `${path}\n${text}`).join('\n');
    expect(all).not.toMatch(/shipment|requested/i);
    expect(texts.get('src/contracts.ts')).toContain('export const PurchaseOrderSignedOff = defineEvent({');
    expect(texts.get('src/contracts.ts')).toContain("type: 'buying.signed-off'");
    expect(texts.get('src/contracts.ts')).toContain('aggregateId: ({ purchaseOrderId }) => purchaseOrderId');
    expect(texts.get('src/handlers.ts')).toContain('export const acceptPurchaseOrder');
  });

  it('replaces in one pass: a new name may hold one of the template', async () => {
    const texts = await created('shipment-service-desk', '--aggregate', 'preshipment', '--event', 'rerequested');
    expect(texts.get('src/kafka.ts')).toContain("SERVICE = 'shipment-service-desk'");
    expect(texts.get('src/contracts.ts')).toContain('export const PreshipmentRerequested');
    expect(texts.get('src/contracts.ts')).toContain("type: 'preshipments.rerequested'");
  });

  it('depends on the version that made it', async () => {
    const texts = await created('order-service');
    const manifest = JSON.parse(texts.get('package.json') ?? '') as Record<string, unknown>;
    expect(manifest).toMatchObject({ name: 'order-service', dependencies: { tenantry: `^${packageVersion()}` } });
  });

  it.each([
    ['reply', 'replies'],
    ['tray', 'trays'],
    ['box', 'boxes'],
    ['batch', 'batches'],
    ['invoice', 'invoices'],
  ])('has the events of a %s on %s', async (aggregate, topic) => {
    expect((await created(`${aggregate}-service`)).get('src/contracts.ts')).toContain(`topic: '${topic}'`);
  });

  it('tells programs what it has made', async () => {
    const service = join(folder, 'x');
    const { out } = await run('create', 'order-service', '--dir', service, '--json');
    const { files, ...rest } = JSON.parse(out) as { files: string[] };
    expect(rest).toEqual({
      folder: service,
      names: { service: 'order-service', aggregate: 'order', topic: 'orders', event: 'requested' },
      next: ['npm install', 'npm start'],
    });
    expect(files.sort()).toEqual([...textsOf(service).keys()].sort());
  });

  it('writes into an empty folder, and into no other', async () => {
    mkdirSync(join(folder, 'empty'));
    expect((await run('create', 'order-service', '--dir', join(folder, 'empty'))).exitCode).toBe(0);
    mkdirSync(join(folder, 'full'));
    writeFileSync(join(folder, 'full/.hidden'), 'mine');
    const full = await run('create', 'order-service', '--dir', join(folder, 'full'));
    expect(full).toMatchObject({ exitCode: 1, out: '', note: expect.stringContaining('full is not empty') });
    expect(readdirSync(join(folder, 'full'))).toEqual(['.hidden']);
    const file = await run('create', 'order-service', '--dir', join(folder, 'full/.hidden'));
    expect(file).toMatchObject({ exitCode: 1, note: expect.stringContaining('.hidden is a file') });
    const below = await run('create', 'order-service', '--dir', join(folder, 'full/.hidden/below'));
    expect(below).toMatchObject({ exitCode: 1, note: expect.stringContaining('INVALID_STATE: ') });
  });

  it.each([
    [[], 'the name of the service is missing'],
    [['one', 'two'], 'only one name can be given'],
    [['Order'], "NAME 'Order' must be words of a-z 0-9 joined by hyphens"],
    [['../order'], "NAME '../order' must be words"],
    [['order-'], "NAME 'order-' must be words"],
    [['4you'], "NAME '4you' must be words"],
    [['order-internal'], "NAME 'order-internal' must have at most 64 characters, and not end in -internal"],
    [['x'.repeat(65), '--aggregate', 'order'], 'must have at most 64 characters'],
    [['tenant-service'], "--aggregate 'tenant' is a name of the library"],
    [['order', '--topic', 'dlq'], "--topic 'dlq' cannot be a topic"],
    [['order', '--topic', '_orders'], "--topic '_orders' must be words"],
    [['order', '--event', 'accepted'], "--event 'accepted' is the second event"],
    [['order', '--event', "x'; drop"], 'must be words'],
    [['order', '--aggregate', 'x'.repeat(41)], 'must have at most 40 characters'],
    [['order', '--dir', ''], '--dir needs a folder'],
    [['order', '--tpic', 'x'], "Unknown option '--tpic'"],
  ])('%j is a usage error, and nothing is made', async (args, message) => {
    const place = args.includes('--dir') ? [] : ['--dir', join(folder, 'service')];
    const { exitCode, out, note } = await run('create', ...args, ...place);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(readdirSync(folder)).toEqual([]);
    expect(note).toContain(message);
    expect(note).toContain('See tenantry create --help');
  });

  it('tells all wrong names at once', async () => {
    const place = join(folder, 'service');
    const { note } = await run(
      'create',
      'Order',
      '--dir',
      place,
      '--topic',
      'dlq',
      '--event',
      'accepted',
      '--aggregate',
      'event',
    );
    for (const option of ['NAME', '--topic', '--event', '--aggregate']) expect(note).toContain(`${option} '`);
  });
});
