import { AsyncLocalStorage } from 'node:async_hooks';
import { beforeEach, describe, expect, it, vi, type Mock } from 'vitest';
import { tenantryError } from '../../../../src/core/errors.js';
import { RegistryFailure } from '../../../../src/serde/registry/registry-http.js';
import { RegistryQuestions } from '../../../../src/integrations/registry/registry-questions.js';
import { telemetrySchema } from '../../../../src/telemetry/options.js';
import { Telemetry } from '../../../../src/telemetry/telemetry.js';
import { VirtualClock } from '../../../../src/testing/virtual-clock.js';
import { RecordingLogger } from '../../../support/recording-logger.js';

const ANSWER = { id: 7 };
const away = (): Promise<object> => Promise.reject(new RegistryFailure('away', 'status.503'));
const isAway = (): Promise<void> => Promise.reject(new RegistryFailure('away', 'timeout'));
const denied = (status: number) => (): Promise<never> => Promise.reject(new RegistryFailure('denied', status));
const yes = (): Promise<object> => Promise.resolve(ANSWER);

let clock: VirtualClock;
let logger: RecordingLogger;
let questions: RegistryQuestions;
/** Whether the registry is there, whatever it says to a question. */
let ping: Mock<() => Promise<void>>;

beforeEach(() => {
  clock = new VirtualClock();
  logger = new RecordingLogger();
  const telemetry = new Telemetry({ clock, logger, options: telemetrySchema().parse({}) });
  ping = vi.fn(() => Promise.resolve());
  questions = new RegistryQuestions({ clock, telemetry, host: 'registry:8081', ping: () => ping() });
});

async function code(answer: Promise<unknown>): Promise<unknown> {
  return answer.then(
    () => 'answered',
    (error: unknown) => (error as { code?: unknown }).code,
  );
}

describe('an answer', () => {
  it('is asked for once, also by many at the same time', async () => {
    const ask = vi.fn(yes);
    expect(await Promise.all(Array.from({ length: 50 }, () => questions.ask('k', ask)))).toEqual(
      Array(50).fill(ANSWER),
    );
    await clock.advance(86_400_000);
    expect(await questions.ask('k', ask)).toBe(ANSWER);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('that came with another is not asked for', async () => {
    questions.remember('k', ANSWER);
    expect(await questions.ask('k', away)).toBe(ANSWER);
  });

  it('of no is believed for half a minute', async () => {
    const no = vi.fn(() => Promise.reject(tenantryError('SCHEMA_UNKNOWN', 'no')));
    expect(await code(questions.ask('k', no))).toBe('SCHEMA_UNKNOWN');
    await clock.advance(29_000);
    expect(await code(questions.ask('k', no))).toBe('SCHEMA_UNKNOWN');
    expect(no).toHaveBeenCalledTimes(1);
    await clock.advance(2_000);
    expect(await questions.ask('k', yes)).toBe(ANSWER);
    expect(logger.entries).toEqual([]);
  });

  it('of a kind that was not asked for fails its own question only', async () => {
    await expect(questions.ask('k', () => Promise.reject(new TypeError('a bug')))).rejects.toThrow(TypeError);
    expect(await questions.ask('k', yes)).toBe(ANSWER);
  });
});

it('is asked in the context of whoever made the client, not in that of who asks, again too', async () => {
  const ambient = new AsyncLocalStorage<string>();
  const contexts: unknown[] = [];
  const ask = async (): Promise<object> => {
    contexts.push(ambient.getStore());
    await Promise.resolve();
    contexts.push(ambient.getStore());
    return away();
  };
  ping.mockImplementation(() => {
    contexts.push(ambient.getStore());
    return Promise.resolve();
  });
  await ambient.run('acme', async () => {
    expect(await code(questions.ask('k', ask))).toBe('SCHEMA_REGISTRY_AWAY');
    await clock.advance(1_000);
    expect(await code(questions.ask('k', ask))).toBe('SCHEMA_REGISTRY_AWAY');
    expect(ambient.getStore()).toBe('acme');
  });
  expect(contexts).toEqual(Array(6).fill(undefined));
});

describe('a question that gets no answer while the registry is there', () => {
  it('fails alone, and is asked again after pauses that grow', async () => {
    const ask = vi.fn(away);
    for (const [ms, calls] of [
      [0, 1],
      [999, 1],
      [1, 2],
      [1_999, 2],
      [1, 3],
      [4_000, 4],
      [8_000, 5],
      [15_000, 6],
      [15_000, 7],
    ] as const) {
      await clock.advance(ms);
      expect(await code(questions.ask('k', ask))).toBe('SCHEMA_REGISTRY_AWAY');
      expect(await questions.ask(`other ${calls}`, yes)).toBe(ANSWER);
      expect(ask).toHaveBeenCalledTimes(calls);
    }
    expect(ping).toHaveBeenCalledTimes(7);
    await clock.advance(15_000);
    expect(await questions.ask('k', yes)).toBe(ANSWER);
    expect(logger.entries).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('has others wait until it is known that the registry is there', async () => {
    let answer = (): void => undefined;
    ping.mockReturnValue(new Promise((resolve) => (answer = resolve)));
    expect(await code(questions.ask('k', away))).toBe('SCHEMA_REGISTRY_AWAY');
    const ask = vi.fn(yes);
    const others = Promise.all([questions.ask('other', ask), questions.ask('other', ask)]);
    await clock.advance(1);
    expect(ask).not.toHaveBeenCalled();
    answer();
    expect(await others).toEqual([ANSWER, ANSWER]);
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('may be one that is forbidden to this client, as the list of subjects may be', async () => {
    ping.mockImplementation(denied(403));
    expect(await code(questions.ask('k', denied(403)))).toBe('SCHEMA_REGISTRY_DENIED');
    expect(await questions.ask('other', yes)).toBe(ANSWER);
  });
});

describe('a registry that is away', () => {
  beforeEach(() => {
    ping.mockImplementation(isAway);
  });

  it('makes nobody wait but those that found it out, and is asked by one call at a time', async () => {
    const ask = vi.fn(away);
    expect(await code(questions.ask('k', ask))).toBe('SCHEMA_REGISTRY_AWAY');
    const other = vi.fn(yes);
    expect(await code(questions.ask('other', other))).toBe('SCHEMA_REGISTRY_AWAY');
    expect(other).not.toHaveBeenCalled();
    for (const [ms, calls] of [
      [1_000, 2],
      [1_999, 2],
      [1, 3],
      [4_000, 4],
      [8_000, 5],
      [15_000, 6],
      [15_000, 7],
    ] as const) {
      await clock.advance(ms);
      expect(ping).toHaveBeenCalledTimes(calls);
      expect(await code(questions.ask('k', ask))).toBe('SCHEMA_REGISTRY_AWAY');
    }
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('is back once it answers, and the question that found it out is asked again', async () => {
    await code(questions.ask('k', away));
    ping.mockImplementation(() => Promise.resolve());
    await clock.advance(1_000);
    expect(await questions.ask('other', yes)).toBe(ANSWER);
    expect(await questions.ask('k', yes)).toBe(ANSWER);
    expect(logger.entries.map(({ fields }) => fields)).toEqual([
      { event: 'schemaRegistryAway', registry: 'registry:8081', reason: 'timeout' },
      { event: 'schemaRegistryBack', registry: 'registry:8081' },
    ]);
  });

  it('is left alone once nobody wants to know, and asked again by the next who does', async () => {
    const ask = vi.fn(away);
    await code(questions.ask('k', ask));
    await clock.advance(3_600_000);
    expect(ask).toHaveBeenCalledTimes(1);
    expect(ping).toHaveBeenCalledTimes(2);
    expect(clock.pendingTimers).toBe(0);
    expect(await questions.ask('k', yes)).toBe(ANSWER);
  });

  it('serves from what is known', async () => {
    await questions.ask('known', yes);
    await code(questions.ask('k', away));
    expect(await questions.ask('known', away)).toBe(ANSWER);
  });

  it('is told from one that refuses the credentials', async () => {
    ping.mockImplementation(denied(401));
    expect(await code(questions.ask('k', denied(401)))).toBe('SCHEMA_REGISTRY_DENIED');
    expect(await code(questions.ask('other', yes))).toBe('SCHEMA_REGISTRY_DENIED');
  });
});
