// Consumers with the real cipher and a key service that fails for some tenants: those wait, and nobody else does.
import { describe, expect, it } from 'vitest';
import type { AnyEventContract } from '../../../src/contract/event-contract.js';
import { parseTenantId, type TenantId } from '../../../src/core/tenant-id.js';
import { createEnvelopeCipher } from '../../../src/encryption/envelope-cipher.js';
import { envelopeEncryption } from '../../../src/encryption/encryption-options.js';
import { ACME, GLOBEX, Noted, Whispered } from '../../support/contracts.js';
import { ConsumeHarness, GROUP, type ConsumerProcess } from '../../support/consume-harness.js';
import { FaultyKeyService, type Mood } from '../../support/faulty-key-service.js';
import { eventRecord } from '../../support/records.js';
import { recordingTelemetry } from '../encryption/fixtures.js';

interface Seen {
  readonly tenantId: TenantId;
  readonly aggregate: string;
  readonly id: string;
  readonly atMs: number;
}

class Scene {
  readonly harness = new ConsumeHarness();
  readonly seen: Seen[] = [];
  readonly service: FaultyKeyService;
  readonly #encryption;
  readonly #producer;
  #moodOf: (tenantId: TenantId) => Mood = () => 'up';
  #written = 0;

  constructor(tenants: readonly TenantId[]) {
    this.service = new FaultyKeyService(this.harness.clock, tenants);
    this.service.mood = (tenantId, call) => (call === 'generate' ? 'now' : this.#moodOf(tenantId));
    this.#encryption = envelopeEncryption({ kms: this.service });
    this.#producer = createEnvelopeCipher(this.#encryption, {
      clock: this.harness.clock,
      telemetry: recordingTelemetry().telemetry,
    });
  }

  get nowMs(): number {
    return this.harness.clock.monotonicMs();
  }

  mood(moodOf: (tenantId: TenantId) => Mood): void {
    this.#moodOf = moodOf;
  }

  async start(): Promise<ConsumerProcess> {
    return this.harness.start(
      (consumer) =>
        consumer.on(Whispered, ({ tenantId, aggregateId, id }) => {
          this.seen.push({ tenantId, aggregate: aggregateId, id, atMs: this.nowMs });
        }),
      { cipher: (ports) => createEnvelopeCipher(this.#encryption, ports) },
    );
  }

  write(tenantId: TenantId, aggregate: string): string {
    const eventId = `e${this.#written++}`;
    const identity = {
      tenantId,
      logicalTopic: 'notes',
      recordKey: Buffer.from(`${tenantId}:${aggregate}`),
      eventType: Whispered.eventType,
      eventId,
    };
    const value = this.#producer.sealValue(identity, Buffer.from(JSON.stringify({ id: aggregate })), 1) as Buffer;
    this.harness.kafka.append(
      eventRecord({ tenant: tenantId, aggregate, eventType: Whispered.eventType, eventId, value }),
    );
    return eventId;
  }

  of(tenantId: TenantId): string[] {
    return this.seen.filter((seen) => seen.tenantId === tenantId).map(({ id }) => id);
  }
}

const SECONDS = 100;
const OUTAGES = ['down', 'throttles', 'hangs', 'refuses', 'gone', 'nonsense'] as const;
const ALARMS: Record<(typeof OUTAGES)[number], string | undefined> = {
  down: 'KEY_SERVICE_AWAY',
  throttles: 'KEY_SERVICE_AWAY',
  hangs: 'KEY_SERVICE_AWAY',
  refuses: 'KEY_REFUSED',
  gone: 'KEY_GONE',
  nonsense: undefined,
};

describe.each(OUTAGES)('threats 29, 31, 34, 35: a key service that %s for one tenant, with nothing cached', (mood) => {
  it('holds that tenant, lets the others flow, commits nothing past it, loses nothing, and it resumes by itself', async () => {
    const scene = new Scene([ACME, GLOBEX]);
    const { harness, service } = scene;
    scene.mood((tenantId) => (tenantId === ACME ? mood : 'up'));
    const process = await scene.start();
    const acme: string[] = [];
    const globex: string[] = [];
    let polls = 0;
    // More records of acme than a tenant may have in memory.
    for (let second = 0; second < SECONDS; second++) {
      for (let record = 0; record < 12; record++) acme.push(scene.write(ACME, `a${(second + record) % 7}`));
      globex.push(scene.write(GLOBEX, `g${second % 5}`));
      await harness.clock.advance(1_000);
      // Its member keeps polling, so it stays in the group.
      expect(process.member.polls).toBeGreaterThan(polls);
      polls = process.member.polls;
    }
    expect(scene.of(ACME)).toEqual([]);
    expect(scene.of(GLOBEX)).toEqual(globex);
    expect(Math.max(...lateness(scene, GLOBEX))).toBeLessThan(2_000);
    expect(harness.committed()).toBe(0);
    expect([harness.deadLetters, harness.quarantined]).toEqual([[], []]);
    expect(process.consumer.counts().failedAttempts).toBe(0);
    const [behind] = process.consumer.lag();
    expect(behind).toMatchObject({ tenantId: ACME });
    const alarm = ALARMS[mood];
    const reasons = process.consumer.health().reasons.join();
    if (alarm === undefined) expect(reasons).not.toMatch(/\bKEY_/);
    else expect(reasons).toContain(alarm);
    if (alarm !== undefined) expect(reasons).toContain('acme');
    expect(reasons).not.toContain('globex');
    // Hardly a call, for all those records.
    expect(service.count(ACME, 'unwrap')).toBeLessThan(SECONDS * (mood === 'nonsense' ? 20 : 1) + 20);

    scene.mood(() => 'up');
    await harness.clock.advance(20_000);
    expect([...scene.of(ACME)].sort()).toEqual([...acme].sort());
    for (const aggregate of new Set(scene.seen.map((seen) => seen.aggregate))) {
      const ids = scene.seen.filter((seen) => seen.aggregate === aggregate).map(({ id }) => Number(id.slice(1)));
      expect(ids).toEqual([...ids].sort((a, b) => a - b));
    }
    expect(harness.committed()).toBe(acme.length + globex.length);
    expect([harness.deadLetters, harness.quarantined]).toEqual([[], []]);
    expect(process.consumer.health()).toEqual({ status: 'live', reasons: [] });
  });
});

/** How long after the record before it each event was handled; they are written a second apart. */
function lateness(scene: Scene, tenantId: TenantId): number[] {
  const times = scene.seen.filter((seen) => seen.tenantId === tenantId).map(({ atMs }) => atMs);
  return times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
}

describe('threat 31: a key service that hangs for a hundred tenants', () => {
  it('delays the others once, until that is known, and no more than a second from then on', async () => {
    const hanging = Array.from({ length: 100 }, (_, index) => parseTenantId(`hangs${index}`));
    const healthy = Array.from({ length: 5 }, (_, index) => parseTenantId(`healthy${index}`));
    const scene = new Scene([...hanging, ...healthy]);
    scene.mood((tenantId) => (tenantId.startsWith('hangs') ? 'hangs' : 'up'));
    const process = await scene.start();
    const worst: number[] = [];
    for (let second = 0; second < 25; second++) {
      for (const tenantId of hanging) scene.write(tenantId, `x${second % 3}`);
      const written = healthy.map((tenantId) => scene.write(tenantId, 'y'));
      const writtenAtMs = scene.nowMs;
      const isDone = (): boolean => written.every((id) => scene.seen.some((seen) => seen.id === id));
      while (!isDone()) await scene.harness.clock.advance(100);
      worst.push(scene.nowMs - writtenAtMs);
      await scene.harness.clock.advance(Math.max(0, 1_000 - (scene.nowMs - writtenAtMs)));
    }
    expect(Math.max(...worst)).toBeLessThanOrEqual(11_000);
    expect(Math.max(...worst.slice(15))).toBeLessThanOrEqual(1_000);
    expect(process.consumer.health().reasons.join()).toContain('and 90 more');
    expect([scene.harness.deadLetters, scene.harness.quarantined]).toEqual([[], []]);
    scene.mood(() => 'up');
    await scene.harness.clock.advance(20_000);
    expect(scene.seen).toHaveLength(25 * 105);
  });
});

describe('health', () => {
  it('names the tenants whose keys do not serve, of a tenant’s own consumer only its own, and none without sealed events', async () => {
    const alarms = [ACME, ACME, GLOBEX].map((tenantId) => ({ tenantId, code: 'KEY_GONE' }) as const);
    const reasonsOf = async (contract: AnyEventContract, scope?: TenantId): Promise<readonly string[]> => {
      const groupId = scope === undefined ? GROUP : 'globex.readers';
      const harness = new ConsumeHarness(1, [groupId]);
      const process = await harness.start((consumer) => consumer.on(contract, () => undefined), { scope, groupId });
      await harness.clock.advance(100);
      process.cipher.alarms = alarms;
      return process.consumer.health().reasons;
    };
    const reason = 'KEY_GONE: the key service knows no such key, destroyed or misnamed, of';
    expect(await reasonsOf(Whispered)).toEqual([`${reason} tenants acme, globex`]);
    expect(await reasonsOf(Whispered, GLOBEX)).toEqual([`${reason} tenants globex`]);
    expect(await reasonsOf(Noted)).toEqual([]);
  });
});
