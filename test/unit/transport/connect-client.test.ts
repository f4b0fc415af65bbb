import { describe, expect, it, vi } from 'vitest';
import { configurationError, connectClient, logTo } from '../../../src/transport/connect-client.js';
import { driverError, FakeProducer } from './fake-driver.js';
import { ManualClock } from './manual-clock.js';

describe('connecting a client', () => {
  function setUp(): { client: FakeProducer; clock: ManualClock; connect: () => Promise<void>; serve: () => void } {
    const clock = new ManualClock();
    const client = new FakeProducer({});
    const serve = vi.fn();
    const context = { clock, telemetry: { log: () => undefined } };
    return { client, clock, serve, connect: () => connectClient(client, serve, 1_000, context) };
  }

  it('asks again until a broker answers', async () => {
    const { client, connect, serve } = setUp();
    let attempts = 0;
    client.answer = (callback) => {
      attempts += 1;
      if (attempts < 3) callback(driverError(-195, 'Local: Broker transport failure'), undefined as never);
      else callback(null, { brokers: [], topics: [] });
    };
    await connect();
    expect(attempts).toBe(3);
    expect(serve).toHaveBeenCalledOnce();
  });

  it('gives up after its time-out with the most telling reason', async () => {
    const { client, clock, connect } = setUp();
    client.answer = (callback) => {
      client.emit('event.error', new Error('failed to resolve broker'));
      client.emit('event.error', new Error('all broker connections are down'));
      void clock.advance(1_000);
      callback(driverError(-195, 'Local: Broker transport failure'), undefined as never);
    };
    await expect(connect()).rejects.toMatchObject({
      code: 'BROKER_UNREACHABLE',
      message: expect.stringContaining('no broker answered within 1000 ms (failed to resolve broker)') as string,
    });
  });

  it('gives up at once when access is denied', async () => {
    const { client, connect } = setUp();
    client.answer = () => {
      client.emit('event.error', new Error('authentication failure'));
    };
    await expect(connect()).rejects.toMatchObject({ code: 'BROKER_ACCESS_DENIED' });
  });
});

it.each([
  ['Invalid value "s3cret" for configuration property "compression.codec"', 'compression.codec', 'librdkafka'],
  ['ssl.key.pem failed: s3cret', 'ssl.key.pem', 'connection'],
  ['error reading s3cret', 'made from the options', 'librdkafka'],
])('threat 37: names the setting of %j and not its value', (text, name, path) => {
  const error = configurationError(new Error(text));
  expect(error).toMatchObject({ code: 'INVALID_OPTIONS', problems: [{ path }] });
  expect(error.message).toContain(name);
  expect(error.message).not.toContain('s3cret');
});

it("makes the client's log lines events of the table, each of the level that its severity asks for", () => {
  const log = vi.fn();
  const write = logTo({ clock: new ManualClock(), telemetry: { log } });
  for (const severity of [3, 4, 5]) write({ severity, fac: 'FAIL', message: `severity ${severity}` });
  expect(log.mock.calls).toEqual([
    ['clientError', { facility: 'FAIL', detail: 'severity 3' }],
    ['clientWarning', { facility: 'FAIL', detail: 'severity 4' }],
    ['clientNote', { facility: 'FAIL', detail: 'severity 5' }],
  ]);
});
