// How keys stand with their services, and an erasure from the command line.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keyStatuses, type KeyStatus } from '../../../src/cli/keys/key-status.js';
import { commandClock } from '../../../src/cli/command-clock.js';
import { parseTenantId } from '../../../src/core/tenant-id.js';
import { KeyServiceFailure, type KeyService } from '../../../src/encryption/key-service.js';
import { verifyErasureCertificate } from '../../../src/erasure/certificate.js';
import { useTransport } from '../../support/client-transport.js';
import { FakeKafka } from '../../support/fake-kafka.js';
import { Signed } from '../../support/contracts.js';
import { erasedKeks, service } from './fixtures/tenantry.config.js';
import { run, type Run } from './run.js';
import { runProgram } from '../../../src/cli/program.js';

vi.mock('node:fs', async (original) => {
  const actual = await original<{ writeFileSync: typeof writeFileSync }>();
  return { ...actual, writeFileSync: vi.fn(actual.writeFileSync) };
});
vi.mock('../../../src/transport/confluent-transport.js', async () => {
  const { clientTransport } = await import('../../support/client-transport.js');
  return { createConfluentTransport: clientTransport };
});

const CONFIG = fileURLToPath(new URL('./fixtures/tenantry.config.ts', import.meta.url));
const acme = parseTenantId('acme');
const [current, previous] = service.kekIds(acme).map((id) => id.toString('hex')) as [string, string];
const [globexKey] = service.kekIds(parseTenantId('globex')).map((id) => id.toString('hex')) as [string];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tenantry-keys-'));
  const kafka = new FakeKafka(commandClock);
  kafka.createTopic(Signed.topic, 1);
  useTransport(kafka.transport());
});
afterEach(() => {
  erasedKeks.clear();
  rmSync(folder, { recursive: true });
});

const statuses = async (...tenants: string[]): Promise<KeyStatus[]> => {
  const { exitCode, out, note } = await run('keys', 'status', ...tenants, '--config', CONFIG, '--json');
  expect({ exitCode, note }).toEqual({ exitCode: 0, note: '' });
  return (JSON.parse(out) as { keys: KeyStatus[] }).keys;
};

describe('keyStatuses', () => {
  const kekId = Buffer.alloc(8, 7);
  const serviceThat = (parts: Partial<KeyService>): KeyService => ({
    maxBlobBytes: 10,
    kekIds: () => [kekId],
    generateDataKey: () => ({ plaintext: Buffer.alloc(32, 1), blob: Buffer.alloc(3) }),
    unwrapDataKey: () => Buffer.alloc(32, 1),
    ...parts,
  });
  const of = async (parts: Partial<KeyService>, entered: string[] = []): Promise<KeyStatus> => {
    const [status] = await keyStatuses(serviceThat(parts), { all: () => entered }, acme);
    return status!;
  };
  const failing = (error: Error): Partial<KeyService> => ({
    generateDataKey: () => {
      throw error;
    },
  });

  it.each([
    ['away', 'away'],
    ['key-refused', 'refused'],
    ['key-being-destroyed', 'being-destroyed'],
    ['key-gone', 'gone'],
    ['data-key-refused', 'unusable'],
  ] as const)('calls %s %s', async (kind, state) => {
    expect(await of(failing(new KeyServiceFailure(kind, 'named')))).toMatchObject({ state, reason: 'named' });
  });

  it('calls a key erased only where its service and an entry say so', async () => {
    const id = kekId.toString('hex');
    const gone = failing(new KeyServiceFailure('key-gone', 'x'));
    expect(await of(gone, [id])).toMatchObject({ state: 'erased', enteredAsErased: true });
    expect(await of(failing(new KeyServiceFailure('key-refused', 'x')), [id])).toMatchObject({ state: 'refused' });
    expect(await of({}, [id])).toMatchObject({ state: 'works', enteredAsErased: true });
  });

  it('believes no service that unwraps to another key, and repeats nothing that it says', async () => {
    expect(await of({ unwrapDataKey: () => Buffer.alloc(32, 2) })).toMatchObject({ state: 'unusable' });
    const { state, reason } = await of(failing(new Error('hunter2')));
    expect([state, reason]).toEqual(['away', 'Error']);
  });

  it('forgets the data key that it asked for', async () => {
    const plaintext = Buffer.alloc(32, 1);
    const unwrapped = Buffer.alloc(32, 1);
    const parts = { generateDataKey: () => ({ plaintext, blob: Buffer.alloc(3) }), unwrapDataKey: () => unwrapped };
    expect(await of(parts)).toMatchObject({ state: 'works' });
    expect([plaintext, unwrapped]).toEqual([Buffer.alloc(32), Buffer.alloc(32)]);
  });

  it('tells who has no key, and whose keys nobody tells', async () => {
    expect(await of({ kekIds: () => [] })).toMatchObject({ state: 'not-configured', keyId: null });
    const throwing = (): never => {
      throw new Error('hunter2');
    };
    expect(await of({ kekIds: throwing })).toMatchObject({ state: 'away', reason: 'Error' });
  });
});

describe('tenantry keys status', () => {
  it('asks about every key of the tenants of the settings', async () => {
    const common = { keyUri: null, state: 'works', enteredAsErased: false, reason: null };
    expect(await statuses()).toEqual([
      { tenant: 'acme', keyId: current, role: 'current', ...common },
      { tenant: 'acme', keyId: previous, role: 'previous', ...common },
      { tenant: 'globex', keyId: globexKey, role: 'current', ...common },
    ]);
    expect(await statuses('globex')).toHaveLength(1);
  });

  it('tells of a key that is entered as erased and not configured that nobody was asked', async () => {
    erasedKeks.set('globex', ['0123456789abcdef']);
    expect((await statuses('globex')).map(({ keyId, state }) => [keyId, state])).toEqual([
      [globexKey, 'works'],
      ['0123456789abcdef', 'not-asked'],
    ]);
  });

  it('takes a key file, and needs no brokers', async () => {
    const file = join(folder, 'keys.json');
    await run('keys', 'generate', 'initech', '--file', file);
    const { exitCode, out } = await run('keys', 'status', '--key-file', file);
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^TENANT +KEY +ROLE +STATE +NAME AT ITS SERVICE\ninitech +[0-9a-f]{16} +current +works +-\n$/);
  });

  it.each([
    [[], 'a tenant is missing, and the settings name none'],
    [['acme'], 'the settings have no "encryption" and no key file'],
    [['a.b'], 'is not a tenant id'],
  ])('%j is a usage error', async (args, message) => {
    const { exitCode, note } = await run('keys', 'status', ...args);
    expect([exitCode, note]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe('tenantry keys erase', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  let signingKey: string;
  let out: string;
  beforeEach(() => {
    signingKey = join(folder, 'issuer.key');
    out = join(folder, 'certificate.json');
    writeFileSync(signingKey, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  });

  const options = (): string[] => [
    '--signing-key',
    signingKey,
    '--requested-by',
    'a test',
    '--out',
    out,
    '--config',
    CONFIG,
  ];
  async function erase(answer: string | undefined, ...args: string[]): Promise<Run & { questions: string[] }> {
    const questions: string[] = [];
    let [printed, note] = ['', ''];
    const ask = async (question: string): Promise<string> => {
      questions.push(question);
      return answer ?? '';
    };
    const terminal = {
      out: (text: string) => void (printed += text),
      note: (text: string) => void (note += text),
      ...(answer !== undefined && { ask }),
    };
    const exitCode = await runProgram(['keys', 'erase', 'acme', ...options(), ...args], terminal);
    return { exitCode, out: printed, note, questions };
  }

  it('does nothing where the id is not typed again, or where nobody can be asked', async () => {
    erasedKeks.set('acme', [current, previous]);
    const wrong = await erase('globex');
    expect(wrong).toMatchObject({ exitCode: 1, note: expect.stringContaining('ABORTED') as string });
    expect(wrong.questions).toHaveLength(1);
    for (const args of [[], ['--yes'], ['--yes', '--confirm', 'globex']])
      expect((await erase(undefined, ...args)).exitCode).toBe(2);
    expect(service.calls).toEqual([]);
    expect(existsSync(out)).toBe(false);
  });

  it('destroys nothing where the keys are not entered as erased, and leaves no file', async () => {
    const { exitCode, note } = await erase('acme');
    expect([exitCode, note]).toEqual([1, expect.stringContaining('ERASURE_NOT_ENTERED')]);
    expect(service.calls).toEqual([]);
    expect(existsSync(out)).toBe(false);
  });

  it('destroys nothing where the certificate cannot be written', async () => {
    erasedKeks.set('acme', [current, previous]);
    writeFileSync(out, 'mine');
    const { exitCode, note } = await erase('acme');
    expect([exitCode, note]).toEqual([
      2,
      expect.stringContaining('cannot be made (Error EEXIST); nothing was destroyed'),
    ]);
    expect(service.calls).toEqual([]);
    expect(readFileSync(out, 'utf8')).toBe('mine');
  });

  it('says that the keys are destroyed where only their certificate is not written, and issues another', async () => {
    erasedKeks.set('acme', [current, previous]);
    vi.mocked(writeFileSync).mockImplementationOnce(() => {
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    });
    const { exitCode, note } = await erase('acme');
    expect([exitCode, note]).toEqual([
      1,
      expect.stringMatching(/INVALID_STATE: the keys are destroyed, and their certificate .*ENOSPC.*run this again/),
    ]);
    expect(existsSync(out)).toBe(false);
    expect((await erase('acme')).exitCode).toBe(0);
    expect(verifyErasureCertificate(readFileSync(out, 'utf8'), { publicKey })).toMatchObject({ state: 'destroyed' });
  });

  it('tells which keys were not destroyed, and goes on with them when it is run again', async () => {
    erasedKeks.set('acme', [current, previous]);
    service.failures.set(previous, new KeyServiceFailure('key-refused', 'AccessDenied'));
    const incomplete = await erase('acme', '--json');
    expect(incomplete.exitCode).toBe(1);
    expect(JSON.parse(incomplete.out)).toMatchObject({
      state: 'incomplete',
      certificate: null,
      keys: [
        { kekId: current, state: 'destroyed' },
        { kekId: previous, state: 'failed', code: 'KEY_REFUSED' },
      ],
    });
    expect(existsSync(out)).toBe(false);
    service.failures.clear();

    const { exitCode, note, out: printed } = await erase(undefined, '--yes', '--confirm', 'acme');
    expect({ exitCode, note }).toEqual({ exitCode: 0, note: `acme is destroyed; the certificate is ${out}\n` });
    expect(printed).toContain(`${previous}   previous   destroyed   keys/${previous}\n`);
    const statement = verifyErasureCertificate(readFileSync(out, 'utf8'), { publicKey });
    expect(statement).toMatchObject({ tenant: 'acme', state: 'destroyed', requestedBy: 'a test' });
    expect(statement.topics.map(({ topic }) => topic)).toEqual([Signed.topic]);
    expect((await statuses('acme')).map(({ state }) => state)).toEqual(['erased', 'erased']);
  });

  it.each(['signing-key', 'requested-by', 'out'])('needs --%s', async (name) => {
    const args = options();
    args.splice(args.indexOf(`--${name}`), 2);
    const { exitCode, note } = await run('keys', 'erase', 'acme', ...args);
    expect([exitCode, note]).toEqual([2, expect.stringContaining(`--${name} is missing`)]);
  });
});
