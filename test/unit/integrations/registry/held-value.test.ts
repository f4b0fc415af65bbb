// A value whose schema is not known yet is written as it was when it was published.
import { type } from 'arktype';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defineEvent } from '../../../../src/contract/define-event.js';
import type { AnyEventContract } from '../../../../src/contract/event-contract.js';
import { systemClock } from '../../../../src/core/clock.js';
import { silentLogger } from '../../../../src/core/logger.js';
import { registrySerde, type ContractSchema } from '../../../../src/integrations/registry/index.js';
import { jsonSerde } from '../../../../src/serde/json-serde.js';
import { makeSerde } from '../../../../src/serde/serde-option.js';
import type { ValueSerde } from '../../../../src/serde/value-serde.js';
import { telemetrySchema } from '../../../../src/telemetry/options.js';
import { Telemetry } from '../../../../src/telemetry/telemetry.js';
import { GLOBEX, Noted, Whispered } from '../../../support/contracts.js';
import { PublishHarness } from '../../../support/publish-harness.js';
import { FakeRegistry } from './fake-registry.js';

const AVRO = JSON.stringify({
  type: 'record',
  name: 'notes.Noted',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'tags', type: { type: 'array', items: 'string' } },
  ],
});
const BYTES = JSON.stringify({ type: 'record', name: 'notes.Noted', fields: [{ name: 'bytes', type: 'bytes' }] });
const PROTO = 'syntax = "proto3"; package notes; message Noted { string id = 1; repeated string tags = 2; }';

const FORMS: readonly [string, AnyEventContract | ContractSchema][] = [
  ['JSON', Noted],
  ['JSON of a text', { contract: Noted, json: '{"title":"notes.noted.v1"}' }],
  ['Avro', { contract: Noted, avro: AVRO }],
  ['Protobuf', { contract: Noted, protobuf: PROTO }],
];

/** arktype returns what it was given. */
const Owned = defineEvent({
  type: 'notes.owned',
  version: 1,
  topic: 'notes',
  schema: type({ tenant: 'string', id: 'string' }),
  aggregateId: ({ id }) => id,
  tenant: ({ tenant }) => tenant,
  protection: 'none',
});

let registry: FakeRegistry;

beforeEach(async () => {
  registry = await new FakeRegistry().start();
});

afterEach(async () => {
  await registry[Symbol.asyncDispose]();
});

function serde(...contracts: (AnyEventContract | ContractSchema)[]): ValueSerde {
  const telemetry = new Telemetry({ clock: systemClock, logger: silentLogger, options: telemetrySchema().parse({}) });
  const option = registrySerde({ url: registry.url, mode: 'register', contracts });
  return makeSerde(option, { clock: systemClock, telemetry })!;
}

async function codeOf(encode: () => unknown): Promise<unknown> {
  try {
    return await encode();
  } catch (error) {
    return (error as { code?: unknown }).code ?? error;
  }
}

it("is no other tenant's, though the data names another by then", async () => {
  const harness = new PublishHarness({}, serde());
  const reused = { tenant: 'acme', id: '1' };
  void harness.publish(reused, { contract: Owned });
  Object.assign(reused, { tenant: 'globex', id: '2' });
  void harness.publish(reused, { contract: Owned, tenant: GLOBEX });
  Object.assign(reused, { tenant: 'other', id: '3' });
  await expect.poll(() => harness.takenIds.toSorted(), { timeout: 10_000 }).toEqual(['acme:1', 'globex:2']);
  const values = harness.producer.taken.map(({ value }) => JSON.parse(value?.subarray(5).toString() ?? '') as unknown);
  expect(values).toEqual([
    { tenant: 'acme', id: '1' },
    { tenant: 'globex', id: '2' },
  ]);
});

describe.each(FORMS)('in %s', (_, contract) => {
  it('is what it was, all the way down', async () => {
    const values = serde(contract);
    const value = { id: '1', tags: ['a', 'b'] };
    const first = values.encode(Noted, value);
    expect(first).toBeInstanceOf(Promise);
    value.id = 'changed';
    value.tags[0] = 'changed';
    value.tags.push('more');
    const written = await first;
    expect(await values.decode(Noted, written)).toEqual({ id: '1', tags: ['a', 'b'] });
    expect(values.encode(Noted, { id: '1', tags: ['a', 'b'] })).toEqual(written);
  });

  it.each<[string, () => unknown]>([
    [
      'refers to itself',
      () => {
        const value: Record<string, unknown> = { id: '1', tags: [] };
        value['self'] = value;
        return value;
      },
    ],
    [
      'cannot be read',
      () => ({
        get id() {
          throw new TypeError('secret 4711');
        },
      }),
    ],
    ['holds what no format has', () => ({ id: 1n, tags: [() => 'x'] })],
  ])('fails where it %s, before and after its schema is known', async (_what, make) => {
    const values = serde(contract);
    expect(await codeOf(() => values.encode(Noted, make()))).toBe('NOT_SERIALIZABLE');
    await values.encode(Noted, { id: '1', tags: [] });
    expect(await codeOf(() => values.encode(Noted, make()))).toBe('NOT_SERIALIZABLE');
  });
});

it('keeps its form in Avro: bytes, and fields that an instance has from its class', async () => {
  class Row {
    get bytes(): Buffer {
      return Buffer.from('row');
    }
  }
  for (const make of [() => ({ bytes: Buffer.from('row') }), () => new Row()]) {
    const values = serde({ contract: Noted, avro: BYTES });
    const first = await codeOf(() => values.encode(Noted, make()));
    await values.encode(Noted, { bytes: Buffer.from('known') });
    expect(first).toEqual(values.encode(Noted, make()));
  }
});

it('leaves nothing behind where its schema cannot be had', async () => {
  const release = vi.spyOn(jsonSerde, 'release');
  registry.override = () => ({ status: 503 });
  expect(await codeOf(() => serde().encode(Whispered, { id: '4711' }))).toBe('SCHEMA_REGISTRY_AWAY');
  const bytes = release.mock.calls.map(([, given]) => given);
  expect(bytes.map(({ length }) => length)).toEqual([Buffer.byteLength('{"id":"4711"}')]);
  expect(bytes.every((given) => given.every((byte) => byte === 0))).toBe(true);
});
