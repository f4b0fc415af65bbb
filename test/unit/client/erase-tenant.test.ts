import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ErasureResult, EraseTenantOptions, TenantProfile } from '../../../src/index.js';
import type { TenantKafka } from '../../../src/client/tenant-kafka.js';
import { tenantryError } from '../../../src/core/errors.js';
import { envelopeEncryption } from '../../../src/encryption/encryption-options.js';
import { KeyServiceFailure } from '../../../src/encryption/key-service.js';
import { verifyErasureCertificate } from '../../../src/erasure/certificate.js';
import { ClientHarness } from '../../support/client-harness.js';
import { ACME, GLOBEX, Lettered, Noted, Signed, Whispered } from '../../support/contracts.js';
import { DestroyingKeyService } from '../../support/destroying-key-service.js';

vi.mock('../../../src/transport/confluent-transport.js', async () => {
  const { clientTransport } = await import('../../support/client-transport.js');
  return { createConfluentTransport: clientTransport };
});

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const ALL = [Noted, Signed, Whispered, Lettered];

let service: DestroyingKeyService;
let profiles: Map<string, TenantProfile>;
let harness: ClientHarness;
let client: TenantKafka;
let current: string;
let previous: string;

beforeEach(() => {
  service = new DestroyingKeyService({
    acme: { current: Buffer.alloc(32, 1), previous: [Buffer.alloc(32, 2)] },
    globex: Buffer.alloc(32, 3),
  });
  [current = '', previous = ''] = service.kekIds(ACME).map((id) => id.toString('hex'));
  profiles = new Map([
    [ACME, { erasedKeks: [current, previous] }],
    [GLOBEX, {}],
  ]);
  harness = new ClientHarness({
    encryption: envelopeEncryption({ kms: service }),
    tenants: { get: (tenantId) => profiles.get(tenantId) },
  });
  ({ client } = harness);
});

afterEach(async () => {
  await harness.settle(client.stop());
});

function erase(options: Partial<EraseTenantOptions> = {}, tenantId = 'acme'): Promise<ErasureResult> {
  return client.admin.eraseTenant(tenantId, {
    contracts: ALL,
    requestedBy: 'Data protection office',
    signingKey: privateKey,
    ...options,
  });
}

/** The result of an erasure that is complete. */
async function certified(options: Partial<EraseTenantOptions> = {}) {
  const result = await erase(options);
  if (result.state === 'incomplete') throw new Error('incomplete');
  return result;
}

describe('eraseTenant', () => {
  it('destroys each key of the tenant and certifies it', async () => {
    const { state, keys, statement, certificate } = await certified();
    expect(state).toBe('destroyed');
    expect(service.calls.map(({ kekId }) => kekId)).toEqual([current, previous]);
    expect(keys.map(({ kekId, role, state: of }) => [kekId, role, of])).toEqual([
      [current, 'current', 'destroyed'],
      [previous, 'previous', 'destroyed'],
    ]);
    expect(verifyErasureCertificate(JSON.stringify(certificate), { publicKey })).toEqual(statement);
    expect(statement).toMatchObject({
      version: 1,
      state: 'destroyed',
      tenant: 'acme',
      requestedBy: 'Data protection office',
      issuedAt: new Date(harness.clock.nowMs()).toISOString(),
      issuer: { library: 'tenantry', version, clientId: 'test' },
      keys: [
        {
          kekId: current,
          role: 'current',
          state: 'destroyed',
          keyUri: `keys/${current}`,
          answer: { name: `keys/${current}`, state: 'destroyed' },
        },
        { kekId: previous, role: 'previous' },
      ],
      keysNotAsked: [],
    });
    expect(service.isDestroyed(service.kekIds(GLOBEX)[0]!)).toBe(false);
  });

  it('says what is not erased, with the contracts that leave something readable', async () => {
    const { contracts, notErased } = (await certified()).statement;
    expect(contracts).toEqual([
      { eventType: Noted.eventType, topic: 'notes', protection: 'none' },
      { eventType: Signed.eventType, topic: Signed.topic, protection: 'authentic' },
      { eventType: Whispered.eventType, topic: Whispered.topic, protection: 'confidential' },
      expect.objectContaining({ eventType: Lettered.eventType, protection: 'fields' }),
    ]);
    expect(notErased).toEqual([
      { what: 'record-keys' },
      { what: 'headers' },
      { what: 'unprotected-contracts', names: [Noted.eventType, Signed.eventType] },
      { what: 'partly-sealed-contracts', names: [Lettered.eventType] },
      { what: 'contracts-not-given' },
      { what: 'unsealed-copies' },
      { what: 'plaintext-elsewhere' },
      { what: 'key-copies' },
    ]);
    const { notErased: less } = (await certified({ contracts: [Whispered] })).statement;
    expect(less.map(({ what }) => what)).not.toContain('unprotected-contracts');
  });

  it('names the topics that held data, up to which offsets, in all that may hold copies', async () => {
    const { kafka } = harness;
    kafka.createTopic('_quarantine.notes', 1);
    kafka.createTopic('_shared.readers.notes.dlq', 2);
    kafka.createTopic('acme.mailer.notes.dlq', 1);
    await harness.settle(client.tenant('globex').publish(Noted, { id: '1' }));
    const { topics, topicsNotFound } = (
      await certified({ contracts: [Noted], groups: ['readers', 'other'], tenantGroups: ['mailer'] })
    ).statement;
    expect(topics.map(({ topic, holds }) => [topic, holds])).toEqual([
      ['notes', 'events'],
      ['_quarantine.notes', 'quarantine'],
      ['_shared.readers.notes.dlq', 'dead-letters'],
      ['acme.mailer.notes.dlq', 'dead-letters'],
    ]);
    expect(topics[0]?.endOffsets.reduce((sum, end) => sum + end, 0)).toBe(1);
    expect(topics.slice(1).map(({ endOffsets }) => endOffsets)).toEqual([[0], [0, 0], [0]]);
    expect(topicsNotFound).toEqual(['_shared.other.notes.dlq']);
  });

  it.each<[string, TenantProfile, () => string[]]>([
    ['no entry', {}, () => [current, previous]],
    ['an empty entry', { erasedKeks: [] }, () => [current, previous]],
    ['an entry for one of two', { erasedKeks: ['0'.repeat(16)] }, () => [current, previous]],
  ])(
    'destroys nothing where the configuration has %s, and lists the keys to enter',
    async (_what, profile, missing) => {
      profiles.set(ACME, profile);
      await expect(erase()).rejects.toMatchObject({
        code: 'ERASURE_NOT_ENTERED',
        kekIds: missing(),
        message: expect.stringContaining(current) as string,
      });
      profiles.set(ACME, { erasedKeks: [previous] });
      await expect(erase()).rejects.toMatchObject({ code: 'ERASURE_NOT_ENTERED', kekIds: [current] });
      expect(service.calls).toEqual([]);
    },
  );

  it('destroys nothing where the entry is malformed', async () => {
    profiles.set(ACME, { erasedKeks: 'all' as never });
    await expect(erase()).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
    expect(service.calls).toEqual([]);
  });

  it('takes the entry of the option too', async () => {
    const both = new ClientHarness({
      encryption: envelopeEncryption({ kms: service, erasedKeks: { acme: [current] } }),
      tenants: { acme: { erasedKeks: [previous] } },
    });
    const options = { contracts: ALL, requestedBy: 'x', signingKey: privateKey };
    expect(await both.client.admin.eraseTenant('acme', options)).toMatchObject({ state: 'destroyed' });
    await both.settle(both.client.stop());
  });

  it('reads offsets once the entry is in force, and destroys nothing where they cannot be read', async () => {
    harness.kafka.faults.connect = () => tenantryError('BROKER_UNREACHABLE', 'no broker');
    await expect(erase()).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' });
    expect(service.calls).toEqual([]);
  });

  it('tells which keys were destroyed where one was not, and completes it when it is called again', async () => {
    service.failures.set(current, new KeyServiceFailure('key-refused', 'AccessDeniedException'));
    const result = await erase();
    expect(result.state).toBe('incomplete');
    expect(result).not.toHaveProperty('certificate');
    expect(result.keys).toMatchObject([
      { kekId: current, state: 'failed', error: { code: 'KEY_REFUSED' } },
      { kekId: previous, state: 'destroyed' },
    ]);
    service.failures.clear();
    expect(await certified()).toMatchObject({ state: 'destroyed' });
  });

  it('gives two certificates where the service waits, of which the second refers to the first', async () => {
    service.waits = true;
    const first = await certified();
    expect(first.statement).toMatchObject({ state: 'scheduled', keys: [{ dueAt: '2026-04-15T00:00:00.000Z' }, {}] });
    expect(first.statement).not.toHaveProperty('earlier');
    service.endWaiting();
    service.calls.length = 0;
    const second = await certified({ earlierCertificate: JSON.stringify(first.certificate) });
    expect(second.statement).toMatchObject({
      state: 'destroyed',
      earlier: { state: 'scheduled', issuedAt: first.statement.issuedAt },
    });
    expect(second.statement.earlier?.sha256).toMatch(/^[0-9a-f]{64}$/);
    // The driver learns what was answered before.
    expect(service.calls.map(({ options }) => options.earlier)).toEqual(
      first.statement.keys.map(({ answer }) => answer),
    );
    expect(verifyErasureCertificate(second.certificate, { publicKey })).toEqual(second.statement);
  });

  it('is scheduled as long as one key is', async () => {
    service.waits = true;
    service.failures.set(previous, new KeyServiceFailure('away', 'timeout'));
    await erase();
    service.failures.clear();
    service.waits = false;
    const { statement } = await certified();
    expect(statement.keys.map(({ state }) => state)).toEqual(['scheduled', 'destroyed']);
    expect(statement.state).toBe('scheduled');
  });

  it('follows no certificate that another issuer signed, or that is about another tenant', async () => {
    const first = await certified();
    const stranger = generateKeyPairSync('ed25519').privateKey;
    const earlierCertificate = first.certificate;
    await expect(erase({ earlierCertificate, signingKey: stranger })).rejects.toMatchObject({
      code: 'CERTIFICATE_INVALID',
      reason: 'other-key',
    });
    profiles.set(GLOBEX, { erasedKeks: [service.kekIds(GLOBEX)[0]!.toString('hex')] });
    await expect(erase({ earlierCertificate }, 'globex')).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    expect(service.isDestroyed(service.kekIds(GLOBEX)[0]!)).toBe(false);
  });

  it('names the keys that are entered and not configured any more, where the caller knows of them', async () => {
    const former = 'ab'.repeat(8);
    profiles.set(ACME, { erasedKeks: [current, previous, former] });
    await expect(erase()).rejects.toMatchObject({ code: 'INVALID_OPTIONS', problems: [{ path: 'keysNotAsked' }] });
    expect(service.calls).toEqual([]);
    expect((await certified({ keysNotAsked: [former] })).statement.keysNotAsked).toEqual([former]);
  });

  it('passes on that the keys are nobody else’s', async () => {
    await erase();
    await erase({ exclusiveKeys: true });
    expect(service.calls.map(({ options }) => options.exclusive)).toEqual([false, false, true, true]);
  });

  it('drops the data keys of the tenant at once', async () => {
    profiles.set(ACME, {});
    const publish = (): Promise<unknown> => client.tenant('acme').publish(Whispered, { id: '1' });
    expect(await harness.codeOf(publish())).toBe('no error');
    profiles.set(ACME, { erasedKeks: [current, previous] });
    await erase();
    profiles.set(ACME, {});
    expect(await harness.codeOf(publish())).toBe('KEY_GONE');
  });

  it.each<[string, unknown]>([
    ['no contracts', { contracts: [] }],
    ['an empty reason', { requestedBy: '' }],
    ['a reason that is too long', { requestedBy: 'x'.repeat(501) }],
    ['a reason of two lines', { requestedBy: 'a\nb' }],
    ['a group that is none', { groups: ['a.b'] }],
    ['no key', { signingKey: undefined }],
    ['the public key', { signingKey: publicKey }],
    ['an RSA key', { signingKey: generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey }],
    ['a text as key', { signingKey: 'secret' }],
    ['an unknown option', { force: true }],
  ])('destroys nothing with %s', async (_what, options) => {
    const result = erase(options as Partial<EraseTenantOptions>);
    await expect(result).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await expect(result).rejects.not.toThrow('secret');
    expect(service.calls).toEqual([]);
  });

  it('destroys nothing with what is no contract, for what is no tenant id, or without keys', async () => {
    await expect(erase({ contracts: [{}] as never })).rejects.toMatchObject({ code: 'INVALID_CONTRACT' });
    await expect(erase({}, 'a:b')).rejects.toMatchObject({ code: 'INVALID_TENANT_ID' });
    profiles.set('initech', {});
    await expect(erase({}, 'initech')).rejects.toMatchObject({ code: 'KEY_NOT_CONFIGURED' });
    const plain = new ClientHarness();
    const options = { contracts: ALL, requestedBy: 'x', signingKey: privateKey };
    expect(await plain.codeOf(plain.client.admin.eraseTenant('acme', options))).toBe('KEY_NOT_CONFIGURED');
    await plain.settle(plain.client.stop());
    expect(service.calls).toEqual([]);
  });

  it('does not erase one tenant from within another’s context', async () => {
    await expect(client.tenant('globex').run(() => erase())).rejects.toMatchObject({
      code: 'TENANT_ISOLATION_VIOLATION',
    });
    expect(service.calls).toEqual([]);
  });

  it('is not done by a client that is stopped', async () => {
    await harness.settle(client.stop());
    await expect(erase()).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  });
});

describe('the erasure entry of a profile', () => {
  it.each([
    ['0011223344556677', 'no error'],
    ['0011223344556677AA', 'INVALID_OPTIONS'],
    ['00112233AABBCCDD', 'INVALID_OPTIONS'],
  ])('is checked: %s', (entry, code) => {
    let thrown = 'no error';
    try {
      new ClientHarness({ tenants: { acme: { erasedKeks: [entry] } } });
    } catch (error) {
      thrown = (error as { code: string }).code;
    }
    expect(thrown).toBe(code);
  });
});
