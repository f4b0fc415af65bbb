import { Writable } from 'node:stream';
import { pino } from 'pino';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Logger } from '../../../src/core/logger.js';
import { LOG_EVENTS, type LogEventName } from '../../../src/telemetry/log-catalog.js';
import { HandClock, makeTelemetry } from './otel-sdk.js';

const place = { topic: 'orders', partition: 3, offset: 42, tenant: 'acme' };

function pinoLines(): { logger: Logger; lines: () => Record<string, unknown>[] } {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done): void {
      text += chunk.toString();
      done();
    },
  });
  const lines = (): Record<string, unknown>[] =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { logger: pino({ level: 'debug', base: null, timestamp: false }, stream), lines };
}

describe('Telemetry.log', () => {
  it('writes through a real pino: the facts as fields, the message constant', () => {
    const { logger, lines } = pinoLines();
    const telemetry = makeTelemetry({}, new HandClock(), logger);
    telemetry.log('assigned', { partitions: 12 });
    telemetry.log('handlerFailed', { ...place, code: 'HANDLER_TIMEOUT', error: undefined, attempt: 2 });
    telemetry.log('quarantined', { ...place, tenant: '_violation', code: 'TENANT_MISMATCH' });
    expect(lines()).toEqual([
      { level: 30, event: 'assigned', partitions: 12, msg: 'partitions assigned' },
      { level: 40, event: 'handlerFailed', ...place, code: 'HANDLER_TIMEOUT', attempt: 2, msg: 'handler failed' },
      {
        level: 50,
        event: 'quarantined',
        ...place,
        tenant: '_violation',
        code: 'TENANT_MISMATCH',
        msg: 'record quarantined',
      },
    ]);
  });

  it('goes on where the logger throws', () => {
    const broken = (): never => {
      throw new Error('disk full');
    };
    const telemetry = makeTelemetry({}, new HandClock(), { debug: broken, info: broken, warn: broken, error: broken });
    expect(() => {
      telemetry.log('assigned', { partitions: 1 });
    }).not.toThrow();
  });

  it('takes the fields of the table and no others, and no objects', () => {
    const telemetry = makeTelemetry();
    // @ts-expect-error -- not a field of this event
    telemetry.log('assigned', { partitions: 1, payload: 'x' });
    // @ts-expect-error -- a field is missing
    telemetry.log('revoked', { partitions: 1 });
    // @ts-expect-error -- an object may hold anything
    telemetry.log('assigned', { partitions: { data: 'x' } });
    expectTypeOf<'somethingElse'>().not.toExtend<LogEventName>();
  });

  it('has no two events with one message, and no field that pino takes for its own', () => {
    const events = Object.entries(LOG_EVENTS) as [LogEventName, (typeof LOG_EVENTS)[LogEventName]][];
    expect(new Set(events.map(([, { message }]) => message)).size).toBe(events.length);
    for (const [name, { fields }] of events) {
      expect(
        fields.filter((field) => ['event', 'level', 'msg', 'time', 'err', 'pid'].includes(field)),
        name,
      ).toEqual([]);
    }
  });
});
